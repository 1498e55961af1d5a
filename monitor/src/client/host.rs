//! Which daemon is asked.

use std::fmt;
use std::path::PathBuf;

/// Which daemon is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Host {
    /// The one with this inspection socket.
    Socket(PathBuf),
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Socket(path) => write!(f, "{}", path.display()),
        }
    }
}
