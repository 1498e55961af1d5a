//! Whether what is attached to the control group still is. Another process may detach a link (`BPF_LINK_DETACH`), or
//! put another program in it (`BPF_LINK_UPDATE`); the kernel tells nobody. Links to tracepoints and functions know
//! neither (`bpf_tracing_link_lops` in kernel/bpf/syscall.c).

use aya::programs::links::FdLink;
use std::fs;
use std::io;
use std::path::PathBuf;

/// What the kernel says of this process's descriptors.
const DESCRIPTORS: &str = "/proc/self/fdinfo";

/// What is said of callbacks at a sweep.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Callbacks {
    /// They are heard, or there are none.
    #[default]
    Heard,
    /// Another process had detached them since the sweep before. They are heard again, and what they had to tell
    /// meanwhile is lost.
    Restored,
    /// Another process has detached them, and they cannot be attached again.
    Lost,
}

/// A link to the control group, attached as long as it lives and nobody interferes.
#[derive(Debug)]
pub(crate) struct Attachment {
    _link: FdLink,
    /// Where the kernel describes it; `None` where it does not, and it is taken as held.
    described: Option<PathBuf>,
    id: u32,
    program: u32,
}

impl Attachment {
    /// Of a link that has just been made.
    pub(crate) fn new(link: FdLink) -> io::Result<Self> {
        let info = link.info().map_err(io::Error::other)?;
        let (id, program) = (info.id(), info.program_id());
        let described = fs::read_dir(DESCRIPTORS).ok().and_then(|all| {
            let mut paths = all.flatten().map(|entry| entry.path());
            paths.find(|path| {
                fs::read_to_string(path).is_ok_and(|text| field(&text, "link_id") == Some(id))
            })
        });
        Ok(Self {
            _link: link,
            described,
            id,
            program,
        })
    }

    /// Whether the program is attached by it.
    pub(crate) fn holds(&self) -> bool {
        let said = self.described.as_ref().map(fs::read_to_string);
        match said {
            Some(Ok(text)) => says_attached(&text, self.id, self.program),
            // Nothing is known against it.
            Some(Err(_)) | None => true,
        }
    }
}

/// Whether this description is of the link, with its program and a control group.
fn says_attached(text: &str, id: u32, program: u32) -> bool {
    field(text, "link_id") == Some(id)
        && field(text, "prog_id") == Some(program)
        && field(text, "cgroup_id").is_some_and(|group: u64| group != 0)
}

/// A number of a description: a name, a colon, white space and the number on a line.
fn field<T: std::str::FromStr>(text: &str, name: &str) -> Option<T> {
    let value = text
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    value.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ATTACHED: &str = "pos:\t0\nflags:\t02000002\nlink_type:\tcgroup\nlink_id:\t7\nprog_tag:\t00ff\nprog_id:\t42\n\
                            cgroup_id:\t1\nattach_type:\t3\n";

    #[test]
    fn without_its_control_group_or_its_program_a_link_is_not_attached() {
        assert!(says_attached(ATTACHED, 7, 42));
        let detached = ATTACHED.replace("cgroup_id:\t1", "cgroup_id:\t0");
        assert!(!says_attached(&detached, 7, 42));
        assert!(!says_attached(ATTACHED, 7, 43), "another program");
        assert!(!says_attached(ATTACHED, 8, 42), "another link");
        assert!(!says_attached("", 7, 42));
    }
}
