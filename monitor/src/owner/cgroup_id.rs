//! From a cgroup's id to its path: in cgroup v2 the id is the inode number of
//! the cgroup's directory (kernfs, 64-bit kernels).

use super::bounded::Bounded;
use std::collections::VecDeque;
use std::fs;
use std::os::unix::fs::{DirEntryExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The most directories of one walk. A node of 250 pods has about 1,500.
const MOST_DIRECTORIES: usize = 8192;

/// A walk costs a millisecond or two; unknown ids cause no more than this many.
const WALK_EVERY: Duration = Duration::from_secs(1);

/// Paths of cgroups by their id.
#[derive(Debug)]
pub(super) struct CgroupIds {
    mount: Option<PathBuf>,
    /// `None` for an id that a walk did not find: a cgroup exists before its
    /// sockets, and ids are not used again, so it is gone or out of sight.
    known: Bounded<u64, Option<String>>,
    last_walk: Option<Instant>,
    walks_cut: u64,
    most: usize,
}

impl CgroupIds {
    /// Over the cgroup v2 mount that `proc/self/mountinfo` names.
    pub(super) fn new(proc: &Path) -> Self {
        Self {
            mount: mount_point(&proc.join("self/mountinfo")),
            known: Bounded::new(MOST_DIRECTORIES),
            last_walk: None,
            walks_cut: 0,
            most: MOST_DIRECTORIES,
        }
    }

    /// The path of the cgroup with this id, from the mount's root.
    pub(super) fn path(&mut self, id: u64, now: Instant) -> Option<String> {
        if id == 0 {
            return None;
        }
        if let Some(known) = self.known.get(&id) {
            return known.clone();
        }
        let mount = self.mount.clone()?;
        let recently = |last: Instant| now.saturating_duration_since(last) < WALK_EVERY;
        if self.last_walk.is_some_and(recently) {
            return None;
        }
        self.last_walk = Some(now);
        self.walk(&mount, now);
        let found = self.known.get(&id).cloned().flatten();
        self.known.insert(id, found.clone(), now);
        found
    }

    /// Whether there is a cgroup v2 mount to look into.
    pub(super) fn is_mounted(&self) -> bool {
        self.mount.is_some()
    }

    /// Entries forgotten because the table was full.
    pub(super) fn evicted(&self) -> u64 {
        self.known.evicted()
    }

    /// Walks that ended before every directory was seen.
    pub(super) fn walks_cut(&self) -> u64 {
        self.walks_cut
    }

    /// Notes the id of every directory, the upper ones first, so that a cut
    /// walk still knows every slice and service.
    fn walk(&mut self, mount: &Path, now: Instant) {
        let Ok(root) = fs::metadata(mount) else {
            return;
        };
        self.known.insert(root.ino(), Some("/".to_owned()), now);
        let mut waiting = VecDeque::from([mount.to_owned()]);
        let mut seen = 1;
        while let Some(directory) = waiting.pop_front() {
            // A cgroup may go while the walk is under way.
            let Ok(entries) = fs::read_dir(&directory) else {
                continue;
            };
            for entry in entries.flatten() {
                // Symbolic links are not followed; there are none in cgroupfs.
                if !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                    continue;
                }
                if seen >= self.most {
                    self.walks_cut += 1;
                    return;
                }
                seen += 1;
                let path = entry.path();
                if let Ok(below) = path.strip_prefix(mount) {
                    let shown = format!("/{}", below.to_string_lossy());
                    self.known.insert(entry.ino(), Some(shown), now);
                }
                waiting.push_back(path);
            }
        }
    }
}

/// Where cgroup v2 is mounted, after proc(5): mount point in the fifth field,
/// file system type in the first after the separating `-`.
fn mount_point(mountinfo: &Path) -> Option<PathBuf> {
    let text = fs::read_to_string(mountinfo).ok()?;
    text.lines().find_map(|line| {
        let (mount, filesystem) = line.split_once(" - ")?;
        if filesystem.split(' ').next() != Some("cgroup2") {
            return None;
        }
        mount
            .split(' ')
            .nth(4)
            .map(|field| PathBuf::from(unescape(field)))
    })
}

