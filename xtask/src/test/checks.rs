//! Format and lints.

use crate::error::Error;
use crate::files::with_path;
use crate::results::Results;
use crate::{command, progress, workspace};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const LINTS: &str = "clippy --workspace --exclude monitor-ebpf --all-targets -- -D warnings";
const KERNEL_SIDE: &str = "clippy --package monitor-ebpf -- -D warnings";

/// Runs all checks; each that fails is one failure.
pub fn run(results: &mut Results) -> Result<(), Error> {
    let kernel_side = workspace::target_dir()?.join("ebpf-lint");
    format(results)?;
    check(LINTS, None, results)?;
    check(KERNEL_SIDE, Some(&kernel_side), results)
}

/// Every file, also those whose `mod` stands in a list: cargo's own way to the files does not see through a macro.
fn format(results: &mut Results) -> Result<(), Error> {
    let name = "rustfmt --check";
    progress::step(name);
    let mut sources = Vec::new();
    rust_files(&workspace::root(), &mut sources)?;
    let mut command = Command::new("rustfmt");
    command.arg("--check").args(sources);
    if !command::status(&mut command)?.success() {
        results.fail(name.to_owned());
    }
    Ok(())
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) -> Result<(), Error> {
    for entry in with_path("read", folder, fs::read_dir(folder))? {
        let path = with_path("read", folder, entry)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() && name != "target" && !name.starts_with('.') {
            rust_files(&path, found)?;
        } else if name.ends_with(".rs") {
            found.push(path);
        }
    }
    Ok(())
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
