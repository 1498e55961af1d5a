//! Why there is no HTTP server.

use std::io;
use std::net::SocketAddr;
use thiserror::Error;

/// Why the pages cannot be served.
#[derive(Debug, Error)]
pub enum HttpError {
    /// The port is taken.
    #[error(
        "another program listens on {address}: stop it, or give this one --listen with another port"
    )]
    InUse {
        /// The address and port that were asked for.
        address: SocketAddr,
    },
    /// The address is none of this host's.
    #[error("no interface of this host has the address {}: give one that it has with --listen", address.ip())]
    NoSuchAddress {
        /// The address and port that were asked for.
        address: SocketAddr,
    },
    /// The port is kept for privileged programs.
    #[error("this user may not listen on port {}: give a port from 1024 on with --listen", address.port())]
    Privileged {
        /// The address and port that were asked for.
        address: SocketAddr,
    },
    /// Anything else.
    #[error("cannot listen on {address}: {source}; give another address with --listen")]
    Other {
        /// The address and port that were asked for.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
}
