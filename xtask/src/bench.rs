//! `cargo xtask bench`: what tcplull costs on this machine, written to docs/performance.md.

use std::{
    env, fs, io,
    path::PathBuf,
    process::{Command, ExitCode},
};

use crate::{error::Error, progress, setup, vm, workspace};

/// The page that a whole run writes, below the workspace.
const PAGE: &str = "docs/performance.md";

/// Which rows, and how.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only these rows of the page; the figures of the others stay
    rows: Vec<String>,
    /// Fewer repetitions and smaller numbers, to see that everything works; printed, and written only where --page says
    #[arg(long)]
    quick: bool,
    /// The page to write, with the figures beside it as JSON [default: docs/performance.md]
    #[arg(long, value_name = "FILE")]
    page: Option<PathBuf>,
    /// Instructions a round trip, as JSON, in place of counting them in a virtual machine
    #[arg(long, value_name = "FILE")]
    instructions: Option<PathBuf>,
    /// Print the names of the rows and measure none
    #[arg(long, conflicts_with_all = ["rows", "quick", "page", "instructions"])]
    list: bool,
}

/// Sets up, builds everything as it is released, and becomes the bench.
pub fn run(args: &Args) -> Result<ExitCode, Error> {
    setup::toolchain()?;
    if args.list {
        let (_, bench) = workspace::build_tcplull_and_bench()?;
        return workspace::become_command(Command::new(bench.path).arg("list"));
    }
    setup::bench_programs()?;
    let counted = if args.counts() { count() } else { None };
    let (tcplull, bench) = workspace::build_tcplull_and_bench()?;
    let mut command = Command::new(bench.path);
    command
        .arg("run")
        .args(&args.rows)
        .arg("--tcplull")
        .arg(tcplull.path)
        .arg("--command")
        .arg(typed())
        .env("PATH", setup::search_path());
    if args.quick {
        command.arg("--quick");
    }
    let standard = (!args.quick).then(|| workspace::root().join(PAGE));
    if let Some(page) = args.page.clone().or(standard) {
        command.arg("--page").arg(page);
    }
    if let Some(instructions) = args.instructions.as_ref().or(counted.as_ref()) {
        command.arg("--instructions").arg(instructions);
    }
    workspace::become_command(&mut command)
}

/// The row whose figures come out of a virtual machine.
const COUNTED: &str = "round-trip";

impl Args {
    /// Whether instructions are to be counted: in a quick run there is no time for it.
    fn counts(&self) -> bool {
        let wanted = self.rows.is_empty() || self.rows.iter().any(|row| row == COUNTED);
        wanted && !self.quick && self.instructions.is_none()
    }
}

/// Counts them; answers the file. Where that fails, the other rows need not wait for it.
fn count() -> Option<PathBuf> {
    let counted = vm::instructions().and_then(|added| {
        let path = workspace::target_dir()?.join("instructions.json");
        serde_json::to_vec_pretty(&added)
            .map_err(io::Error::from)
            .and_then(|json| fs::write(&path, json))
            .map_err(|source| Error::io("write", &path, source))?;
        Ok(path)
    });
    counted
        .inspect_err(|error| progress::note(&format!("no instructions are counted: {error}")))
        .ok()
}

/// The command as it was typed, for the page.
fn typed() -> String {
    let arguments = env::args().skip(1).collect::<Vec<_>>().join(" ");
    format!("cargo xtask {arguments}")
}
