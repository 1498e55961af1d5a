//! `cargo xtask bench`: what tcplull costs on this machine, written to docs/performance.md.

use crate::command::become_it;
use crate::error::Error;
use crate::{files, progress, setup, vm, workspace};
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::{env, io};

/// The page that a whole run writes, below the workspace.
const PAGE: &str = "docs/performance.md";

/// Which benchmarks, and how.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only these benchmarks of the page, the figures of the others stay [default: all but the soak]
    benchmarks: Vec<String>,
    /// Fewer repetitions and smaller numbers, to see that everything works; printed, and written only where --page says
    #[arg(long)]
    quick: bool,
    /// The page to write, with the figures beside it as JSON [default: docs/performance.md]
    #[arg(long, value_name = "FILE")]
    page: Option<PathBuf>,
    /// Instructions a round trip, as JSON, in place of counting them in a virtual machine
    #[arg(long, value_name = "FILE")]
    instructions: Option<PathBuf>,
    /// Print the names of the benchmarks and measure none
    #[arg(long, conflicts_with_all = ["benchmarks", "quick", "page", "instructions"])]
    list: bool,
}

/// Sets up, builds everything as packages hold it, and becomes the bench.
pub fn run(args: &Args) -> Result<ExitCode, Error> {
    setup::toolchain()?;
    let programs = workspace::build_static_with_bench()?;
    let [tcplull, _, bench] = &programs;
    if args.list {
        return become_it(Command::new(bench).arg("list"));
    }
    setup::lab_programs()?;
    let counted = if args.counts() {
        count(&programs)
    } else {
        None
    };
    let mut command = Command::new(bench);
    command
        .arg("run")
        .args(&args.benchmarks)
        .arg("--tcplull")
        .arg(tcplull)
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
    become_it(&mut command)
}

/// The benchmark whose figures come out of a virtual machine.
const COUNTED: &str = "round-trip";

impl Args {
    /// Whether instructions are to be counted: in a quick run there is no time for it.
    fn counts(&self) -> bool {
        let wanted =
            self.benchmarks.is_empty() || self.benchmarks.iter().any(|name| name == COUNTED);
        wanted && !self.quick && self.instructions.is_none()
    }
}

/// Counts them into a file, and returns its path. Where that fails, the other benchmarks need not wait for it.
fn count(programs: &[PathBuf; 3]) -> Option<PathBuf> {
    let counted = vm::instructions(programs).and_then(|added| {
        let path = workspace::target_dir()?.join("instructions.json");
        let json = serde_json::to_vec_pretty(&added).map_err(io::Error::from);
        files::write(&path, files::with_path("write", &path, json)?)?;
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
