//! Where the root of the host's cgroup v2 hierarchy is.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

/// Inode of the root of the cgroup hierarchy (`kernfs_create_root`: ids begin at 1).
const ROOT_CGROUP: u64 = 1;

/// The directory of the root; why there is none, in words. Beside a hierarchy of the first version it is the second
/// one's.
pub(crate) fn place() -> Result<PathBuf, String> {
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let place = mounts
        .lines()
        .find_map(mounted_cgroup2)
        .ok_or(
            "no cgroup v2 hierarchy is mounted (mount -t cgroup2 none /sys/fs/cgroup/unified; in a container, mount the \
             host's /sys/fs/cgroup)",
        )?;
    let found = fs::metadata(&place).map_err(|error| format!("{}: {error}", place.display()))?;
    if found.ino() == ROOT_CGROUP {
        Ok(place)
    } else {
        Err(format!(
            "{} is not the root of the host's cgroup hierarchy: let the daemon see it (in a \
             container, the host's cgroup namespace)",
            place.display()
        ))
    }
}

/// The mount point of a line of mountinfo (proc(5)), if it is a cgroup v2 hierarchy.
fn mounted_cgroup2(line: &str) -> Option<PathBuf> {
    let (mount, kind) = line.split_once(" - ")?;
    kind.starts_with("cgroup2 ")
        .then(|| mount.split(' ').nth(4).map(PathBuf::from))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_hierarchy_is_found_beside_the_first() {
        let lines = "31 24 0:27 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n\
                     40 24 0:36 / /sys/fs/cgroup/unified rw,relatime shared:9 - cgroup2 cgroup2 rw\n";
        let found = lines.lines().find_map(mounted_cgroup2);
        assert_eq!(found, Some(PathBuf::from("/sys/fs/cgroup/unified")));
        assert_eq!(mounted_cgroup2("nonsense"), None);
    }
}
