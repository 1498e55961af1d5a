//! What an application states of itself.

use super::stage::Stage;
use super::staging::{Disturbance, Staging};
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
    /// Whether it leaves connections silent for longer than the stated timeout.
    pub idles: bool,
    /// Starts the servers and the clients, which then live until the end.
    pub start: fn(&mut Stage<'_>) -> Result<(), LabError>,
    /// Where it lives.
    pub stagings: &'static [Staging],
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
    stagings: &Staging::ALL,
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
