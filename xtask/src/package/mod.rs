//! `cargo xtask package`: what is installed. For x86-64 a tarball, a Debian package, an RPM, a list of what the
//! binary is made of, and the checksums of all of them. Two builds of the same sources write the same bytes.

mod about;
mod ask;
mod checks;
mod contents;
mod deb;
mod epoch;
mod graph;
mod notices;
mod packing;
mod rpm;
mod sbom;
mod sums;
mod tarball;

use crate::error::Error;
use crate::results::Results;
use crate::{files, progress, setup, workspace};
pub use checks::{is_named_by, test};
use epoch::Epoch;
use packing::write;
use std::path::Path;
use std::process::ExitCode;
use sums::checksums;

/// What is to be written.
#[derive(Debug, clap::Args)]
pub struct Args {
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
    let tcplull = workspace::build_static_tcplull()?;
    write(&tcplull, epoch, &folder)?;
    for file in checksums(&folder)? {
        println!("{}", file.display());
    }
    match args.try_them {
        true => tried(&tcplull),
        false => Ok(ExitCode::SUCCESS),
    }
}

fn tried(tcplull: &Path) -> Result<ExitCode, Error> {
    let mut results = Results::default();
    checks::all(tcplull, &mut results)?;
    for name in results.failed_names.iter().chain(&results.skipped_names) {
        progress::note(name);
    }
    println!("{results}");
    Ok(u8::from(!results.are_good(false)).into())
}
