//! Subcommands of cargo that are built where they are missing, into the user's cache.

use crate::error::Error;
use crate::{command, progress, workspace};
use ebpf_toolchain::cache_dir;
use std::process::Command;

/// A subcommand of cargo, and how it is built where there is none.
#[derive(Debug)]
pub struct CargoTool {
    name: &'static str,
    package: &'static str,
    version: &'static str,
    /// Further arguments of `cargo install`.
    arguments: &'static [&'static str],
}

/// Looks at the licences, sources and advisories of dependencies.
pub const DENY: CargoTool = CargoTool {
    name: "deny",
    package: "cargo-deny",
    version: "0.20.2",
    arguments: &[],
};

/// Builds tests for a fuzzer, and runs them. Of its engines only the one that comes with it.
pub const BOLERO: CargoTool = CargoTool {
    name: "bolero",
    package: "cargo-bolero",
    version: "0.13.5",
    arguments: &["--no-default-features", "--features", "libfuzzer"],
};

impl CargoTool {
    /// A call of it in the workspace.
    pub fn call(&self) -> Command {
        let mut command = workspace::cargo();
        command.arg(self.name).env("PATH", super::search_path());
        command
    }

    /// Sees to it that there is one: on the search path, or in the user's cache.
    pub fn ensure(&self) -> Result<(), Error> {
        if command::succeeds(self.call().arg("--version")) {
            return Ok(());
        }
        let (package, version) = (self.package, self.version);
        progress::step(&format!(
            "building {package} {version} (once, a few minutes)"
        ));
        let cache = cache_dir().ok_or(Error::NoComponent(self.name, package))?;
        let mut install = workspace::cargo();
        install
            // By force: one that is there and does not work, or that nobody wrote down, is replaced.
            .args([
                "install",
                package,
                "--version",
                version,
                "--locked",
                "--force",
            ])
            .args(self.arguments)
            // Where promtool is kept, too.
            .arg("--root")
            .arg(cache)
            .env_remove("CARGO_TARGET_DIR");
        let status = command::status(&mut install)?;
        if status.success() {
            return Ok(());
        }
        Err(Error::failed(format!("cargo install {package}"), status))
    }
}
