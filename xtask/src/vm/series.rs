//! The kernels that are tested, and how each is expected to fare.

use super::variant::{BEST, BOTH_FENTRY, GLOBAL, PER_SOCKET, RECEIVE_FENTRY, Variant};
use crate::architecture::{AARCH64, Architecture, X86_64};
use crate::error::Error;

/// A series of kernels of one machine, of which the newest point release is taken.
#[derive(Debug)]
pub struct Series {
    /// Its name, as the command takes it.
    pub name: &'static str,
    /// The machine.
    pub architecture: &'static Architecture,
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
    /// Its name with that of its machine, but for the one that is meant without a word.
    pub fn title(&self) -> String {
        match *self.architecture == X86_64 {
            true => self.name.to_owned(),
            false => format!("{} {}", self.architecture.name, self.name),
        }
    }

    /// Whether tcplull must refuse this kernel.
    pub fn is_too_old(&self) -> bool {
        self.variants.is_empty()
    }
}

const fn series(name: &'static str, suite: &'static str, variants: &'static [Variant]) -> Series {
    Series {
        name,
        architecture: &X86_64,
        suite,
        variants,
        jobs: JOBS,
    }
}

/// Every series of x86-64, oldest first.
pub const ALL: &[Series] = &[
    series("5.10", "bullseye", &[]),
    Series {
        // Its verifier takes ten times as long for the same programs as those of the others: once must do, and every
        // daemon keeps the processor busy for that long.
        jobs: 2,
        ..series("6.1", "bookworm", &[BEST, GLOBAL])
    },
    series("6.12", "bookworm", &[BEST, PER_SOCKET, RECEIVE_FENTRY]),
    series("6.18", "trixie-backports", &[BEST, BOTH_FENTRY]),
    series("7.3", "trixie-backports", &[BEST, PER_SOCKET, GLOBAL]),
];

/// Those of aarch64.
const ON_AARCH64: &[Series] = &[
    on_aarch64(series("6.1", "bookworm", &[BEST])),
    on_aarch64(series("7.3", "trixie-backports", &[BEST])),
];

const fn on_aarch64(series: Series) -> Series {
    Series {
        architecture: &AARCH64,
        ..series
    }
}

/// Every series of a machine, oldest first.
pub fn of(architecture: &Architecture) -> &'static [Series] {
    match *architecture == AARCH64 {
        true => ON_AARCH64,
        false => ALL,
    }
}

/// The series of a machine that have the names of these.
pub fn on(
    architecture: &'static Architecture,
    named: &[&Series],
) -> Result<Vec<&'static Series>, Error> {
    let all = of(architecture);
    let find = |wanted: &&Series| {
        let found = all.iter().find(|series| series.name == wanted.name);
        found.ok_or_else(|| Error::NoSeries {
            name: wanted.name,
            architecture: architecture.name,
            there: names(all),
        })
    };
    named.iter().map(find).collect()
}

fn names(all: &[Series]) -> String {
    let names: Vec<&str> = all.iter().map(|series| series.name).collect();
    names.join(", ")
}

/// The oldest and the newest that are supported: what CI boots.
pub const IN_CI: [&str; 2] = ["6.1", "7.3"];

/// The series of x86-64 called `name`.
pub fn named(name: &str) -> Result<&'static Series, String> {
    ALL.iter()
        .find(|series| series.name == name)
        .ok_or_else(|| format!("there are: {}", names(ALL)))
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
    fn a_series_that_a_machine_lacks_is_answered_with_those_that_it_has() {
        let found = on(&AARCH64, &[named("6.1").unwrap()]).unwrap();
        assert_eq!(found[0].title(), "aarch64 6.1");
        let error = on(&AARCH64, &[named("5.10").unwrap()]).unwrap_err();
        assert!(error.to_string().contains("there are: 6.1, 7.3"), "{error}");
    }

    #[test]
    fn ci_boots_kernels_that_are_supported() {
        for name in IN_CI {
            assert!(!named(name).unwrap().is_too_old());
        }
    }
}
