//! What can go wrong between looking for a toolchain and holding the built object.

use std::path::PathBuf;
use std::process::ExitStatus;
use std::{fmt, io};

/// Why the eBPF toolchain could not be found or used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No compiler and linker that fit together were found.
    #[error("the eBPF toolchain is missing: run `cargo xtask setup` ({})", listed(.0))]
    Missing(
        /// Every candidate that was looked at, in order, with the reason it cannot serve.
        Vec<Rejected>,
    ),
    /// The compiler was found but could not be started.
    #[error("cannot start {}: {source}; check that it may be executed", program.display())]
    Start {
        /// The program that was to be started.
        program: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The compiler ran and did not build the package; its own messages went to stderr.
    #[error(
        "building {package} for {target} failed ({status}); the compiler's messages stand above"
    )]
    Build {
        /// The package that was built.
        package: String,
        /// The target triple it was built for.
        target: String,
        /// How cargo ended.
        status: ExitStatus,
    },
    /// The compiler reported success, yet the object is not where it belongs.
    #[error(
        "{} was not built: check the package's [[bin]] sections",
        object.display()
    )]
    NoObject {
        /// Where the object was looked for.
        object: PathBuf,
    },
}

/// A compiler or linker that was looked at and cannot serve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// What was looked at, as a person would name it ("rustup nightly", a path).
    pub candidate: String,
    /// Why it cannot serve.
    pub reason: String,
}

impl Rejected {
    pub(crate) fn new(candidate: impl fmt::Display, reason: impl fmt::Display) -> Self {
        Self {
            candidate: candidate.to_string(),
            reason: reason.to_string(),
        }
    }
}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.candidate, self.reason)
    }
}

/// All of them in one line, each with its reason.
pub fn listed(rejected: &[Rejected]) -> String {
    let each: Vec<String> = rejected.iter().map(Rejected::to_string).collect();
    each.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_toolchain_is_told_in_one_line_with_the_remedy_first() {
        let error = Error::Missing(vec![
            Rejected::new("rustup nightly", "has no rust-src"),
            Rejected::new("/usr/bin/rustc", "not installed"),
        ]);
        assert_eq!(
            error.to_string(),
            "the eBPF toolchain is missing: run `cargo xtask setup` \
             (rustup nightly: has no rust-src; /usr/bin/rustc: not installed)"
        );
    }
}
