//! How far the clocks that this process reads are from the host's. A time namespace moves CLOCK_MONOTONIC and
//! CLOCK_BOOTTIME for its processes alone (time_namespaces(7)); what the kernel side reads (`bpf_ktime_get_ns`) and
//! what the stack keeps of its sockets are the host's.

use crate::host_view::inode;
use std::fs;
use std::io;
use std::path::Path;

/// Inode of the host's time namespace (`PROC_TIME_INIT_INO` in include/linux/proc_ns.h).
const HOST_TIME_NAMESPACE: u64 = 0xEFFF_FFFA;

/// So many ns are this process's clocks ahead of the host's. It stays so: the offsets of a namespace are fixed once it
/// has a process (`frozen_offsets` in kernel/time/namespace.c).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ahead {
    pub(crate) monotonic_ns: i64,
    pub(crate) boot_ns: i64,
}

impl Ahead {
    /// As it is for this process.
    ///
    /// # Errors
    ///
    /// Where the kernel does not tell, or only of its children's namespace: until Linux 6.3, after an `unshare` that
    /// was followed by no fork.
    pub(crate) fn own() -> io::Result<Self> {
        Self::below(Path::new("/proc/self"))
    }

    fn below(process: &Path) -> io::Result<Self> {
        let own = match inode(&process.join("ns/time")) {
            // A kernel without time namespaces has no such file, and one time.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            own => own?,
        };
        if own == HOST_TIME_NAMESPACE {
            return Ok(Self::default());
        }
        // The offsets are those of the namespace into which children are born (`proc_timens_show_offsets`, likewise).
        if inode(&process.join("ns/time_for_children"))? != own {
            return Err(io::Error::other("it is not the one of its children"));
        }
        let text = fs::read_to_string(process.join("timens_offsets"))?;
        Self::parse(&text).ok_or_else(|| io::Error::other(format!("not understood: {text:?}")))
    }

    // "monotonic      864000         0\nboottime       864000         0\n": seconds, which may be negative, and ns.
    fn parse(text: &str) -> Option<Self> {
        let offset = |clock: &str| {
            let mut words = text.lines().find_map(|line| {
                let mut words = line.split_whitespace();
                (words.next() == Some(clock)).then_some(words)
            })?;
            let seconds: i64 = words.next()?.parse().ok()?;
            let ns: i64 = words.next()?.parse().ok()?;
            seconds.checked_mul(1_000_000_000)?.checked_add(ns)
        };
        Some(Self {
            monotonic_ns: offset("monotonic")?,
            boot_ns: offset("boottime")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_words_are_understood_and_no_others() {
        let of = |monotonic_ns, boot_ns| Ahead {
            monotonic_ns,
            boot_ns,
        };
        let text = "monotonic      864000         0\nboottime          -30 500000000\n";
        let expected = of(864_000_000_000_000, -29_500_000_000);
        assert_eq!(Ahead::parse(text), Some(expected));
        for bad in [
            "",
            "monotonic 1 0\n",
            "monotonic 1\nboottime 1 0\n",
            "monotonic x 0\nboottime 1 0\n",
            "monotonic 9223372036854775807 0\nboottime 1 0\n",
        ] {
            assert_eq!(Ahead::parse(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn offsets_of_the_childrens_namespace_are_not_taken_for_its_own() {
        let place = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| fs::write(place.path().join(name), text).unwrap();
        assert_eq!(Ahead::below(place.path()).unwrap(), Ahead::default());
        fs::create_dir(place.path().join("ns")).unwrap();
        file("timens_offsets", "monotonic 5 0\nboottime 5 0\n");
        file("ns/time", "");
        file("ns/time_for_children", "");
        assert!(Ahead::below(place.path()).is_err());
        fs::remove_file(place.path().join("ns/time_for_children")).unwrap();
        let links = ["ns/time", "ns/time_for_children"].map(|name| place.path().join(name));
        fs::hard_link(&links[0], &links[1]).unwrap();
        let ahead = Ahead::below(place.path()).unwrap();
        assert_eq!(ahead.monotonic_ns, 5_000_000_000);
    }
}
