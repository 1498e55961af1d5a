//! The ways to watch connections.

use crate::error::Refusal;
use serde::Serialize;

/// How connections are watched. All tell the same kinds of facts; docs/limits.md says which of them each one misses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum WatchMode {
    /// A program runs on every send and every received segment of the host.
    Global,
    /// The sweep picks out sockets that have been silent for a while, and only their
    /// traffic runs a program (Linux 6.12 and later).
    PerSocket,
    /// The sweep keeps a snapshot of each silent socket, and what came since is told by the next revisit, a
    /// retransmission, a reset or a change of state. No program runs for healthy traffic.
    Snapshots,
}

impl WatchMode {
    /// As the command line has it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Global => "global",
            Self::PerSocket => "per-socket",
            Self::Snapshots => "snapshots",
        }
    }
}

/// How connections are watched on this kernel, found by trying.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WatchStatus {
    /// The way in use.
    pub mode: WatchMode,
    /// What was tried before it, and why it does not work.
    pub refused: Vec<Refusal>,
}
