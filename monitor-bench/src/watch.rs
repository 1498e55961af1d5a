//! The ways of watching, each of which is measured.

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
