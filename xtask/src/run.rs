//! `cargo xtask run`: the daemon, from a fresh clone.

use crate::command::become_it;
use crate::error::Error;
use crate::{setup, workspace};
use std::ffi::OsString;
use std::process::{Command, ExitCode};

/// What is handed on to the daemon.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Let the kernel side log what it decides, and the daemon print it: for debugging
    #[arg(long)]
    kernel_log: bool,
    /// Arguments of `tcplull run`, after `--`
    #[arg(last = true)]
    args: Vec<OsString>,
}

/// Sets up, builds, and becomes `tcplull run`.
pub fn run(args: &Args) -> Result<ExitCode, Error> {
    setup::toolchain()?;
    let features: &[&str] = match args.kernel_log {
        true => &["--features", "kernel-log"],
        false => &[],
    };
    let tcplull = workspace::build_tcplull(features)?;
    become_it(Command::new(tcplull).arg("run").args(&args.args))
}
