//! Format and lints.

use std::path::PathBuf;

use super::results::Results;
use crate::{error::Error, progress, workspace};

const KERNEL_SIDE: &str = "monitor-ebpf";

/// Runs all checks; each that fails is one failure.
pub fn run(results: &mut Results) -> Result<(), Error> {
    check(&["fmt", "--all", "--check"], None, results)?;
    check(
        &[
            "clippy",
            "--workspace",
            "--exclude",
            KERNEL_SIDE,
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ],
        None,
        results,
    )?;
    check(
        &["clippy", "--package", KERNEL_SIDE, "--", "-D", "warnings"],
        Some(kernel_side_target_dir()?),
        results,
    )
}

/// The kernel side is linted for the host's target, where the toolchain in use has a linter and `core`. Nothing is
/// linked there, but it has no unwinding, which is a matter of the whole build: hence a target folder of its own.
fn check(args: &[&str], kernel_side: Option<PathBuf>, results: &mut Results) -> Result<(), Error> {
    let name = format!("cargo {}", args.join(" "));
    progress::step(&name);
    let mut command = workspace::cargo();
    command.args(args);
    if let Some(target_dir) = kernel_side {
        command
            .env("CARGO_TARGET_DIR", target_dir)
            .env("CARGO_PROFILE_DEV_PANIC", "abort");
    }
    if !workspace::status(&mut command)?.success() {
        results.fail(name);
    }
    Ok(())
}

fn kernel_side_target_dir() -> Result<PathBuf, Error> {
    Ok(workspace::target_dir()?.join("ebpf-lint"))
}
