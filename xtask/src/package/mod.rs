//! `cargo xtask package`: what is installed. For each machine a tarball, a Debian package, an RPM, a container image, a list
//! of what the binary is made of, and the checksums of all of them. Two builds of the same sources write the same bytes.

mod about;
mod checks;
mod contents;
mod deb;
mod epoch;
mod graph;
mod image;
mod notices;
mod packing;
mod program;
mod rpm;
mod sbom;
mod sums;
mod tarball;

use crate::architecture::{self, Architecture};
use crate::error::Error;
use crate::results::Results;
use crate::{files, progress, setup, workspace};
pub use checks::{is_named_by, test};
use epoch::Epoch;
use packing::write;
use program::Program;
use std::process::ExitCode;
use sums::checksums;

/// What is to be written.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// For this machine alone, x86_64 or aarch64, and not for both
    #[arg(long, value_name = "ARCH", value_parser = architecture::named)]
    arch: Option<&'static Architecture>,
    /// Then try them: installed, upgraded and removed in a root folder below target
    #[arg(long = "try")]
    try_them: bool,
}

/// Builds, and writes all into `target/packages`.
pub fn run(args: &Args) -> Result<ExitCode, Error> {
    setup::toolchain()?;
    let epoch = Epoch::find()?;
    let folder = workspace::target_dir()?.join("packages");
    if folder.is_dir() {
        // What an older version had is not to be published with these.
        files::remove_folder(&folder)?;
    }
    files::create_folder(&folder)?;
    let wanted = match args.arch {
        Some(one) => vec![one],
        None => architecture::ALL.to_vec(),
    };
    let mut programs = Vec::new();
    for architecture in wanted {
        let file = workspace::build_static_tcplull(architecture)?;
        let program = Program { file, architecture };
        write(&program, epoch, &folder)?;
        programs.push(program);
    }
    for file in checksums(&folder)? {
        println!("{}", file.display());
    }
    match args.try_them {
        true => tried(programs),
        false => Ok(ExitCode::SUCCESS),
    }
}

fn tried(programs: Vec<Program>) -> Result<ExitCode, Error> {
    let mut results = Results::default();
    checks::all(programs, &mut results)?;
    for name in results.failed_names.iter().chain(&results.skipped_names) {
        progress::note(name);
    }
    println!("{results}");
    Ok(u8::from(!results.are_good(false)).into())
}
