//! Where the map of watched sockets is pinned, so that what a killed daemon has left is known.

use super::directory::{Directory, PRIVATE};
use nix::errno::Errno;
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// Where the BPF file system is by custom.
const BPFFS: &str = "/sys/fs/bpf";

/// Name of the pin. Its number is that of the layout of [`monitor_common::WatchedSocket`].
const NAME: &str = "marks_v1";

/// A place for the pin of one daemon, which its inspection socket tells from others.
/// Both go when this is dropped.
#[derive(Debug)]
pub(crate) struct Pin {
    /// Its directory.
    home: PathBuf,
    /// Whether the directory is a mount of our own.
    mounted: bool,
    /// Whether callbacks may be left on sockets, which the pin alone knows: then it stays.
    pub(crate) left_behind: bool,
}

impl Drop for Pin {
    fn drop(&mut self) {
        if !self.left_behind
            && let Err(error) = self.remove()
        {
            tracing::debug!("{} stays: {error}", self.home.display());
        }
    }
}

impl Pin {
    /// Makes a place for the daemon with this inspection socket. Only one daemon can
    /// have that socket, so nobody else uses the place.
    pub(crate) fn prepare(socket: &Path) -> io::Result<Self> {
        let own = own_mount(socket);
        let refused = |error: io::Error| {
            io::Error::new(error.kind(), format!("{}: {error}", own.path.display()))
        };
        if let Some(pin) = own.taken_over()? {
            return Ok(pin);
        }
        // Where others have made a directory of that name before, there is the mount of our own.
        if let Ok(pin) = in_bpffs(socket, Directory::make) {
            return Ok(pin);
        }
        own.mount().map_err(refused)?;
        Ok(Self {
            left_behind: false,
            home: own.path,
            mounted: true,
        })
    }

    /// The place of the daemon with this socket, if one has left its pin there.
    pub(crate) fn left_behind(socket: &Path) -> Option<Self> {
        let own = own_mount(socket);
        let mounted = own.open().ok().filter(Directory::is_bpffs);
        let found = match mounted {
            Some(home) => Self {
                left_behind: home.has(Path::new(NAME)).unwrap_or(false),
                home: own.path,
                mounted: true,
            },
            None => in_bpffs(socket, Directory::within).ok()?,
        };
        found.left_behind.then_some(found)
    }

    /// Where the map is pinned.
    pub(crate) fn path(&self) -> PathBuf {
        self.home.join(NAME)
    }

    /// Takes the pin away, and the place for it.
    fn remove(&self) -> io::Result<()> {
        match fs::remove_file(self.path()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        if self.mounted {
            match umount2(&self.home, MntFlags::UMOUNT_NOFOLLOW) {
                // Somebody has unmounted it before.
                Ok(()) | Err(Errno::EINVAL) => {}
                Err(error) => return Err(error.into()),
            }
        }
        fs::remove_dir(&self.home)
    }
}

/// The place of a mount of our own, beside the socket.
struct OwnMount {
    path: PathBuf,
}

fn own_mount(socket: &Path) -> OwnMount {
    let mut name = socket.as_os_str().to_owned();
    name.push(".bpf");
    OwnMount { path: name.into() }
}

impl OwnMount {
    /// The directory that it is in, and its name there.
    fn parent(&self) -> (&Path, &Path) {
        let parent = self.path.parent();
        let parent = parent.filter(|parent| !parent.as_os_str().is_empty());
        let name = self.path.file_name().map_or(Path::new(""), Path::new);
        (parent.unwrap_or(Path::new(".")), name)
    }

    /// What is there, if others cannot put something else in its place.
    fn open(&self) -> io::Result<Directory> {
        let (parent, name) = self.parent();
        let parent = Directory::open(parent)?;
        parent.holds()?;
        parent.within(name)
    }

    /// The mount of a daemon that was killed; `None` where there is none, or one in which others have put what
    /// is in our way: it goes, and with it nothing of ours.
    fn taken_over(&self) -> io::Result<Option<Pin>> {
        let Some(home) = self.open().ok().filter(Directory::is_bpffs) else {
            return Ok(None);
        };
        home.close_to_others()?;
        match home.has(Path::new(NAME)) {
            Ok(left_behind) => Ok(Some(Pin {
                left_behind,
                home: self.path.clone(),
                mounted: true,
            })),
            Err(_) => {
                drop(home);
                umount2(&self.path, MntFlags::UMOUNT_NOFOLLOW | MntFlags::MNT_DETACH)?;
                Ok(None)
            }
        }
    }

    /// Mounts a BPF file system for this user alone on the very directory that was looked at.
    fn mount(&self) -> io::Result<()> {
        let (parent, name) = self.parent();
        DirBuilder::new()
            .recursive(true)
            .mode(0o755)
            .create(parent)?;
        let parent = Directory::open(parent)?;
        parent.holds()?;
        let place = parent.make(name)?;
        let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
        let mode = Some(format!("mode={:04o}", PRIVATE.bits()));
        let mounted = mount(
            Some("tcplull"),
            &place.path(),
            Some("bpf"),
            flags,
            mode.as_deref(),
        );
        mounted.map_err(|errno| {
            // Empty it goes; if not, it was there before.
            let _ = fs::remove_dir(&self.path);
            errno.into()
        })
    }
}

/// A place in the BPF file system that is there by custom, in a directory that is found by `find`.
fn in_bpffs(
    socket: &Path,
    find: impl FnOnce(&Directory, &Path) -> io::Result<Directory>,
) -> io::Result<Pin> {
    let root = Directory::open(Path::new(BPFFS))?;
    if !root.is_bpffs() {
        return Err(io::ErrorKind::NotFound.into());
    }
    root.holds()?;
    let name = directory_name(socket);
    let home = find(&root, Path::new(&name))?;
    home.close_to_others()?;
    Ok(Pin {
        left_behind: home.has(Path::new(NAME))?,
        home: Path::new(BPFFS).join(name),
        mounted: false,
    })
}

/// A name for the directory of a socket's daemon. The BPF file system keeps names with
/// dots for itself (`bpf_lookup` in kernel/bpf/inode.c).
fn directory_name(socket: &Path) -> String {
    let path = socket.to_string_lossy();
    let plain = path.trim_start_matches('/').replace(['/', '.'], "_");
    format!("tcplull_{plain}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_socket_has_a_place_of_its_own_without_dots() {
        let name = directory_name(Path::new("/run/tcplull/tcplull.sock"));
        assert_eq!(name, "tcplull_run_tcplull_tcplull_sock");
        assert_eq!(
            own_mount(Path::new("/run/tcplull/tcplull.sock")).path,
            Path::new("/run/tcplull/tcplull.sock.bpf")
        );
    }

    #[test]
    fn where_no_daemon_was_nothing_is_left_behind() {
        let directory = tempfile::tempdir().unwrap();
        assert!(Pin::left_behind(&directory.path().join("a.sock")).is_none());
    }
}
