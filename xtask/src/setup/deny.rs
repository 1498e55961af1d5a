//! cargo-deny, which looks at the licences, sources and advisories of dependencies.

use crate::error::Error;
use crate::{command, progress, workspace};
use ebpf_toolchain::cache_dir;
use std::process::Command;

/// What is built where there is none.
const VERSION: &str = "0.20.2";

/// A call of cargo-deny in the workspace.
pub fn cargo_deny() -> Command {
    let mut command = workspace::cargo();
    command.arg("deny").env("PATH", super::search_path());
    command
}

/// Sees to it that there is a cargo-deny: on the search path, or in the user's cache.
pub fn ensure() -> Result<(), Error> {
    if command::succeeds(cargo_deny().arg("--version")) {
        return Ok(());
    }
    progress::step(&format!(
        "building cargo-deny {VERSION} (once, a few minutes)"
    ));
    let cache = cache_dir().ok_or(Error::NoComponent("deny", "cargo-deny"))?;
    let mut install = workspace::cargo();
    install
        .args(["install", "cargo-deny", "--version", VERSION, "--locked"])
        // Where promtool is kept, too.
        .arg("--root")
        .arg(cache)
        .env_remove("CARGO_TARGET_DIR");
    let status = command::status(&mut install)?;
    if status.success() {
        return Ok(());
    }
    Err(Error::failed("cargo install cargo-deny", status))
}
