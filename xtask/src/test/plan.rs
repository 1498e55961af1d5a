//! What a run of the tests does, and how long it takes, said before it begins.

use super::Extent;
use crate::progress;

/// One part, with the time it takes on two cores that have nothing else to do, everything built.
const PARTS: [(&str, &str, &[Extent]); 10] = [
    (
        "format and lints",
        "20 s",
        &[Extent::Quick, Extent::Usual, Extent::Slow],
    ),
    (
        "the tests that need no root, and three scenarios of the laboratory",
        "70 s",
        &[Extent::Quick],
    ),
    (
        "every test, those of the running daemon with them",
        "8 min",
        &[Extent::Usual, Extent::Slow],
    ),
    (
        "licences and sources of all dependencies, and a fuzzer on all that reads bytes from outside",
        "2 min",
        &[Extent::Usual, Extent::Slow],
    ),
    (
        "every scenario of the laboratory, in the three ways of watching, and what the programs cost the verifier",
        "4 min",
        &[Extent::Usual, Extent::Slow],
    ),
    (
        "real applications: servers and clients from Debian and PyPI, three of the laboratory's",
        "3 min",
        &[Extent::Usual, Extent::Slow],
    ),
    (
        "the core scenarios on the oldest and the newest kernel, in virtual machines",
        "7 min",
        &[Extent::Usual],
    ),
    (
        "ten pages at once, each from the daemon through Prometheus and Alertmanager to whoever is woken",
        "6 min",
        &[Extent::Slow],
    ),
    (
        "packages: written twice, installed, upgraded and purged in a root folder of Debian's and with its systemd; the image run; for aarch64 the same verdicts",
        "9 min, and two more the first time",
        &[Extent::Slow],
    ),
    (
        "the core scenarios on every supported kernel of x86-64 and aarch64, in virtual machines, and whether each benchmark works",
        "40 min",
        &[Extent::Slow],
    ),
];

/// Says it.
pub fn say(extent: Extent) {
    let total = match extent {
        Extent::Quick => "under two minutes",
        Extent::Usual => "twenty-five minutes",
        Extent::Slow => "an hour and more",
    };
    progress::step(&format!(
        "testing: {total} once everything is built, which takes some minutes more the first time"
    ));
    for (what, takes, extents) in PARTS {
        if extents.contains(&extent) {
            progress::note(&format!("{what}: {takes}"));
        }
    }
    progress::note(match extent {
        Extent::Quick => {
            "the rest: cargo xtask test, as CI does; all there is: cargo xtask test --slow"
        }
        Extent::Usual => {
            "before each commit: cargo xtask test --quick; all there is: cargo xtask test --slow"
        }
        Extent::Slow => "before each commit: cargo xtask test --quick",
    });
}
