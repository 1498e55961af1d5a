//! `cargo xtask demo`: the newcomer's minute.

use crate::command::become_it;
use crate::error::Error;
use crate::{setup, workspace};
use std::process::{Command, ExitCode};

/// How it is shown.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Also in a browser: says where the page is, which stays open at the end until Ctrl-C
    #[arg(long)]
    page: bool,
}

/// Sets up, builds, and becomes the lab's demo.
pub fn run(args: &Args) -> Result<ExitCode, Error> {
    setup::toolchain()?;
    setup::lab_programs()?;
    let [tcplull, lab] = workspace::build_tcplull_and_lab()?;
    become_it(
        Command::new(lab)
            .arg("demo")
            .arg("--tcplull")
            .arg(tcplull)
            .args(args.page.then_some("--page"))
            .env("PATH", setup::search_path()),
    )
}
