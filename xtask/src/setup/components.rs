//! The formatter and the linter of the toolchain that runs this.

use crate::error::Error;
use crate::{command, progress, workspace};
use std::process::{Command, Stdio};

const COMPONENTS: [(&str, &str); 2] = [("fmt", "rustfmt"), ("clippy", "clippy")];

/// Sees to it that `cargo fmt` and `cargo clippy` work.
pub fn ensure() -> Result<(), Error> {
    for (subcommand, component) in COMPONENTS {
        if works(subcommand) {
            continue;
        }
        progress::step(&format!("adding {component} to the Rust toolchain"));
        // With rustup, RUSTUP_TOOLCHAIN names the toolchain that runs this program, so the component goes there. A
        // failure shows in the next line.
        let _ = Command::new("rustup")
            .args(["component", "add", component])
            .stdin(Stdio::null())
            .status();
        if !works(subcommand) {
            return Err(Error::NoComponent(subcommand, component));
        }
    }
    Ok(())
}

fn works(subcommand: &str) -> bool {
    command::succeeds(workspace::cargo().args([subcommand, "--version"]))
}
