//! Why there is no inspection socket.

use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Why there is no inspection socket.
#[derive(Debug, Error)]
pub enum InspectError {
    /// A daemon answers there.
    #[error("another tcplull answers on {}: stop it, or give this one --socket", path.display())]
    AlreadyRunning {
        /// The socket that was asked for.
        path: PathBuf,
    },
    /// Something else lies there.
    #[error("{} exists and is no socket: remove it, or give another place with --socket", path.display())]
    NotASocket {
        /// The socket that was asked for.
        path: PathBuf,
    },
    /// Another process starts or clears up here, and does not get done.
    #[error("{} is held by {holder}, which starts or clears up here: wait for it or end it, or give this one --socket", path.display())]
    Held {
        /// The lock's file.
        path: PathBuf,
        /// Who holds it, as far as the kernel tells.
        holder: String,
    },
    /// The lock could be held by others.
    #[error("{} is no file that only this user can open: remove it, or give this one --socket", path.display())]
    NotOurs {
        /// The lock's file.
        path: PathBuf,
    },
    /// Anything else.
    #[error("cannot make the inspection socket {}: {source}; give another place with --socket", path.display())]
    Other {
        /// The socket that was asked for.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl InspectError {
    pub(super) fn other(path: &Path, source: impl Into<io::Error>) -> Self {
        Self::Other {
            path: path.to_owned(),
            source: source.into(),
        }
    }
}
