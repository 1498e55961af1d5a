//! Why there is no inspection socket.

use nix::errno::Errno;
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
    /// The group that is to be let in is not there.
    #[error("there is no group {name} on this host{}: make it (groupadd --system {name}), or give another one with --socket-group", because(*source))]
    Group {
        /// The group that was asked for.
        name: String,
        /// What the system said, if it could not tell.
        source: Option<Errno>,
    },
    /// Nothing can be made there.
    #[error(
        "cannot make the inspection socket {}: its file system is read-only; in a container mount a volume there (emptyDir in \
         Kubernetes, --tmpfs {folder}), or give another place with --socket", path.display(), folder = folder(path).display()
    )]
    ReadOnly {
        /// The socket that was asked for.
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

fn because(source: Option<Errno>) -> String {
    source.map_or_else(String::new, |errno| {
        format!(", as far as it tells ({errno})")
    })
}

fn folder(path: &Path) -> &Path {
    path.parent().unwrap_or(path)
}

impl InspectError {
    pub(super) fn other(path: &Path, source: impl Into<io::Error>) -> Self {
        let (path, source) = (path.to_owned(), source.into());
        match source.kind() {
            io::ErrorKind::ReadOnlyFilesystem => Self::ReadOnly { path },
            _ => Self::Other { path, source },
        }
    }
}
