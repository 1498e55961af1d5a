//! The two ways to watch connections.

use crate::error::Refusal;
use serde::Serialize;

/// How connections are watched. Both ways tell the same facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum WatchMode {
    /// A program runs on every send and every received segment of the host.
    Global,
    /// The sweep picks out sockets that have been silent for a while, and only their
    /// traffic runs a program (Linux 6.12 and later).
    PerSocket,
}

impl WatchMode {
    /// As the command line has it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Global => "global",
            Self::PerSocket => "per-socket",
        }
    }
}

/// How connections are watched on this kernel, found by trying.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WatchStatus {
    /// The way in use.
    pub mode: WatchMode,
    /// Why not socket by socket, where that was tried and does not work.
    pub refused: Option<Refusal>,
}
