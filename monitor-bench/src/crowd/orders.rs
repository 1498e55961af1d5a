//! What is said between the bench and a process of the crowd.

use serde::{Deserialize, Serialize};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

/// Descriptors of one process at most. Some kernels refuse to raise the limit further.
pub const DESCRIPTORS: u32 = 20_000;

/// What a process of the crowd is to hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Orders {
    /// The file of the network namespace to live in; where it was started if `None`.
    pub namespace: Option<PathBuf>,
    /// What to hold.
    pub hold: Hold,
}

/// Things that a process can hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Hold {
    /// So many connections over loopback, both ends, at an address of its own.
    Pairs {
        /// A loopback address.
        address: Ipv4Addr,
        /// How many.
        pairs: u32,
    },
    /// So many new network namespaces with so many connections each.
    Namespaces {
        /// How many.
        namespaces: u32,
        /// Connections in each, both ends.
        pairs: u32,
    },
    /// So many new network namespaces with so many silent connections each, through a gateway, one end here. There is
    /// nobody at the other end, and no segment ever leaves.
    Silent {
        /// How many.
        namespaces: u32,
        /// Connections in each.
        connections: u32,
    },
    /// So many open files that are no sockets.
    Files {
        /// How many.
        files: u32,
    },
    /// So many connections to a server.
    Clients {
        /// Where it listens.
        to: SocketAddr,
        /// How many.
        clients: u32,
    },
    /// So many connections of clients that never get an answer.
    Servers {
        /// Where to listen.
        at: SocketAddr,
        /// How many.
        servers: u32,
    },
}

/// What a process says when it is there.
pub const LISTENING: &str = "listening";
/// What it says when it holds all.
pub const READY: &str = "ready";
/// What it says when an order is carried out.
pub const DONE: &str = "done";
/// The order to send a byte on each connection; so many a second follow, 0 for as fast as it can.
pub const SEND: &str = "send";
