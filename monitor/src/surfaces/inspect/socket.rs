//! Claiming the inspection socket's place in the file system.

use super::error::InspectError;
use super::lock;
use crate::config::SocketGroup;
use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, Backlog, SockFlag, SockType, UnixAddr, bind, connect, listen, socket,
};
use nix::sys::stat::{Mode, fchmod};
use nix::unistd::{Gid, Group};
use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::{
    DirBuilderExt, FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt, chown,
};
use std::path::{Path, PathBuf};

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

/// A group's number.
fn id(SocketGroup(name): &SocketGroup) -> Result<Gid, InspectError> {
    if let Ok(number) = name.parse() {
        return Ok(Gid::from_raw(number));
    }
    match Group::from_name(name) {
        Ok(Some(group)) => Ok(group.gid),
        found => Err(InspectError::Group {
            name: name.clone(),
            source: found.err(),
        }),
    }
}

impl SocketFile {
    /// Lets the members of a group in as well (mode 0660). Nobody else had a way in before.
    pub(super) fn open_to(&self, group: &SocketGroup) -> Result<(), InspectError> {
        let failed = |source: io::Error| InspectError::other(&self.path, source);
        let id = id(group)?;
        // This very file, whatever its name leads to by now.
        let file = fs::OpenOptions::new()
            .read(true)
            .custom_flags(libc::O_PATH | libc::O_NOFOLLOW)
            .open(&self.path)
            .map_err(failed)?;
        let found = file.metadata().map_err(failed)?;
        if (found.dev(), found.ino()) != (self.device, self.inode) {
            return Err(InspectError::AlreadyRunning {
                path: self.path.clone(),
            });
        }
        let place = format!("/proc/self/fd/{}", file.as_raw_fd());
        chown(&place, None, Some(id.as_raw())).map_err(failed)?;
        fs::set_permissions(&place, Permissions::from_mode(0o660)).map_err(failed)
    }
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
    let _lock = lock::take(path)?;
    let address = UnixAddr::new(path).map_err(refused)?;
    make_way(path, &address)?;
    let listener = new_socket().map_err(refused)?;
    // Before it has a name: the file is made with these rights, and nobody puts another one in its place meanwhile.
    fchmod(&listener, Mode::S_IRUSR | Mode::S_IWUSR).map_err(refused)?;
    bind(listener.as_raw_fd(), &address).map_err(refused)?;
    let made = fs::symlink_metadata(path).map_err(failed)?;
    let file = SocketFile {
        path: path.to_owned(),
        device: made.dev(),
        inode: made.ino(),
    };
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
