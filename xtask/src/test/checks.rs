//! Format and lints.

use crate::error::Error;
use crate::results::Results;
use crate::{command, progress, workspace};
use std::path::Path;

const FORMAT: &str = "fmt --all --check";
const LINTS: &str = "clippy --workspace --exclude monitor-ebpf --all-targets -- -D warnings";
const KERNEL_SIDE: &str = "clippy --package monitor-ebpf -- -D warnings";

/// Runs all checks; each that fails is one failure.
pub fn run(results: &mut Results) -> Result<(), Error> {
    let kernel_side = workspace::target_dir()?.join("ebpf-lint");
    check(FORMAT, None, results)?;
    check(LINTS, None, results)?;
    check(KERNEL_SIDE, Some(&kernel_side), results)
}

/// The kernel side is linted for the host's target, where the toolchain in use has a linter and `core`. Nothing is
/// linked there, but it has no unwinding, which is a matter of the whole build: hence a target folder of its own.
fn check(args: &str, kernel_side: Option<&Path>, results: &mut Results) -> Result<(), Error> {
    let name = format!("cargo {args}");
    progress::step(&name);
    let mut command = workspace::cargo();
    command.args(args.split(' '));
    if let Some(target_dir) = kernel_side {
        command
            .env("CARGO_TARGET_DIR", target_dir)
            .env("CARGO_PROFILE_DEV_PANIC", "abort");
    }
    if !command::status(&mut command)?.success() {
        results.fail(name);
    }
    Ok(())
}
