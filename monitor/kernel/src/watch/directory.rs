//! Directories in which this user alone can put things. They are opened once, never through a link, and looked at by
//! their descriptor: what is said of one holds for it, whatever others do to its name.

use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, open, openat};
use nix::sys::stat::{FileStat, Mode, SFlag, fstat, fstatat, mkdirat};
use nix::sys::statfs::{FsType, fstatfs};
use nix::unistd::geteuid;
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};

/// `BPF_FS_MAGIC` (include/uapi/linux/magic.h).
const BPF_FS_MAGIC: FsType = FsType(0xcafe_4a11);

/// For this user alone.
pub(super) const PRIVATE: Mode = Mode::S_IRWXU;

/// A directory that is there, whoever may write in it.
#[derive(Debug)]
pub(super) struct Directory(OwnedFd);

impl Directory {
    /// The one at this path, which may lead through links of the administrator's.
    pub(super) fn open(path: &Path) -> nix::Result<Self> {
        open(path, flags(), Mode::empty()).map(Self)
    }

    /// The one of this name in here, if it is of this user and no link.
    pub(super) fn within(&self, name: &Path) -> io::Result<Self> {
        let found = match openat(&self.0, name, flags() | OFlag::O_NOFOLLOW, Mode::empty()) {
            Ok(found) => Self(found),
            // The kernel says so of a link that is not to be followed.
            Err(Errno::ENOTDIR | Errno::ELOOP) => return Err(refused("is no directory")),
            Err(errno) => return Err(errno.into()),
        };
        if is_ours(&fstat(&found.0)?) {
            Ok(found)
        } else {
            Err(refused("belongs to another user"))
        }
    }

    /// The one of this name, made where it is missing.
    pub(super) fn make(&self, name: &Path) -> io::Result<Self> {
        match mkdirat(&self.0, name, PRIVATE) {
            Ok(()) | Err(Errno::EEXIST) => {}
            Err(errno) => return Err(errno.into()),
        }
        self.within(name)
    }

    /// That others can neither take away nor replace what this user has in here: it belongs to this user or to root,
    /// and others may not write in it, or only remove their own.
    pub(super) fn holds(&self) -> io::Result<()> {
        let found = fstat(&self.0)?;
        let mode = Mode::from_bits_truncate(found.st_mode);
        let others =
            mode.intersects(Mode::S_IWGRP | Mode::S_IWOTH) && !mode.contains(Mode::S_ISVTX);
        if others || !(is_ours(&found) || found.st_uid == 0) {
            return Err(refused("lets other users replace what is in it"));
        }
        Ok(())
    }

    /// Whether it is of a BPF file system.
    pub(super) fn is_bpffs(&self) -> bool {
        fstatfs(&self.0).is_ok_and(|found| found.filesystem_type() == BPF_FS_MAGIC)
    }

    /// Whether a file of this name is in here; an error where others have put something there.
    pub(super) fn has(&self, name: &Path) -> io::Result<bool> {
        let found = match fstatat(&self.0, name, AtFlags::AT_SYMLINK_NOFOLLOW) {
            Ok(found) => found,
            Err(Errno::ENOENT) => return Ok(false),
            Err(errno) => return Err(errno.into()),
        };
        let kind = SFlag::from_bits_truncate(found.st_mode & SFlag::S_IFMT.bits());
        if is_ours(&found) && kind == SFlag::S_IFREG {
            Ok(true)
        } else {
            Err(refused("holds what another user has put there"))
        }
    }

    /// Closes it to others. An earlier build left it open.
    pub(super) fn close_to_others(&self) -> io::Result<()> {
        std::fs::set_permissions(
            self.path(),
            std::os::unix::fs::PermissionsExt::from_mode(PRIVATE.bits()),
        )
    }

    /// A path that leads to this very directory while it is open.
    pub(super) fn path(&self) -> PathBuf {
        PathBuf::from(format!("/proc/self/fd/{}", self.0.as_fd().as_raw_fd()))
    }
}

fn flags() -> OFlag {
    OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC
}

fn is_ours(found: &FileStat) -> bool {
    found.st_uid == geteuid().as_raw()
}

fn refused(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn what_others_may_replace_is_refused() {
        let place = tempfile::tempdir().unwrap();
        for (mode, holds) in [
            (0o700, true),
            (0o755, true),
            (0o1777, true),
            (0o777, false),
            (0o770, false),
            (0o702, false),
        ] {
            fs::set_permissions(place.path(), Permissions::from_mode(mode)).unwrap();
            let directory = Directory::open(place.path()).unwrap();
            assert_eq!(directory.holds().is_ok(), holds, "{mode:o}");
        }
    }

    #[test]
    fn no_link_is_followed_and_what_is_made_is_private() {
        let place = tempfile::tempdir().unwrap();
        let directory = Directory::open(place.path()).unwrap();
        let name = Path::new("made");
        directory.make(name).unwrap().close_to_others().unwrap();
        let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
        assert_eq!(mode(place.path().join(name)), 0o700);
        directory.make(name).unwrap();
        symlink(place.path().join(name), place.path().join("link")).unwrap();
        let error = directory.make(Path::new("link")).unwrap_err();
        assert_eq!(error.to_string(), "is no directory");
        let error = directory.has(Path::new("link")).unwrap_err();
        assert!(error.to_string().contains("another user"), "{error}");
        assert!(!directory.has(Path::new("nothing")).unwrap());
        fs::write(place.path().join("file"), "").unwrap();
        assert!(directory.has(Path::new("file")).unwrap());
        assert!(directory.within(Path::new("file")).is_err());
        assert!(!directory.is_bpffs());
    }
}
