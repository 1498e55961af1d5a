//! One program that can be put on its hook and taken off again.

use crate::error::BenchError;
use aya::programs::links::CgroupAttachMode;
use aya::programs::sock_ops::SockOpsLink;
use aya::programs::tp_btf::BtfTracePointLink;
use aya::programs::{BtfTracePoint, ProgramError, ProgramInfo, ProgramType, SockOps};
use std::borrow::Cow;
use std::fs::{self, File};
use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// What the kernel counted of a program while statistics were on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Runs {
    /// How often it was run.
    pub count: u64,
    /// How long that took, in ns; about as much again as an empty program is the kernel's own looking at the clock.
    pub time_ns: u64,
}

impl Runs {
    /// What all programs in the kernel were run so far.
    pub fn of_all() -> Self {
        // Another program's may go while they are listed.
        let programs = aya::programs::loaded_programs().filter_map(Result::ok);
        programs.fold(Self::default(), |all, info| all.plus(Self::of(&info)))
    }

    fn of(info: &ProgramInfo) -> Self {
        Self {
            count: info.run_count(),
            time_ns: ns(info.run_time()),
        }
    }

    /// Both together.
    pub fn plus(self, other: Self) -> Self {
        Self {
            count: self.count + other.count,
            time_ns: self.time_ns + other.time_ns,
        }
    }

    /// What was added since `before`.
    pub fn since(self, before: Self) -> Self {
        Self {
            count: self.count.saturating_sub(before.count),
            time_ns: self.time_ns.saturating_sub(before.time_ns),
        }
    }

    /// ns a run; `None` where there was none.
    pub fn each_ns(self) -> Option<f64> {
        (self.count > 0).then(|| self.time_ns as f64 / self.count as f64)
    }
}

/// A program in the kernel, on its hook or not.
#[derive(Debug)]
pub struct Hooked {
    /// Its name as the kernel has it, at most 15 letters.
    pub name: String,
    program: Program,
}

#[derive(Debug)]
enum Program {
    Tracing(BtfTracePoint, Option<BtfTracePointLink>),
    SockOps(SockOps, Option<SockOpsLink>),
}

impl Hooked {
    /// The program that `info` tells of; `None` where it is of a type that has no hook of its own to be put on (an
    /// iterator is run by reading it).
    ///
    /// # Errors
    /// [`BenchError::Program`].
    pub fn of(info: ProgramInfo) -> Result<Option<Self>, BenchError> {
        let name = info.name_as_str().unwrap_or_default().to_owned();
        let failed = failed(&name);
        let kind = info.program_type();
        let program = if kind == ProgramType::Tracing.into() {
            // SAFETY: fentry and BTF tracepoint programs are attached by the same system call; one that is neither is
            // refused by it.
            let program =
                unsafe { BtfTracePoint::from_program_info(info, Cow::Owned(name.clone())) };
            Program::Tracing(program.map_err(failed)?, None)
        } else if kind == ProgramType::SockOps.into() {
            let program = SockOps::from_program_info(info, Cow::Owned(name.clone()));
            Program::SockOps(program.map_err(failed)?, None)
        } else {
            return Ok(None);
        };
        Ok(Some(Self { name, program }))
    }

    /// Puts it on its hook; a sock_ops program on the root of the control groups.
    ///
    /// # Errors
    /// [`BenchError::Program`].
    pub fn attach(&mut self) -> Result<(), BenchError> {
        let failed = failed(&self.name);
        match &mut self.program {
            Program::Tracing(program, link) => {
                let id = program.attach().map_err(&failed)?;
                *link = Some(program.take_link(id).map_err(&failed)?);
            }
            Program::SockOps(program, link) => {
                let root = root_cgroup().map_err(BenchError::io("opening the root cgroup"))?;
                let id = program
                    .attach(root, CgroupAttachMode::Single)
                    .map_err(&failed)?;
                *link = Some(program.take_link(id).map_err(&failed)?);
            }
        }
        Ok(())
    }

    /// Takes it off.
    pub fn detach(&mut self) {
        match &mut self.program {
            Program::Tracing(_, link) => drop(link.take()),
            Program::SockOps(_, link) => drop(link.take()),
        }
    }

    /// What the kernel has counted so far.
    ///
    /// # Errors
    /// [`BenchError::Program`].
    pub fn runs(&self) -> Result<Runs, BenchError> {
        let info = match &self.program {
            Program::Tracing(program, _) => program.info(),
            Program::SockOps(program, _) => program.info(),
        };
        info.map(|info| Runs::of(&info)).map_err(failed(&self.name))
    }
}

/// Gives a loader's error the program's name.
pub(super) fn failed(name: &str) -> impl Fn(ProgramError) -> BenchError {
    let name = name.to_owned();
    move |source| BenchError::Program {
        name: name.clone(),
        source: Box::new(source),
    }
}

/// Where the second version of the control groups is mounted.
fn root_cgroup() -> io::Result<File> {
    let mounts = fs::read_to_string("/proc/self/mounts")?;
    // `source target type options …`
    let place = mounts.lines().find_map(|line| {
        let mut words = line.split(' ').skip(1);
        let target = words.next()?;
        (words.next()? == "cgroup2").then(|| PathBuf::from(target))
    });
    File::open(place.ok_or(io::ErrorKind::NotFound)?)
}

fn ns(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_told_by_difference() {
        let before = Runs {
            count: 10,
            time_ns: 1_000,
        };
        let after = Runs {
            count: 14,
            time_ns: 1_400,
        };
        assert_eq!(after.since(before).each_ns(), Some(100.0));
        assert_eq!(before.since(before).each_ns(), None);
        assert_eq!(before.plus(after).count, 24);
    }
}
