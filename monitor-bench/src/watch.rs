//! The ways of watching, each of which is measured.

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Watch {
    /// By programs on the send and receive paths of all sockets.
    Global,
    /// By callbacks of the sockets that a sweep has chosen.
    PerSocket,
}

impl Watch {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Global, Self::PerSocket];

    /// What `tcplull run --watch` calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Global => "global",
            Self::PerSocket => "per-socket",
        }
    }

    /// Whether a sweep must have seen a silence for its end to be told.
    pub fn needs_sweep(self) -> bool {
        self == Self::PerSocket
    }
}
