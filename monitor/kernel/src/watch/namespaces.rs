//! Network namespaces: finding them, and doing something in one.

use nix::sched::{CloneFlags, setns};
use nix::sys::statfs::{FsType, fstatfs, statfs};
use std::collections::HashMap;
use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::{io, thread};

/// Where `ip netns` keeps namespaces that no process need be in.
const NAMED: &str = "/run/netns";

/// What namespaces lie in (`NSFS_MAGIC` in include/uapi/linux/magic.h). A name in [`NAMED`] may be an empty file: what is
/// left of a namespace that is gone, or one that was mounted in another mount namespace only.
const NSFS: FsType = FsType(0x6e73_6673);

/// Inode of this thread's network namespace.
pub(crate) fn own() -> io::Result<u32> {
    inode(Path::new("/proc/thread-self/ns/net"))
}

/// Finds several namespaces, and looks at all processes for that once at the most.
#[derive(Debug)]
pub(crate) struct Finder<Look = fn() -> HashMap<u32, PathBuf>> {
    look: Option<Look>,
    all: HashMap<u32, PathBuf>,
}

impl Default for Finder {
    fn default() -> Self {
        Self::new(all)
    }
}

impl<Look: FnOnce() -> HashMap<u32, PathBuf>> Finder<Look> {
    fn new(look: Look) -> Self {
        Self {
            look: Some(look),
            all: HashMap::new(),
        }
    }

    /// The network namespace with this inode: that of a process which was seen to hold a
    /// socket there, or wherever it is found. `None` where nobody is in it any more.
    pub(crate) fn find(&mut self, netns: u32, pid: u32) -> Option<File> {
        open(&of_process(pid), netns).or_else(|| {
            // Descriptors pass between processes: the holder may be in another one.
            if let Some(look) = self.look.take() {
                self.all = look();
            }
            self.all.get(&netns).and_then(|path| open(path, netns))
        })
    }
}

/// The network namespace with this inode, if this process is in it.
pub(crate) fn of_holder(pid: u32, netns: u32) -> Option<File> {
    open(&of_process(pid), netns)
}

/// The network namespace at this path, and its inode.
pub(crate) fn at(path: &Path) -> Option<(u32, File)> {
    let netns = inode(path).ok()?;
    Some((netns, open(path, netns)?))
}

/// Every network namespace that a process is in or that has a name, by inode, with a path to it.
pub(crate) fn all() -> HashMap<u32, PathBuf> {
    let entries = |directory: &str| fs::read_dir(directory).into_iter().flatten().flatten();
    let processes = entries("/proc")
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
        .map(of_process);
    let named = entries(NAMED)
        .map(|entry| entry.path())
        .filter(|path| is_namespace(path));
    processes
        .chain(named)
        .filter_map(|path| Some((inode(&path).ok()?, path)))
        .collect()
}

/// Does something in another network namespace, on a thread of its own: this one stays
/// where it is, whatever happens.
pub(crate) fn within<T: Send>(
    namespace: &File,
    act: impl FnOnce() -> io::Result<T> + Send,
) -> io::Result<T> {
    thread::scope(|scope| {
        let entered = thread::Builder::new()
            .name("namespace".to_owned())
            .spawn_scoped(scope, || {
                setns(namespace, CloneFlags::CLONE_NEWNET)?;
                act()
            })?;
        entered
            .join()
            .unwrap_or_else(|_| Err(io::Error::other("the thread in the namespace broke off")))
    })
}

fn of_process(pid: u32) -> PathBuf {
    PathBuf::from(format!("/proc/{pid}/ns/net"))
}

/// Opens a namespace, if it is the one with this inode.
pub(super) fn open(path: &Path, netns: u32) -> Option<File> {
    let file = File::open(path).ok()?;
    let found = file.metadata().ok()?.ino();
    let there = found == u64::from(netns) && fstatfs(&file).ok()?.filesystem_type() == NSFS;
    there.then_some(file)
}

fn is_namespace(path: &Path) -> bool {
    statfs(path).is_ok_and(|found| found.filesystem_type() == NSFS)
}

fn inode(path: &Path) -> io::Result<u32> {
    let inode = fs::metadata(path)?.ino();
    // The kernel numbers namespaces with 32 bits (`ns_common.inum`).
    u32::try_from(inode).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_found_in_its_own_namespace_and_not_in_another() {
        let (own, pid) = (own().unwrap(), std::process::id());
        assert!(Finder::default().find(own, pid).is_some());
        assert!(open(&of_process(pid), own.wrapping_add(1)).is_none());
        assert!(all().contains_key(&own));
    }

    #[test]
    fn a_file_under_the_name_of_a_namespace_is_none() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert!(!is_namespace(file.path()));
        if let Ok(inode) = inode(file.path()) {
            assert!(open(file.path(), inode).is_none());
        }
        assert!(is_namespace(&of_process(std::process::id())));
    }

    #[test]
    fn a_namespace_whose_process_is_gone_is_found_by_others_in_it() {
        // No process has this id: the largest is 2^22 (PID_MAX_LIMIT).
        let mut finder = Finder::default();
        assert!(finder.find(own().unwrap(), u32::MAX).is_some());
        assert!(finder.find(0, u32::MAX).is_none());
    }

    #[test]
    fn for_all_that_are_gone_one_looks_once() {
        let looks = std::cell::Cell::new(0);
        let mut finder = Finder::new(|| {
            looks.set(looks.get() + 1);
            all()
        });
        assert!(finder.find(own().unwrap(), std::process::id()).is_some());
        assert_eq!(looks.get(), 0);
        for gone in 0..100 {
            assert!(finder.find(gone, u32::MAX).is_none());
        }
        assert_eq!(looks.get(), 1);
    }

    #[test]
    fn a_name_that_nothing_is_mounted_at_is_no_namespace() {
        let place = tempfile::tempdir().unwrap();
        let name = place.path().join("blue");
        fs::write(&name, "").unwrap();
        assert!(open(&name, inode(&name).unwrap()).is_none());
    }
}
