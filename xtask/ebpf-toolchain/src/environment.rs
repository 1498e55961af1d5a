//! Commands that start from a clean slate: a build script inherits what cargo told it about *its* build.

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

// Cargo settings that belong to the user's machine, not to the build under way.
const KEPT_CARGO_VARIABLES: [&str; 6] = [
    "CARGO_HOME",
    "CARGO_HTTP_",
    "CARGO_MAKEFLAGS",
    "CARGO_NET_",
    "CARGO_REGISTR",
    "CARGO_TERM_",
];

// Set by cargo for build scripts, or by a user (or clippy) for the host's compiler.
const CLEARED_VARIABLES: [&str; 7] = [
    "RUSTC",
    "RUSTC_LINKER",
    "RUSTC_WRAPPER",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTDOC",
    "RUSTFLAGS",
    "RUSTUP_TOOLCHAIN",
];

/// A command for another compiler: nothing in its environment speaks of the build that this process is part of.
pub(crate) fn clean_command(program: &Path) -> Command {
    let mut command = Command::new(program);
    for (name, _) in env::vars_os() {
        if is_of_this_build(&name) {
            command.env_remove(name);
        }
    }
    // Looking for a toolchain must never download one.
    command.env("RUSTUP_AUTO_INSTALL", "0");
    command
}

fn is_of_this_build(name: &OsStr) -> bool {
    let Some(name) = name.to_str() else {
        return false;
    };
    let of_cargo = name == "CARGO" || name.starts_with("CARGO_");
    let kept = KEPT_CARGO_VARIABLES
        .iter()
        .any(|prefix| name.starts_with(prefix));
    (of_cargo && !kept) || CLEARED_VARIABLES.contains(&name)
}

/// What the command prints on stdout; `None` when it cannot be started or fails.
pub(crate) fn output_of(command: &mut Command) -> Option<String> {
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Every file of this name in the folders of `PATH` and in cargo's own folder for programs, in that order.
pub(crate) fn programs_named(name: &str) -> Vec<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let files = env::split_paths(&path)
        .chain(cargo_home().map(|home| home.join("bin")))
        .map(|folder| folder.join(name))
        .filter(|file| file.is_absolute() && file.is_file());
    let mut found = Vec::new();
    for file in files {
        if !found.contains(&file) {
            found.push(file);
        }
    }
    found
}

/// Where cargo keeps the crates of this user, if anywhere.
pub fn cargo_home() -> Option<PathBuf> {
    set_path("CARGO_HOME").or_else(|| Some(set_path("HOME")?.join(".cargo")))
}

/// The path that a user's override holds, as it stands; `None` where it is unset or empty.
pub(crate) fn named_by(variable: &str) -> Option<PathBuf> {
    let value = env::var_os(variable)?;
    (!value.is_empty()).then(|| value.into())
}

/// The absolute path that an environment variable holds; `None` where it is unset, empty or relative.
pub(crate) fn set_path(variable: &str) -> Option<PathBuf> {
    absolute(env::var_os(variable)?)
}

fn absolute(value: OsString) -> Option<PathBuf> {
    let path = PathBuf::from(value);
    path.is_absolute().then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cargo_says_of_the_running_build_is_cleared() {
        for name in [
            "CARGO",
            "CARGO_PKG_NAME",
            "CARGO_CFG_TARGET_ARCH",
            "CARGO_ENCODED_RUSTFLAGS",
            "CARGO_TARGET_DIR",
            "CARGO_BUILD_TARGET",
            "RUSTC_WORKSPACE_WRAPPER",
            "RUSTUP_TOOLCHAIN",
        ] {
            assert!(is_of_this_build(OsStr::new(name)), "{name}");
        }
    }

    #[test]
    fn what_the_user_says_of_the_machine_stays() {
        for name in [
            "CARGO_HOME",
            "CARGO_HTTP_PROXY",
            "CARGO_NET_OFFLINE",
            "CARGO_REGISTRIES_CRATES_IO_PROTOCOL",
            "CARGO_MAKEFLAGS",
            "PATH",
            "RUSTUP_HOME",
        ] {
            assert!(!is_of_this_build(OsStr::new(name)), "{name}");
        }
    }

    #[test]
    fn a_relative_folder_in_a_variable_is_as_good_as_none() {
        assert_eq!(absolute("cache".into()), None);
        assert_eq!(absolute("".into()), None);
        assert_eq!(absolute("/var/cache".into()), Some("/var/cache".into()));
    }
}
