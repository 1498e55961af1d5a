//! `cargo xtask run`: the daemon, from a fresh clone.

use std::{
    ffi::OsString,
    process::{Command, ExitCode},
};

use crate::{error::Error, setup, workspace};

/// What is handed on to the daemon.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Arguments of `tcplull run`, after `--`
    #[arg(last = true)]
    args: Vec<OsString>,
}

/// Sets up, builds, and becomes `tcplull run`.
pub fn run(args: &Args) -> Result<ExitCode, Error> {
    setup::toolchain()?;
    let tcplull = workspace::build_tcplull()?;
    workspace::become_command(Command::new(tcplull.path).arg("run").args(&args.args))
}
