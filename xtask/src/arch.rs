//! The machines that static programs are built for.

use crate::error::Error;
use crate::{command, setup, workspace};
use clap::ValueEnum;
use std::path::Path;
use std::process::Command;

/// A kind of machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Arch {
    /// What most servers are.
    #[value(name = "x86_64")]
    X86,
    /// 64-bit ARM, such as Graviton, Ampere and Raspberry Pi.
    #[value(name = "aarch64")]
    Arm,
}

impl Arch {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::X86, Self::Arm];

    /// The one of this machine, if it is among them.
    pub fn host() -> Option<Self> {
        let own = std::env::consts::ARCH;
        Self::ALL.into_iter().find(|arch| arch.name() == own)
    }

    /// As the kernel, Rust and RPM name it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::X86 => "x86_64",
            Self::Arm => "aarch64",
        }
    }

    /// As Debian names it.
    pub const fn debian(self) -> &'static str {
        match self {
            Self::X86 => "amd64",
            Self::Arm => "arm64",
        }
    }

    /// Rust's target.
    pub const fn target(self) -> &'static str {
        match self {
            Self::X86 => "x86_64-unknown-linux-gnu",
            Self::Arm => "aarch64-unknown-linux-gnu",
        }
    }

    /// What Debian's cross compiler for it begins with.
    pub const fn tools(self) -> &'static str {
        match self {
            Self::X86 => "x86_64-linux-gnu",
            Self::Arm => "aarch64-linux-gnu",
        }
    }

    /// Lets `cargo`, a `cargo build`, build static programs for it: a target and a C compiler where that is not this
    /// machine's, and flags by which they are the same wherever workspace and crates lie.
    pub fn build_static(self, cargo: &mut Command) -> Result<(), Error> {
        let target = self.target();
        cargo
            .args(["--target", target])
            .env("CARGO_ENCODED_RUSTFLAGS", flags());
        if Some(self) == Self::host() {
            return Ok(());
        }
        let compiler = setup::cross(self)?;
        let variable = target.replace('-', "_");
        cargo
            .env(
                format!("CARGO_TARGET_{}_LINKER", variable.to_uppercase()),
                &compiler,
            )
            .env(format!("CC_{variable}"), &compiler)
            .env("PATH", setup::search_path());
        Ok(())
    }
}

/// For rustc, in cargo's own encoding, one separator between two. A build for a named target keeps them from build
/// scripts.
fn flags() -> String {
    let mut flags = vec![
        "-Ctarget-feature=+crt-static".to_owned(),
        "-Cstrip=symbols".to_owned(),
        remap(&workspace::root(), "/tcplull"),
    ];
    flags.extend(setup::cargo_home().map(|home| remap(&home, "/cargo")));
    flags.join("\u{1f}")
}

fn remap(place: &Path, name: &str) -> String {
    format!("--remap-path-prefix={}={name}", place.display())
}

/// Whether rustc has the standard library of a target.
pub fn has_std(target: &str) -> bool {
    let mut rustc = Command::new("rustc");
    rustc.args(["--print", "target-libdir", "--target", target]);
    command::output(&mut rustc).is_ok_and(|output| {
        let folder = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        output.status.success() && Path::new(&folder).is_dir()
    })
}
