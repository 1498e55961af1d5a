//! What building for a machine takes that is not this one.

use super::programs;
use crate::architecture::Architecture;
use crate::error::Error;
use crate::{command, progress, workspace};
use std::path::Path;
use std::process::Command;

/// Sees to it that there are Rust's standard library, a C compiler with its library, and an emulator for programs of
/// `architecture`. Nothing is needed for this machine's own.
pub fn ensure(architecture: &Architecture) -> Result<(), Error> {
    if architecture.is_own() {
        return Ok(());
    }
    standard_library(architecture.target)?;
    programs::ensure_cross(architecture)
}

fn standard_library(target: &'static str) -> Result<(), Error> {
    if has_library(target)? {
        return Ok(());
    }
    let add = ["target", "add", target];
    progress::step(&format!("rustup {}", add.join(" ")));
    let mut rustup = Command::new("rustup");
    rustup.args(add).current_dir(workspace::root());
    // Where there is no rustup, or it has no network, the error says what is wanted.
    match command::succeeds(&mut rustup) && has_library(target)? {
        true => Ok(()),
        false => Err(Error::NoTarget(target)),
    }
}

/// Whether the compiler that cargo calls here has its library for `target`.
fn has_library(target: &str) -> Result<bool, Error> {
    let mut rustc = Command::new("rustc");
    rustc
        .args(["--print", "target-libdir", "--target", target])
        .current_dir(workspace::root());
    let output = command::output(&mut rustc)?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    Ok(output.status.success() && Path::new(text.trim()).is_dir())
}
