//! How much CPU time the hooks' programs take, by the kernel's own statistics.
//!
//! These cost every program on the host two readings of a clock a run while they are on: some 65 ns. So they are on for a
//! moment, and what it shows is taken for the rest. Counting runs ourselves and going by a known cost would put a counter
//! into the path of each healthy segment for good, and one cost does not fit: a run takes 70 ns on one host, 320 with bulk
//! data on the same. Iterators are left out: they run in the daemon's own time. Of the way into a program, which the
//! kernel does not measure, as much again may come on top.

use crate::fdinfo::{self, RUN_TIME, field};
use aya::programs::ProgramFd;
use aya::sys::{Stats, enable_stats};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};
use std::{io, thread};

/// The programs of the hooks as they are now. As long as it lives, they stay loaded.
pub struct ProgramTimes {
    programs: Vec<ProgramFd>,
}

impl ProgramTimes {
    pub(crate) fn of(programs: Vec<ProgramFd>) -> Self {
        Self { programs }
    }

    /// Waits for `during`, and answers how much of one core the programs took meanwhile; `None` where the kernel does not
    /// say: its statistics are off, and switching them on takes CAP_SYS_ADMIN.
    ///
    /// # Errors
    ///
    /// If the kernel does not tell what it tells as a rule.
    pub fn share(&self, during: Duration) -> io::Result<Option<f64>> {
        if self.programs.is_empty() {
            return Ok(Some(0.0));
        }
        let on = enable_stats(Stats::RunTime);
        if on.is_err() && !fdinfo::statistics_are_on() {
            return Ok(None);
        }
        let (begun, before) = (Instant::now(), self.total_ns()?);
        thread::sleep(during);
        let (took, after) = (begun.elapsed(), self.total_ns()?);
        drop(on);
        let ran = Duration::from_nanos(after.saturating_sub(before));
        Ok(Some(ran.as_secs_f64() / took.as_secs_f64().max(1e-9)))
    }

    fn total_ns(&self) -> io::Result<u64> {
        let mut total = 0u64;
        for program in &self.programs {
            let text = fdinfo::read(program.as_fd())?;
            total = total.saturating_add(field(&text, RUN_TIME).unwrap_or(0));
        }
        Ok(total)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_own_words_are_read() {
        let text = "prog_id:\t7\nrun_time_ns:\t86900\nrun_cnt:\t1000\nrecursion_misses:\t17\n";
        assert_eq!(field(text, RUN_TIME), Some(86_900));
        assert_eq!(field("prog_id:\t7\n", RUN_TIME), None);
    }

    #[test]
    fn where_there_is_no_program_none_takes_time() {
        let none = ProgramTimes::of(Vec::new());
        assert_eq!(none.share(Duration::ZERO).unwrap(), Some(0.0));
    }
}
