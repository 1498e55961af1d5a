//! Claiming the inspection socket's place in the file system.

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use nix::sys::socket::{
    AddressFamily, Backlog, SockFlag, SockType, UnixAddr, bind, connect, listen, socket,
};
use std::fs::{self, DirBuilder, File, Permissions};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, PermissionsExt};
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
    /// Anything else.
    #[error("cannot make the inspection socket {}: {source}; give another place with --socket", path.display())]
    Other {
        /// The socket that was asked for.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// A daemon's place in the file system, until this is dropped. No other daemon can take it.
#[derive(Debug)]
pub struct Place {
    pub(super) listener: OwnedFd,
    // After the listener: while it listens, the place is ours.
    pub(super) file: SocketFile,
}

/// A socket file of this process; it goes when this is dropped.
#[derive(Debug)]
pub(super) struct SocketFile {
    path: PathBuf,
    device: u64,
    inode: u64,
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        // Another daemon may have taken the place after somebody removed ours.
        let ours = fs::symlink_metadata(&self.path)
            .is_ok_and(|found| (found.dev(), found.ino()) == (self.device, self.inode));
        if ours {
            // It cannot be helped here, and the next daemon replaces it.
            let _ = fs::remove_file(&self.path);
        }
    }
}

impl InspectError {
    pub(super) fn other(path: &Path, source: impl Into<io::Error>) -> Self {
        Self::Other {
            path: path.to_owned(),
            source: source.into(),
        }
    }
}

/// Takes the place of a daemon: listens on `path`, for this user only. Makes its directory,
/// and replaces a socket that nobody answers on. Nobody is answered yet.
///
/// # Errors
///
/// [`InspectError::AlreadyRunning`] where a daemon runs, and whatever else is in the way.
pub fn take_place(path: &Path) -> Result<Place, InspectError> {
    let failed = |source: io::Error| InspectError::other(path, source);
    let refused = |errno: Errno| InspectError::other(path, errno);
    let directory = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    DirBuilder::new()
        .recursive(true)
        .mode(0o755)
        .create(directory)
        .map_err(failed)?;
    // Two daemons that start at once must not replace each other's fresh socket.
    let opened = File::open(directory).map_err(failed)?;
    let _lock =
        Flock::lock(opened, FlockArg::LockExclusive).map_err(|(_, errno)| refused(errno))?;
    let address = UnixAddr::new(path).map_err(refused)?;
    make_way(path, &address)?;
    let listener = new_socket().map_err(refused)?;
    bind(listener.as_raw_fd(), &address).map_err(refused)?;
    let made = fs::symlink_metadata(path).map_err(failed)?;
    let file = SocketFile {
        path: path.to_owned(),
        device: made.dev(),
        inode: made.ino(),
    };
    // Before it listens nobody can connect, so there is no moment with wider rights.
    fs::set_permissions(path, Permissions::from_mode(0o600)).map_err(failed)?;
    listen(&listener, Backlog::MAXCONN).map_err(refused)?;
    Ok(Place { listener, file })
}

fn new_socket() -> nix::Result<OwnedFd> {
    socket(
        AddressFamily::Unix,
        SockType::Stream,
        SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK,
        None,
    )
}

/// Removes a socket that nobody answers on, and nothing else.
fn make_way(path: &Path, address: &UnixAddr) -> Result<(), InspectError> {
    let refused = |errno: Errno| InspectError::other(path, errno);
    let found = match fs::symlink_metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(InspectError::other(path, error)),
    };
    if !found.file_type().is_socket() {
        return Err(InspectError::NotASocket {
            path: path.to_owned(),
        });
    }
    let probe = new_socket().map_err(refused)?;
    match connect(probe.as_raw_fd(), address) {
        // EAGAIN: somebody listens, and has no time just now.
        Ok(()) | Err(Errno::EAGAIN) => Err(InspectError::AlreadyRunning {
            path: path.to_owned(),
        }),
        Err(Errno::ECONNREFUSED) => {
            fs::remove_file(path).map_err(|error| InspectError::other(path, error))
        }
        Err(errno) => Err(refused(errno)),
    }
}
