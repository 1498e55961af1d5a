//! Why a probe cannot run.

use super::target::TargetError;
use crate::outgoing::TlsError;
use monitor_model::format::printable;
use std::io;
use std::net::SocketAddr;

/// Why a probe cannot run, or not to its end.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// The name stands for no host.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// Nobody knows the name.
    #[error("{target}: its address is not known: {}", printable(reason))]
    Name {
        /// The target.
        target: String,
        /// What the resolver says.
        reason: String,
    },
    /// No TLS.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The target does not answer as it should.
    #[error("{target} at {address}: {}", printable(reason))]
    NoAnswer {
        /// The target.
        target: String,
        /// Its address.
        address: SocketAddr,
        /// What it did.
        reason: String,
    },
    /// What was seen is no timeout.
    #[error("{}", printable(.0))]
    NoTimeout(String),
    /// The other side cannot listen.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The kernel does not do what it should.
    #[error("{what}: {source}")]
    Io {
        /// What.
        what: &'static str,
        /// Why.
        source: io::Error,
    },
}
