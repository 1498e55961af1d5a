//! The applications on the hosts: real processes, so that `tcplull` finds real
//! owners, each holding one TCP connection and doing as it is told.
//!
//! The bench runs its own binary again for each ([`process`]) and holds it by
//! a [`handle`]; they exchange one JSON object a line.

pub mod handle;
pub mod process;

use serde::{Deserialize, Serialize};
use std::net::SocketAddr;

/// One end of the story's connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum End {
    /// The end that opened it.
    Client,
    /// The end that accepted it.
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
}

/// What an application is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// Send this text.
    Send(String),
    /// Turn keepalive on.
    Keepalive {
        /// Seconds of silence before the first probe.
        idle: u32,
        /// Seconds between probes.
        interval: u32,
    },
    /// Close the connection as a program does that is done with it.
    Close,
}

/// What an application reports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Report {
    /// It accepts connections.
    Listening,
    /// It has its connection.
    Connected {
        /// Its own address and port.
        local: SocketAddr,
        /// The other's, as seen from here.
        remote: SocketAddr,
    },
    /// This text arrived.
    Received(String),
    /// The other end closed in peace.
    PeerClosed,
    /// The last order was carried out.
    Done,
    /// The last order could not be carried out, and why.
    Refused(String),
    /// The connection broke; the kernel's word for it.
    Broken(String),
}
