//! The ways of watching, each of which is measured.

use std::path::Path;
use std::process::{Command, Stdio};

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Watch {
    /// By programs on the send and receive paths of all sockets.
    Global,
    /// By callbacks of the sockets that a sweep has chosen.
    PerSocket,
    /// By snapshots of silent sockets.
    Snapshots,
}

impl Watch {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Global, Self::PerSocket, Self::Snapshots];

    /// Those that this machine's kernel lets `tcplull` choose; the others are named on stderr.
    pub fn possible(tcplull: &Path) -> Vec<Self> {
        let works = |watch: &Self| {
            let mut check = Command::new(tcplull);
            check.args(["check", "--config", "/dev/null", "--watch", watch.name()]);
            check.stdout(Stdio::null()).stderr(Stdio::null());
            let works = check.status().is_ok_and(|status| status.success());
            if !works {
                eprintln!(
                    "--watch {} is not measured: it does not work here (`tcplull check --watch {}` says why)",
                    watch.name(),
                    watch.name()
                );
            }
            works
        };
        Self::ALL.into_iter().filter(works).collect()
    }

    /// Those that are not among these.
    pub fn others(ways: &[Self]) -> Vec<Self> {
        let missing = |way: &Self| !ways.contains(way);
        Self::ALL.into_iter().filter(missing).collect()
    }

    /// What `tcplull run --watch` calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Global => "global",
            Self::PerSocket => "per-socket",
            Self::Snapshots => "snapshots",
        }
    }

    /// Whether a sweep must have seen a silence for its end to be told.
    pub fn needs_sweep(self) -> bool {
        self != Self::Global
    }
}
