//! The two ends of a story's connections, and where these run.

use serde::{Deserialize, Serialize};
use std::net::SocketAddr;

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
    pub fn word(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
        }
    }

    /// The name of the process that holds this end.
    pub fn app(self) -> &'static str {
        match self {
            Self::Client => "client-app",
            Self::Server => "server-app",
        }
    }

    /// The end across.
    pub fn other(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}

/// Where the connections run, seen from each end, in the order in which they were made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Addresses {
    /// The client's own and remote address of each.
    pub client: Vec<(SocketAddr, SocketAddr)>,
    /// The server's own and remote address of each; a NAT stands for the client here.
    pub server: Vec<(SocketAddr, SocketAddr)>,
}

impl Addresses {
    /// The addresses seen from `end`: its own, then the remote, of each connection.
    pub fn of(&self, end: End) -> &[(SocketAddr, SocketAddr)] {
        match end {
            End::Client => &self.client,
            End::Server => &self.server,
        }
    }

    /// The end, and the number of the connection, that runs from `local` to `remote`.
    pub fn find(&self, local: &str, remote: &str) -> Option<(End, usize)> {
        let seen = (local.parse().ok()?, remote.parse().ok()?);
        End::BOTH.into_iter().find_map(|end| {
            let connection = self.of(end).iter().position(|known| *known == seen)?;
            Some((end, connection))
        })
    }
}