/// Takes back the octal escapes for space, tab, newline and backslash.
fn unescape(field: &str) -> String {
    [
        ("\\040", " "),
        ("\\011", "\t"),
        ("\\012", "\n"),
        ("\\134", "\\"),
    ]
    .iter()
    .fold(field.to_owned(), |text, (escape, plain)| {
        text.replace(escape, plain)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Tree {
        dir: tempfile::TempDir,
    }

    impl Tree {
        fn new() -> Self {
            let dir = tempfile::tempdir().unwrap();
            let root = dir.path();
            fs::create_dir_all(root.join("proc/self")).unwrap();
            fs::create_dir_all(root.join("cg roup/system.slice/api.service")).unwrap();
            let mount = root
                .join("cg roup")
                .display()
                .to_string()
                .replace(' ', "\\040");
            let text = format!(
                "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n\
                 32 31 0:29 / /sys/fs/cgroup/cpu rw shared:9 - cgroup cgroup rw,cpu\n\
                 41 31 0:38 / {mount} rw,relatime shared:10 - cgroup2 cgroup2 rw\n"
            );
            fs::write(root.join("proc/self/mountinfo"), text).unwrap();
            Self { dir }
        }

        fn add(&self, path: &str) -> u64 {
            let directory = self.dir.path().join("cg roup").join(path);
            fs::create_dir_all(&directory).unwrap();
            fs::metadata(directory).unwrap().ino()
        }

        fn ids(&self) -> CgroupIds {
            CgroupIds::new(&self.dir.path().join("proc"))
        }
    }

    #[test]
    fn a_directorys_inode_number_finds_its_path() {
        let tree = Tree::new();
        let service = tree.add("system.slice/api.service");
        let root = tree.add("");
        let mut ids = tree.ids();
        let now = Instant::now();
        assert_eq!(
            ids.path(service, now).as_deref(),
            Some("/system.slice/api.service")
        );
        assert_eq!(ids.path(root, now).as_deref(), Some("/"));
        assert_eq!(ids.path(0, now), None, "0 stands for unknown");
    }

    #[test]
    fn a_cgroup_that_is_gone_is_still_known() {
        let tree = Tree::new();
        let id = tree.add("system.slice/short.service");
        let mut ids = tree.ids();
        assert!(ids.path(id, Instant::now()).is_some());
        fs::remove_dir(tree.dir.path().join("cg roup/system.slice/short.service")).unwrap();
        assert_eq!(
            ids.path(id, Instant::now()).as_deref(),
            Some("/system.slice/short.service")
        );
    }

    #[test]
    fn unknown_ids_cause_one_walk_a_second() {
        let tree = Tree::new();
        let mut ids = tree.ids();
        let start = Instant::now();
        assert_eq!(ids.path(u64::MAX, start), None);
        let late = tree.add("system.slice/late.service");
        assert_eq!(ids.path(late, start + Duration::from_millis(999)), None);
        let found = ids.path(late, start + WALK_EVERY);
        assert_eq!(found.as_deref(), Some("/system.slice/late.service"));
    }

    #[test]
    fn a_walk_too_long_is_cut_and_counted() {
        let tree = Tree::new();
        let deep = tree.add("system.slice/api.service/a/b");
        let slice = tree.add("system.slice");
        let mut ids = CgroupIds {
            most: 3,
            ..tree.ids()
        };
        assert_eq!(ids.path(deep, Instant::now()), None);
        assert_eq!(ids.walks_cut(), 1);
        assert_eq!(
            ids.path(slice, Instant::now()).as_deref(),
            Some("/system.slice")
        );
    }

    #[test]
    fn without_cgroup_v2_there_is_no_path() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(CgroupIds::new(dir.path()).path(7, Instant::now()), None);
    }
}
