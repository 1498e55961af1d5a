//! Where an application lives, and what goes wrong there.

use serde::Serialize;

/// Where an application lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Staging {
    /// The configuration states a timeout, and there is no box.
    Stated,
    /// No path covers it, and all goes wrong that goes wrong in a day.
    NoPath,
    /// A NAT forgets when the configuration says, and drops what it does not know.
    Box,
}

impl Staging {
    /// All.
    pub const ALL: [Self; 3] = [Self::Stated, Self::NoPath, Self::Box];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Stated => "stated",
            Self::NoPath => "no-path",
            Self::Box => "box",
        }
    }
}

/// What goes wrong where there is no path. None of it may wake anybody, and of tickets only `interrupted` may be true.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Disturbance {
    /// The servers' processes are stopped for 3 s, and go on.
    ServerPaused,
    /// The clients' are.
    ClientsPaused,
    /// Nothing passes between the hosts for so many seconds.
    Outage(u8),
    /// Of all packets 15 % are lost, for 6 s.
    Loss,
    /// The servers are told to end, and started again.
    ServerRestarts,
    /// The servers are killed, and started again.
    ServerKilled,
    /// The clients are killed, and started again.
    ClientsKilled,
}

impl Disturbance {
    /// All, in the order in which they come.
    pub const ALL: [Self; 9] = [
        Self::ServerPaused,
        Self::ClientsPaused,
        Self::Outage(1),
        Self::Outage(3),
        Self::Outage(5),
        Self::Loss,
        Self::ServerRestarts,
        Self::ServerKilled,
        Self::ClientsKilled,
    ];

    /// Whether packets are lost in it: connections may really hang then, and come back.
    pub fn is_of_the_path(self) -> bool {
        matches!(self, Self::Outage(_) | Self::Loss)
    }
}
