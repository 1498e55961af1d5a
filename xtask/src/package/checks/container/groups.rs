//! The control groups of the test's containers, in every hierarchy of this host: runtimes remove a container's own and leave
//! those above it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process;

/// Where hierarchies are mounted: one, or a folder of some.
const MOUNTED: &str = "/sys/fs/cgroup";

/// The group above all of the test's; what is left of it goes with this.
pub(super) struct Groups {
    name: String,
}

impl Groups {
    /// One of this process alone.
    pub(super) fn new() -> Self {
        Self {
            name: format!("tcplull-package-test-{}", process::id()),
        }
    }

    /// The group of a pod's container, below the test's as the kubelet has it below the root.
    pub(super) fn of(&self, pod: &str, container: &str) -> String {
        format!("/{}/kubepods/burstable/pod{pod}/{container}", self.name)
    }
}

impl Drop for Groups {
    fn drop(&mut self) {
        for hierarchy in folders(Path::new(MOUNTED)).chain([MOUNTED.into()]) {
            remove(&hierarchy.join(&self.name));
        }
    }
}

/// From the innermost outwards. One that is not there, or in which something still runs, stays as it is.
fn remove(group: &Path) {
    folders(group).for_each(|below| remove(&below));
    let _ = fs::remove_dir(group);
}

fn folders(above: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    let entries = fs::read_dir(above).into_iter().flatten().flatten();
    entries
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
}
