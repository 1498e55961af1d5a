//! What the kernel counts of each program: calls of a hook for which it did not run it, for the same program was under way
//! on that CPU already, and, where its statistics are on, runs and the time they took. What a missed call had to tell, no
//! counter of the program's own can show.

use crate::fdinfo::{self, RUN_TIME, field};
use crate::run_time::ProgramTimes;
use aya::Ebpf;
use aya::programs::{Program, ProgramFd};
use std::os::fd::AsFd;
use std::time::Duration;

/// The line of `/proc/self/fdinfo` that says how many calls were missed (`bpf_prog_show_fdinfo` in kernel/bpf/syscall.c,
/// since 5.12).
const MISSES: &str = "recursion_misses:";

/// Likewise, how many runs there were; it stands still while statistics are off.
const RUNS: &str = "run_cnt:";

/// What the kernel counts of its programs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProgramRuns {
    /// Whether it counts runs and their time now.
    pub counted: bool,
    /// Each program that is loaded.
    pub programs: Vec<ProgramRun>,
}

/// What the kernel counts of one program, since it was loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProgramRun {
    /// Its name.
    pub name: String,
    /// Calls for which it was not run; `None` on a kernel that does not say (before 5.12), and of iterators, which run from
    /// user space and cannot run into themselves.
    pub missed: Option<u64>,
    /// Runs while statistics were on; `None` while they are off.
    pub runs: Option<u64>,
    /// The time that these took, likewise.
    pub run_time: Option<Duration>,
}

struct Loaded {
    name: String,
    fd: ProgramFd,
    is_hook: bool,
}

/// The programs that were loaded.
pub(crate) struct Programs(Vec<Loaded>);

impl Programs {
    pub(crate) fn of(ebpf: &Ebpf) -> Self {
        // A program that did not load has no descriptor, and nothing to count.
        let programs = ebpf.programs().filter_map(|(name, program)| {
            Some(Loaded {
                name: name.to_owned(),
                fd: program.fd().ok()?.try_clone().ok()?,
                is_hook: !matches!(program, Program::Iter(_)),
            })
        });
        Self(programs.collect())
    }

    /// As the kernel has it now. One that cannot be asked for is left out.
    pub(crate) fn read(&self) -> ProgramRuns {
        let counted = fdinfo::statistics_are_on();
        let programs = self.0.iter().filter_map(|program| {
            let text = fdinfo::read(program.fd.as_fd()).ok()?;
            Some(ProgramRun {
                name: program.name.clone(),
                missed: field(&text, MISSES).filter(|_| program.is_hook),
                runs: field(&text, RUNS).filter(|_| counted),
                run_time: field(&text, RUN_TIME)
                    .filter(|_| counted)
                    .map(Duration::from_nanos),
            })
        });
        ProgramRuns {
            counted,
            programs: programs.collect(),
        }
    }

    /// Those of the hooks, to be asked for how long they run.
    pub(crate) fn times(&self) -> ProgramTimes {
        let hooks = self.0.iter().filter(|program| program.is_hook);
        // One that cannot be had again is as good as gone.
        let programs = hooks.filter_map(|program| program.fd.try_clone().ok());
        ProgramTimes::of(programs.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_own_words_are_read() {
        let text = "pos:\t0\nflags:\t02000002\nprog_type:\t26\nrun_time_ns:\t5120\nrun_cnt:\t40\n\
                    recursion_misses:\t17\nverified_insns:\t900\n";
        assert_eq!(field(text, MISSES), Some(17));
        assert_eq!(field(text, RUNS), Some(40));
        assert_eq!(field(text, RUN_TIME), Some(5_120));
    }

    #[test]
    fn an_older_kernel_says_nothing() {
        assert_eq!(field("pos:\t0\nprog_type:\t26\n", MISSES), None);
        assert_eq!(field("recursion_misses:\tmany\n", MISSES), None);
    }
}
