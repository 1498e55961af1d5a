//! `cargo xtask demo`: the newcomer's minute.

use crate::command::become_it;
use crate::error::Error;
use crate::{setup, workspace};
use std::process::{Command, ExitCode};

/// Sets up, builds, and becomes the lab's demo.
pub fn run() -> Result<ExitCode, Error> {
    setup::toolchain()?;
    setup::lab_programs()?;
    let [tcplull, lab] = workspace::build_tcplull_and_lab()?;
    become_it(
        Command::new(lab)
            .arg("demo")
            .arg("--tcplull")
            .arg(tcplull)
            .env("PATH", setup::search_path()),
    )
}
