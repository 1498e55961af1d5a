//! The programs of a running process. Whoever holds them here can put them on their hooks after it has ended.

use super::own;
use super::set::Set;
use crate::error::BenchError;
use std::fs;

/// What a process has loaded.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The programs that were on their hooks when it was asked.
    pub on: Set,
    /// Those that were loaded and not on: for other moments.
    pub off: Set,
    /// Bytes that the kernel keeps for its maps (`memlock` of each, what hangs on sockets apart).
    pub map_bytes: u64,
}

/// What `/proc/PID/fdinfo` says of one descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Descriptor {
    Program { id: u32 },
    Link { program: u32 },
    Map { bytes: u64 },
}

/// The programs and maps of the process `pid`. Iterators are left out: they are run by reading them.
///
/// # Errors
/// [`BenchError::Lab`] where it has ended, [`BenchError::Program`].
pub fn of_process(pid: u32) -> Result<Loaded, BenchError> {
    let folder = format!("/proc/{pid}/fdinfo");
    let entries = fs::read_dir(&folder).map_err(BenchError::io(format!("reading {folder}")))?;
    // A descriptor may be closed while they are listed.
    let descriptors: Vec<Descriptor> = entries
        .filter_map(Result::ok)
        .filter_map(|entry| fs::read_to_string(entry.path()).ok())
        .filter_map(|text| parse(&text))
        .collect();
    let linked = |id: u32| {
        let is = |descriptor: &Descriptor| *descriptor == Descriptor::Link { program: id };
        descriptors.iter().any(is)
    };
    let mut ids: Vec<u32> = descriptors
        .iter()
        .filter_map(|descriptor| match descriptor {
            Descriptor::Program { id } | Descriptor::Link { program: id } => Some(*id),
            Descriptor::Map { .. } => None,
        })
        .collect();
    ids.sort_unstable();
    ids.dedup();
    let (on, off): (Vec<u32>, Vec<u32>) = ids.into_iter().partition(|id| linked(*id));
    Ok(Loaded {
        on: without_iterators(&on)?,
        off: without_iterators(&off)?,
        map_bytes: descriptors
            .iter()
            .map(|descriptor| match descriptor {
                Descriptor::Map { bytes } => *bytes,
                Descriptor::Program { .. } | Descriptor::Link { .. } => 0,
            })
            .sum(),
    })
}

/// How the names of the iterators begin. One of them may hold a link, and yet there is no hook to put it on.
const ITERATORS: [&str; 4] = ["sweep_", "mark_", "unmark_", "revisit_"];

fn without_iterators(ids: &[u32]) -> Result<Set, BenchError> {
    let mut programs = own::hooked(ids)?;
    programs.retain(|program| !ITERATORS.iter().any(|name| program.name.starts_with(name)));
    Ok(Set(programs))
}

/// `bpf_prog_show_fdinfo`, `bpf_map_show_fdinfo` and `bpf_link_show_fdinfo` in kernel/bpf/syscall.c.
fn parse(text: &str) -> Option<Descriptor> {
    let field = |name: &str| -> Option<u64> {
        text.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            (key == name).then(|| value.trim().parse().ok())?
        })
    };
    let program = || field("prog_id").and_then(|id| u32::try_from(id).ok());
    let has = |name: &str| text.lines().any(|line| line.starts_with(name));
    if has("link_type:") {
        program().map(|program| Descriptor::Link { program })
    } else if has("prog_type:") {
        program().map(|id| Descriptor::Program { id })
    } else if has("map_type:") {
        field("memlock").map(|bytes| Descriptor::Map { bytes })
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_links_and_maps_are_told_apart() {
        let program =
            "pos:\t0\nprog_type:\t26\nprog_jited:\t1\nmemlock:\t4096\nprog_id:\t71\nrun_cnt:\t0\n";
        assert_eq!(parse(program), Some(Descriptor::Program { id: 71 }));
        let link = "pos:\t0\nlink_type:\ttracing\nlink_id:\t9\nprog_tag:\tab\nprog_id:\t71\nattach_type:\t23\n";
        assert_eq!(parse(link), Some(Descriptor::Link { program: 71 }));
        let map = "pos:\t0\nmap_type:\t27\nmemlock:\t2105344\nmap_id:\t12\n";
        assert_eq!(parse(map), Some(Descriptor::Map { bytes: 2_105_344 }));
        assert_eq!(parse("pos:\t0\nflags:\t02\nino:\t7\n"), None);
    }
}
