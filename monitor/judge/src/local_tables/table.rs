//! What one of this host's tables of connections says, as the judge is told it.

use serde::{Deserialize, Serialize};
use std::net::SocketAddr;

/// What one of the host's tables says of a connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LocalTable {
    /// Whether it is the host's, and not that of the connection's own network namespace.
    pub host: bool,
    /// Its entry; `None` if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<LocalEntry>,
    /// Whether the connection's packets are known to pass there.
    pub passes: bool,
    /// `nf_conntrack_tcp_timeout_established` there, in s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_s: Option<u32>,
    /// How many entries it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entries: Option<u32>,
    /// How many it may have, at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most: Option<u32>,
}

/// An entry of such a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LocalEntry {
    /// Packets have passed in both directions since it was made.
    pub answered: bool,
    /// It goes after so much silence more, in s.
    pub left_s: u32,
    /// What the connection's own end is translated to; `None` if it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local: Option<SocketAddr>,
    /// What its other end is translated to; `None` if it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote: Option<SocketAddr>,
    /// Whether that other end can be reached from there.
    pub backend: LocalBackend,
}

/// Whether the host knows of a way to what a connection's other end is translated to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LocalBackend {
    /// It cannot tell.
    Unknown,
    /// No route leads there.
    NoRoute,
    /// It would be a neighbour, and does not answer as one.
    NoNeighbour,
    /// It is a neighbour, and answers as one.
    Answers,
}
