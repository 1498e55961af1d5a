//! Which daemon is asked.

use super::inside::Inside;
use crate::config::{Login, ServerUrl, TlsFiles};
use std::fmt;
use std::path::PathBuf;

/// Which daemon is asked.
#[derive(Clone, Debug)]
pub enum Host {
    /// The one with this inspection socket.
    Socket(PathBuf),
    /// The one that serves its API there.
    Server(Box<Server>),
    /// The API in this process.
    Inside(Inside),
}

/// A daemon over TCP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Where it is.
    pub url: ServerUrl,
    /// How its certificate is held against, and which one it is shown.
    pub tls: TlsFiles,
    /// How a command says who asks, if at all.
    pub login: Option<Login>,
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Socket(path) => write!(f, "{}", path.display()),
            Self::Server(server) => write!(f, "{}", server.url),
            Self::Inside(inside) => write!(f, "{inside}"),
        }
    }
}
