//! The applications on the hosts: real processes, so that `tcplull` finds real
//! owners, each holding one TCP connection or many and doing as it is told.
//!
//! The bench runs its own binary again for each ([`process`]) and holds it by
//! a [`handle`]; they exchange one JSON object a line ([`order`]).

mod connection;
mod crowd;
pub mod handle;
mod options;
pub mod order;
pub mod process;
mod reports;

pub use order::{Order, Report, Told};

use serde::{Deserialize, Serialize};

/// One end of the story's connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum End {
    /// The end that opened them.
    Client,
    /// The end that accepted them.
    Server,
}

impl End {
    /// Both ends.
    pub const BOTH: [Self; 2] = [Self::Client, Self::Server];

    /// The word for people and for JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
        }
    }

    /// The name of the process that holds this end.
    #[must_use]
    pub fn app(self) -> &'static str {
        match self {
            Self::Client => "client-app",
            Self::Server => "server-app",
        }
    }

    /// The end across.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}
