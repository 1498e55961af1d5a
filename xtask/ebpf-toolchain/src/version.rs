//! LLVM versions, as rustc and bpf-linker state them.

use std::fmt;

/// The LLVM a compiler or a linker was built with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LlvmVersion {
    /// Bitcode is only sure to be readable within one major version.
    pub major: u32,
    /// Second number of the version.
    pub minor: u32,
}

impl LlvmVersion {
    /// Reads the line `LLVM version: 22.1.8` of `rustc -vV`, or `LLVM version 22.1.8` of LLVM's own tools, with
    /// whatever stands before it. `None` where no line states a version.
    pub fn parse(output: &str) -> Option<Self> {
        output.lines().find_map(|line| {
            let (_, rest) = line.split_once("LLVM version")?;
            let numbers = rest.trim_start_matches(':').trim_start();
            let mut parts = numbers.split('.').map(leading_number);
            Some(Self {
                major: parts.next()??,
                minor: parts.next().flatten().unwrap_or(0),
            })
        })
    }

    /// Whether a linker of this LLVM reads what a compiler of `compiler`'s LLVM writes: the same major, and not an
    /// older minor.
    pub fn reads(self, compiler: Self) -> bool {
        self.major == compiler.major && self.minor >= compiler.minor
    }
}

impl fmt::Display for LlvmVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

// "1git" and "8-rust" occur: digits first, then a suffix without meaning here.
fn leading_number(part: &str) -> Option<u32> {
    let end = part
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(part.len());
    part.get(..end)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LLVM_22_1: LlvmVersion = LlvmVersion {
        major: 22,
        minor: 1,
    };

    #[test]
    fn rustc_states_its_llvm_on_the_last_line() {
        let output = "rustc 1.96.0 (ac68faa20 2026-05-25)\nhost: x86_64-unknown-linux-gnu\n\
                      release: 1.96.0\nLLVM version: 22.1.8\n";
        assert_eq!(LlvmVersion::parse(output), Some(LLVM_22_1));
    }

    #[test]
    fn a_linker_states_it_with_the_vendor_before_it() {
        let output = "Debian LLVM version 22.1.8\n  Optimized build.\n";
        assert_eq!(LlvmVersion::parse(output), Some(LLVM_22_1));
        let output = "LLVM (http://llvm.org/):\n  LLVM version 22.1.0-rust-1.95.0-stable\n";
        assert_eq!(LlvmVersion::parse(output), Some(LLVM_22_1));
    }

    #[test]
    fn development_builds_carry_a_suffix() {
        let version = LlvmVersion::parse("LLVM version 23git");
        assert_eq!(version.map(|v| (v.major, v.minor)), Some((23, 0)));
    }

    #[test]
    fn output_without_a_version_is_no_version() {
        for output in [
            "",
            "bpf-linker 0.13.0",
            "LLVM version",
            "LLVM version: unknown",
        ] {
            assert_eq!(LlvmVersion::parse(output), None, "{output:?}");
        }
    }

    #[test]
    fn a_linker_reads_its_own_major_and_no_newer_minor() {
        let version = |major, minor| LlvmVersion { major, minor };
        assert!(version(22, 1).reads(version(22, 1)));
        assert!(version(22, 2).reads(version(22, 1)));
        assert!(!version(22, 1).reads(version(22, 2)));
        assert!(!version(23, 1).reads(version(22, 1)));
        assert!(!version(21, 1).reads(version(22, 1)));
    }
}
