//! Where the map of watched sockets is pinned, so that what a killed daemon has left is known.

use nix::errno::Errno;
use nix::mount::{MsFlags, mount, umount};
use nix::sys::statfs::{FsType, statfs};
use std::path::{Path, PathBuf};
use std::{fs, io};

/// Where the BPF file system is by custom.
const BPFFS: &str = "/sys/fs/bpf";

/// `BPF_FS_MAGIC` (include/uapi/linux/magic.h).
const BPF_FS_MAGIC: FsType = FsType(0xcafe_4a11);

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
        let (home, mounted) = if is_bpffs(&own) {
            (own, true)
        } else if is_bpffs(Path::new(BPFFS)) {
            (Path::new(BPFFS).join(directory_name(socket)), false)
        } else {
            fs::create_dir_all(&own)?;
            let none: Option<&str> = None;
            mount(Some("tcplull"), &own, Some("bpf"), MsFlags::empty(), none)
                .inspect_err(|_| drop(fs::remove_dir(&own)))?;
            (own, true)
        };
        if !mounted {
            fs::create_dir_all(&home)?;
        }
        let pin = Self {
            left_behind: home.join(NAME).exists(),
            home,
            mounted,
        };
        Ok(pin)
    }

    /// The place of the daemon with this socket, if one has left its pin there.
    pub(crate) fn left_behind(socket: &Path) -> Option<Self> {
        let own = own_mount(socket);
        let mounted = is_bpffs(&own);
        let home = if mounted {
            own
        } else {
            Path::new(BPFFS).join(directory_name(socket))
        };
        home.join(NAME).exists().then_some(Self {
            home,
            mounted,
            left_behind: true,
        })
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
            match umount(&self.home) {
                // Somebody has unmounted it before.
                Ok(()) | Err(Errno::EINVAL) => {}
                Err(error) => return Err(error.into()),
            }
        }
        fs::remove_dir(&self.home)
    }
}

/// A mount of our own, beside the socket.
fn own_mount(socket: &Path) -> PathBuf {
    let mut name = socket.as_os_str().to_owned();
    name.push(".bpf");
    PathBuf::from(name)
}

/// A name for the directory of a socket's daemon. The BPF file system keeps names with
/// dots for itself (`bpf_lookup` in kernel/bpf/inode.c).
fn directory_name(socket: &Path) -> String {
    let path = socket.to_string_lossy();
    let plain = path.trim_start_matches('/').replace(['/', '.'], "_");
    format!("tcplull_{plain}")
}

fn is_bpffs(path: &Path) -> bool {
    statfs(path).is_ok_and(|found| found.filesystem_type() == BPF_FS_MAGIC)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_socket_has_a_place_of_its_own_without_dots() {
        let name = directory_name(Path::new("/run/tcplull/tcplull.sock"));
        assert_eq!(name, "tcplull_run_tcplull_tcplull_sock");
        assert_eq!(
            own_mount(Path::new("/run/tcplull/tcplull.sock")),
            Path::new("/run/tcplull/tcplull.sock.bpf")
        );
    }

    #[test]
    fn where_no_daemon_was_nothing_is_left_behind() {
        let directory = tempfile::tempdir().unwrap();
        assert!(Pin::left_behind(&directory.path().join("a.sock")).is_none());
    }
}
