//! Compilers that can build `core` for the `bpf` target.

use crate::environment::{clean_command, named_by, output_of, programs_named};
use crate::{LlvmVersion, Rejected};
use std::path::{Path, PathBuf};

/// Environment variable that names the `cargo` to build the kernel side with; the `rustc` beside it is used with it.
pub const CARGO_VARIABLE: &str = "TCPLULL_EBPF_CARGO";

const DISTRIBUTION_CARGO: &str = "/usr/bin/cargo";

/// A cargo and rustc of one installation, with the sources of `core`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compiler {
    /// Absolute path of cargo itself (never rustup's proxy).
    pub cargo: PathBuf,
    /// Absolute path of the rustc beside it.
    pub rustc: PathBuf,
    /// Where its libraries and their sources lie.
    pub sysroot: PathBuf,
    /// What rustc calls itself, for people: `rustc 1.96.0 (ac68faa20 2026-05-25)`.
    pub name: String,
    /// The LLVM whose bitcode it writes.
    pub llvm: LlvmVersion,
    /// Whether unstable flags have to be asked for, because this is no nightly.
    pub needs_bootstrap: bool,
}

/// All compilers that can serve, best first, and those that cannot with the reason. Where [`CARGO_VARIABLE`] is set,
/// only that one is looked at.
pub fn compilers() -> (Vec<Compiler>, Vec<Rejected>) {
    let candidates = match named_by(CARGO_VARIABLE) {
        Some(cargo) => vec![Compiler::at(&cargo)],
        None => vec![nightly_compiler(), distribution_compiler()],
    };
    let mut usable = Vec::new();
    let mut rejected = Vec::new();
    for candidate in candidates {
        match candidate {
            Ok(compiler) => usable.push(compiler),
            Err(reason) => rejected.push(reason),
        }
    }
    (usable, rejected)
}

/// rustup's toolchain `nightly`, if it is installed with the component `rust-src`. Never downloads anything.
///
/// # Errors
/// Says what is missing: rustup, the toolchain, or the component.
pub fn nightly_compiler() -> Result<Compiler, Rejected> {
    const CANDIDATE: &str = "rustup nightly";
    let Some(rustup) = programs_named("rustup").into_iter().next() else {
        return Err(Rejected::new(CANDIDATE, "rustup is not installed"));
    };
    let mut which = clean_command(&rustup);
    which.args(["which", "--toolchain", "nightly", "cargo"]);
    let Some(cargo) = output_of(&mut which) else {
        return Err(Rejected::new(CANDIDATE, "the toolchain is not installed"));
    };
    Compiler::at(Path::new(cargo.trim()))
        .map_err(|rejected| Rejected::new(CANDIDATE, rejected.reason))
}

/// The distribution's Rust in `/usr/bin`, if its source package is installed too.
///
/// # Errors
/// Says what is missing: the compiler, or its sources.
pub fn distribution_compiler() -> Result<Compiler, Rejected> {
    Compiler::at(Path::new(DISTRIBUTION_CARGO))
}

impl Compiler {
    /// The compiler whose cargo lies at `cargo`.
    fn at(cargo: &Path) -> Result<Self, Rejected> {
        let rejected = |reason: &str| Rejected::new(cargo.display(), reason);
        if !cargo.is_absolute() {
            return Err(rejected("must be an absolute path"));
        }
        if !cargo.is_file() {
            return Err(rejected("not installed"));
        }
        let rustc = cargo.with_file_name("rustc");
        let Some(version) = output_of(clean_command(&rustc).arg("-vV")) else {
            return Err(rejected("there is no rustc beside it that runs"));
        };
        let Some(llvm) = LlvmVersion::parse(&version) else {
            return Err(rejected("the rustc beside it does not state its LLVM"));
        };
        let Some(sysroot) = output_of(clean_command(&rustc).args(["--print", "sysroot"])) else {
            return Err(rejected("the rustc beside it does not state its sysroot"));
        };
        let sysroot = PathBuf::from(sysroot.trim());
        let library = sysroot.join("lib/rustlib/src/rust/library");
        if !library.join("core/Cargo.toml").is_file() {
            return Err(Rejected::new(
                cargo.display(),
                format_args!("has no rust-src (no {})", library.display()),
            ));
        }
        Ok(Self {
            cargo: cargo.to_path_buf(),
            rustc,
            sysroot,
            name: version.lines().next().unwrap_or("rustc").to_owned(),
            llvm,
            needs_bootstrap: !is_nightly(&version),
        })
    }
}

// "dev" is what a compiler built from its repository calls itself; it takes unstable flags as well.
fn is_nightly(version: &str) -> bool {
    version.lines().any(|line| {
        line.strip_prefix("release:")
            .is_some_and(|release| release.contains("-nightly") || release.contains("-dev"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_nightly_takes_unstable_flags_unasked() {
        assert!(is_nightly(
            "rustc 1.97.0-nightly (e50aa6fba)\nrelease: 1.97.0-nightly\n"
        ));
        assert!(!is_nightly("rustc 1.96.0 (ac68faa20)\nrelease: 1.96.0\n"));
        assert!(!is_nightly("release: 1.96.0-beta.3\n"));
    }

    #[test]
    fn a_compiler_that_is_not_there_is_rejected_by_its_path() {
        let rejected = Compiler::at(Path::new("/nonexistent/bin/cargo"));
        assert_eq!(
            rejected,
            Err(Rejected::new("/nonexistent/bin/cargo", "not installed"))
        );
    }
}
