//! What an application states of itself.

use super::Stage;
use crate::LabError;
use crate::ends::End;
use crate::truth::{Conclusion, Severity};
use serde::Serialize;

/// A server and its clients, with their habits.
#[derive(Clone, Copy, Debug)]
pub struct Application {
    /// Its name, as the command takes it.
    pub name: &'static str,
    /// What lives, in one line.
    pub about: &'static str,
    /// What it is made of.
    pub needs: &'static [Need],
    /// Whether `cargo xtask test` lets it live: a few do, within three minutes.
    pub quick: bool,
    /// Whether it leaves connections silent for longer than [`super::run::TIMEOUT`].
    pub idles: bool,
    /// Starts the servers and the clients, which then live until the end.
    pub start: fn(&mut Stage<'_>) -> Result<(), LabError>,
    /// Disturbances that are not for it.
    pub spared: &'static [Disturbance],
    /// What must be said at least once when a box forgets its silent connections.
    pub truth: &'static [Due],
    /// What may be said there besides, and wake somebody.
    pub allowed: &'static [Due],
}

/// What most applications have in common: each states its name, its needs, its start and its truth.
pub const BASE: Application = Application {
    name: "",
    about: "",
    needs: &[],
    quick: false,
    idles: true,
    start: |_| Ok(()),
    spared: &[],
    truth: &[],
    allowed: &[],
};

/// Where a program comes from. Nothing is installed: it is unpacked under the target folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Programs of a package of Debian's. A star at its end stands for the version that the package without it
    /// depends on: `postgresql-*`.
    Debian {
        /// The package.
        package: &'static str,
        /// Its programs.
        programs: &'static [&'static str],
    },
    /// A package of the Python Package Index, with its version.
    Python(&'static str),
}

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

/// What goes wrong where there is no path. None of it may wake anybody.
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

/// A finding that is due behind a box.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Due {
    /// At which end of the connection.
    pub end: End,
    /// What it concludes.
    pub conclusion: Conclusion,
    /// Whom it wakes, at the least: at a server a ticket may be a page where many fail together.
    pub severity: Severity,
}

impl Due {
    /// This conclusion at the client.
    pub const fn client(conclusion: Conclusion, severity: Severity) -> Self {
        let end = End::Client;
        Self {
            end,
            conclusion,
            severity,
        }
    }

    /// This conclusion at the server.
    pub const fn server(conclusion: Conclusion, severity: Severity) -> Self {
        let end = End::Server;
        Self {
            end,
            conclusion,
            severity,
        }
    }
}
