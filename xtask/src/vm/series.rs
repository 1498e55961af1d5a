//! The kernels that are tested, and how each is expected to fare.

use super::variant::{self, Variant};

/// A series of kernels, of which the newest point release is taken.
#[derive(Debug)]
pub struct Series {
    /// Its name, as the command takes it.
    pub name: &'static str,
    /// The Debian release, or its backports, that has it.
    pub suite: &'static str,
    /// What is tried on it; nothing where tcplull must refuse.
    pub variants: &'static [Variant],
    /// Scenarios at once. They wait more than they work, but for the start of their daemons.
    pub jobs: u8,
}

/// What a processor bears where the verifier is quick.
const JOBS: u8 = 4;

impl Series {
    /// Whether tcplull must refuse this kernel.
    pub fn is_too_old(&self) -> bool {
        self.variants.is_empty()
    }
}

/// Every series, oldest first.
pub const ALL: &[Series] = &[
    Series {
        name: "5.10",
        suite: "bullseye",
        variants: &[],
        jobs: JOBS,
    },
    Series {
        name: "6.1",
        suite: "bookworm",
        // Its verifier takes ten times as long for the same programs as those of the others: once must do.
        variants: &[variant::BEST],
        // And every daemon keeps the processor busy for that long.
        jobs: 2,
    },
    Series {
        name: "6.12",
        suite: "bookworm",
        variants: &[variant::BEST, variant::RECEIVE_FENTRY],
        jobs: JOBS,
    },
    Series {
        name: "6.18",
        suite: "trixie-backports",
        variants: &[variant::BEST, variant::BOTH_FENTRY],
        jobs: JOBS,
    },
    Series {
        name: "7.3",
        suite: "trixie-backports",
        variants: &[variant::BEST, variant::GLOBAL],
        jobs: JOBS,
    },
];

/// The oldest and the newest that are supported: what CI boots.
pub const IN_CI: [&str; 2] = ["6.1", "7.3"];

/// The series called `name`.
pub fn named(name: &str) -> Result<&'static Series, String> {
    let names: Vec<&str> = ALL.iter().map(|series| series.name).collect();
    ALL.iter()
        .find(|series| series.name == name)
        .ok_or_else(|| format!("there are: {}", names.join(", ")))
}

/// The series of a kernel's release, as `uname -r` says it: "6.18.15+deb13-cloud-amd64" is of "6.18".
pub fn of_release(release: &str) -> Option<String> {
    let mut parts = release.split(['.', '-', '+']);
    let (major, minor) = (parts.next()?, parts.next()?);
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|c| c.is_ascii_digit());
    (is_number(major) && is_number(minor)).then(|| format!("{major}.{minor}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_belongs_to_the_series_of_its_first_two_numbers() {
        for (release, series) in [
            ("6.1.0-56-cloud-amd64", "6.1"),
            ("6.18.15+deb13-cloud-amd64", "6.18"),
            ("7.3-rc1", "7.3"),
        ] {
            assert_eq!(of_release(release).as_deref(), Some(series));
        }
        assert_eq!(of_release("unknown"), None);
    }

    #[test]
    fn an_unknown_series_is_answered_with_the_known_ones() {
        let message = named("4.19").unwrap_err();
        assert!(message.contains("5.10, 6.1, 6.12, 6.18, 7.3"), "{message}");
    }

    #[test]
    fn ci_boots_kernels_that_are_supported() {
        for name in IN_CI {
            assert!(!named(name).unwrap().is_too_old());
        }
    }
}
