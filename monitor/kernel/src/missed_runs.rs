//! Calls of the hooks for which the kernel did not run the program: the same program was under way
//! on that CPU already. What such a call had to tell, no counter of the program's own can show.

use crate::run_time::ProgramTimes;
use aya::Ebpf;
use aya::programs::{Program, ProgramFd};
use std::fs;
use std::os::fd::{AsFd, AsRawFd};

/// The line of `/proc/self/fdinfo` that says it (`bpf_prog_show_fdinfo` in
/// kernel/bpf/syscall.c, since 5.12).
const LINE: &str = "recursion_misses:";

/// The attached programs of the hooks.
pub(crate) struct MissedRuns {
    programs: Vec<(String, ProgramFd)>,
}

impl MissedRuns {
    /// Of all hooks' programs that were loaded. Iterators run from user space and
    /// cannot run into themselves.
    pub(crate) fn of(ebpf: &Ebpf) -> Self {
        let hooks = ebpf
            .programs()
            .filter(|(_, program)| !matches!(program, Program::Iter(_)));
        // A program that did not load has no descriptor, and nothing to miss.
        let programs = hooks
            .filter_map(|(name, program)| {
                let fd = program.fd().ok()?.try_clone().ok()?;
                Some((name.to_owned(), fd))
            })
            .collect();
        Self { programs }
    }

    /// Totals since the load, by program; a kernel that does not say leaves it out.
    pub(crate) fn read(&self) -> Vec<(String, u64)> {
        let totals = self.programs.iter().filter_map(|(name, fd)| {
            let descriptor = fd.as_fd().as_raw_fd();
            let text = fs::read_to_string(format!("/proc/self/fdinfo/{descriptor}")).ok()?;
            Some((name.clone(), field(&text, LINE)?))
        });
        totals.collect()
    }

    /// The same programs, to be asked for how long they run.
    pub(crate) fn times(&self) -> ProgramTimes {
        // One that cannot be had again is as good as gone.
        let programs = self.programs.iter();
        let programs = programs.filter_map(|(_, fd)| fd.try_clone().ok());
        ProgramTimes::of(programs.collect())
    }
}

/// The number behind the words that a line begins with.
pub(crate) fn field(text: &str, words: &str) -> Option<u64> {
    let value = text.lines().find_map(|line| line.strip_prefix(words))?;
    value.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_own_words_are_read() {
        let text = "pos:\t0\nflags:\t02000002\nprog_type:\t26\nrun_cnt:\t0\n\
                    recursion_misses:\t17\nverified_insns:\t900\n";
        assert_eq!(field(text, LINE), Some(17));
    }

    #[test]
    fn an_older_kernel_says_nothing() {
        assert_eq!(field("pos:\t0\nprog_type:\t26\n", LINE), None);
        assert_eq!(field("recursion_misses:\tmany\n", LINE), None);
    }
}
