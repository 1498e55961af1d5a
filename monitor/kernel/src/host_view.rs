//! What of the host this process sees. The sweep walks the tasks of the pid namespace that it runs in, and of those
//! below (`init_seq_pidns` and `task_seq_get_next` in kernel/bpf/task_iter.c): in a container of its own, silent sockets
//! that others hold stay unseen, and nothing fails.

use nix::unistd::getpid;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Inode of the host's pid namespace (`PROC_PID_INIT_INO` in include/linux/proc_ns.h).
const HOST_PID_NAMESPACE: u64 = 0xEFFF_FFFC;

/// Inode of the host's user namespace (`PROC_USER_INIT_INO`, likewise).
const HOST_USER_NAMESPACE: u64 = 0xEFFF_FFFD;

/// Namespaces nest so deep (`MAX_PID_NS_LEVEL` in kernel/pid_namespace.c), each with a few processes that start the next.
const MOST_ANCESTORS: usize = 256;

/// What of the host this process sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostView {
    /// All processes of the host, so that a sweep finds their silent sockets.
    pub processes: bool,
    /// The kernel's numbers of processes are those of /proc: what it says of a number is about that process.
    pub process_ids: bool,
}

impl HostView {
    /// What is missing where not all processes are seen, in one line.
    pub const LACKS: &str = "only the processes of a pid namespace that is not the host's: silent sockets that others hold are not seen";

    /// What to do about it.
    pub const REMEDY: &str = "start it in the host's pid namespace: hostPID: true in Kubernetes, --pid=host with docker or podman, \
                              not under unshare --pid";

    /// As it is for this process.
    pub fn own() -> Self {
        Self::below(Path::new("/proc"))
    }

    fn below(proc: &Path) -> Self {
        let host = |process| {
            let namespace = inode(&proc.join(process).join("ns/pid"));
            namespace.map(|inode| inode == HOST_PID_NAMESPACE)
        };
        // A kernel without pid namespaces has no such file, and one view only.
        let own = host("self").unwrap_or_else(|_| proc.join("self/ns").is_dir());
        Self {
            processes: own,
            // Without --mount-proc, /proc is that of the namespace above.
            process_ids: own || host("1").unwrap_or(false),
        }
    }

    /// Whether at least one process is seen beside this one and those that started it: in a pid namespace without
    /// any, nothing is seen but oneself.
    pub fn sees_others() -> bool {
        sees_others(Path::new("/proc")).unwrap_or(false)
    }
}

/// Whether this process is in the host's user namespace: in another one, the kernel takes no capability for eBPF.
pub(crate) fn in_host_user_namespace() -> bool {
    // A kernel without user namespaces has no such file.
    inode(Path::new("/proc/self/ns/user")).map_or(true, |inode| inode == HOST_USER_NAMESPACE)
}

/// The number of a namespace, of which its file is one of many names.
pub(crate) fn inode(namespace: &Path) -> io::Result<u64> {
    fs::metadata(namespace).map(|found| found.ino())
}

fn sees_others(proc: &Path) -> io::Result<bool> {
    let own = inode(&proc.join("self/ns/pid"))?;
    let mut ours = vec![own_number(proc)?];
    while let Some(parent) = ours.last().and_then(|last| parent(proc, *last))
        && ours.len() < MOST_ANCESTORS
    {
        ours.push(parent);
    }
    let numbers = fs::read_dir(proc)?
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let mut others = numbers.filter(|number| !ours.contains(number));
    Ok(others.any(|number| {
        let namespace = proc.join(number.to_string()).join("ns/pid");
        inode(&namespace).is_ok_and(|inode| inode == own)
    }))
}

/// This process's number in this /proc.
fn own_number(proc: &Path) -> io::Result<u32> {
    let link = fs::read_link(proc.join("self"))?;
    let number = link.to_str().and_then(|number| number.parse().ok());
    Ok(number.unwrap_or(getpid().as_raw().unsigned_abs()))
}

/// The process that started this one; none above the first.
fn parent(proc: &Path, number: u32) -> Option<u32> {
    let status = fs::read_to_string(proc.join(number.to_string()).join("status")).ok()?;
    let parent = status.lines().find_map(|line| line.strip_prefix("PPid:"))?;
    parent.trim().parse().ok().filter(|parent| *parent != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_not_its_own_ancestor_and_the_first_has_none() {
        let proc = Path::new("/proc");
        let own = own_number(proc).unwrap();
        assert_eq!(own, std::process::id());
        assert_ne!(parent(proc, own), Some(own));
        assert_eq!(parent(proc, u32::MAX), None, "no process has this id");
    }

    #[test]
    fn without_proc_nothing_is_claimed_to_be_seen() {
        let place = tempfile::tempdir().unwrap();
        let view = HostView::below(place.path());
        assert!(!view.process_ids && !view.processes, "{view:?}");
        assert!(sees_others(place.path()).is_err());
    }
}
