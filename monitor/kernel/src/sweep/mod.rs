//! The sweep: one pass over the host's sockets.

pub(crate) mod batch;
pub(crate) mod sample;

use crate::attach as hooks;
use crate::clock::Reading;
use crate::cost::ProgramCost;
use crate::counters::{self as totals, Counters, Totals};
use crate::error::KernelError;
use crate::paths::LeastThreshold;
use crate::pod::{Raw, read_records};
use crate::sweep::batch::Rows;
use crate::sweep::sample::Sampling;
use crate::watch::Watcher;
use aya::maps::{Array, MapData};
use aya::programs::Iter;
use aya::{Btf, Ebpf};
use monitor_common::{Counter, Fact, SilentSockets, SweepMode, SweepOrder};
use nix::time::{ClockId, clock_gettime};
use std::io::{ErrorKind, Read};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The two passes, in this order: the first knows the processes and sees every
/// network namespace, the second adds what no process holds.
const PASSES: [Pass; 2] = [("sweep_task_file", "task_file"), ("sweep_tcp", "tcp")];

/// A program, and what it iterates over.
pub(crate) type Pass = (&'static str, &'static str);

/// Loads the iterators; those that cannot be had come back with their reason. Before any
/// map that they use is taken away.
pub(crate) fn load(ebpf: &mut Ebpf, btf: &Btf) -> (Vec<Pass>, Vec<hooks::HookStatus>) {
    let mut passes = Vec::new();
    let mut statuses = Vec::new();
    for (program, target) in PASSES {
        let mechanism = format!("iter/{target}");
        let mut status = hooks::HookStatus {
            hook: program,
            ..hooks::HookStatus::default()
        };
        let loaded = ebpf.program_mut(program).map(|loading| {
            let iterator: &mut Iter = (&mut *loading).try_into()?;
            let begun = Instant::now();
            iterator.load(target, btf)?;
            Ok(ProgramCost::new(program, begun.elapsed(), loading.info()))
        });
        match loaded {
            Some(Ok(cost)) => {
                status.mechanism = Some(mechanism);
                status.programs.push(cost);
                passes.push((program, target));
            }
            Some(Err(error)) => {
                let (reason, log) = hooks::reason(&error);
                status.refused.push(hooks::Refusal {
                    mechanism,
                    reason,
                    log,
                });
            }
            None => {}
        }
        statuses.push(status);
    }
    (passes, statuses)
}

/// The second pass costs as much as the first, and where processes hold all silent
/// connections it finds none that the first did not. So it is made in every eighth
/// sweep, and in each as long as it finds some.
const SECOND_EVERY: u32 = 8;

/// What one sweep found.
#[derive(Clone, Debug, Default)]
pub struct SweepReport {
    /// One row a connection.
    pub rows: Vec<Fact>,
    /// Connections beyond what a sweep holds.
    pub rows_dropped: u64,
    /// Samples beyond what a sweep holds; nothing need be wrong with these.
    pub samples_dropped: u64,
    /// When it began, CLOCK_MONOTONIC in ns.
    pub started_ns: u64,
    /// When it was over, likewise.
    pub ended_ns: u64,
    /// How long it took.
    pub took: Duration,
    /// CPU time it took.
    pub cpu: Duration,
    /// Sockets it walked: one that two processes hold counts twice.
    pub sockets: u64,
    /// Whether, from now on, a program runs on received segments of all sockets.
    pub receives: bool,
}

/// Runs sweeps. Owns the loaded object: as long as it lives, the hooks are attached.
pub struct Sweeper {
    ebpf: Ebpf,
    order: Array<MapData, Raw<SweepOrder>>,
    counters: Arc<Counters>,
    passes: Vec<Pass>,
    sampling: Sampling,
    watcher: Watcher,
    least_threshold: LeastThreshold,
    /// Sweeps until the second pass is made again.
    second_in: u32,
}

impl Sweeper {
    /// With the iterators that [`load`] has loaded.
    pub(crate) fn new(
        ebpf: Ebpf,
        passes: Vec<Pass>,
        order: Array<MapData, Raw<SweepOrder>>,
        counters: Arc<Counters>,
        watcher: Watcher,
        least_threshold: LeastThreshold,
    ) -> Self {
        Self {
            ebpf,
            order,
            counters,
            passes,
            sampling: Sampling::new(),
            watcher,
            least_threshold,
            second_in: 0,
        }
    }

    /// One pass over all sockets. Blocks while the kernel walks. `until_next` is the time
    /// in which the next one will have come by at the latest: what passes its threshold
    /// before counts as silent now.
    ///
    /// # Errors
    ///
    /// [`KernelError::Sweep`] where the kernel refuses an iterator or breaks off.
    pub fn sweep(
        &mut self,
        mode: SweepMode,
        until_next: Duration,
    ) -> Result<SweepReport, KernelError> {
        let begun = Instant::now();
        let cpu = thread_cpu()?;
        let before = self.totals()?;
        let silent = match mode {
            SweepMode::Findings => self.watcher.silent(),
            SweepMode::All => SilentSockets::Ignored,
        };
        let order = self
            .sampling
            .order(mode, silent, until_next, self.least_threshold.ns());
        self.order
            .set(0, Raw(order), 0)
            .map_err(|source| KernelError::Map {
                name: "SWEEP_ORDER",
                source,
            })?;
        let mut report = SweepReport {
            started_ns: monotonic_ns()?,
            ..SweepReport::default()
        };
        let mut rows = Rows::default();
        for (place, (program, target)) in self.passes.clone().into_iter().enumerate() {
            let second = place > 0 && mode == SweepMode::Findings;
            if second && self.second_in > 0 {
                self.second_in -= 1;
                continue;
            }
            let found = rows.found();
            let failed = |source| KernelError::Sweep {
                what: target,
                source,
            };
            let mut pass = self.open(program).map_err(failed)?;
            read_pass(&mut pass, |row| rows.take(row)).map_err(failed)?;
            if second && rows.found() == found {
                self.second_in = SECOND_EVERY - 1;
            }
        }
        let now = self.totals()?;
        let since = |counter| now.get(counter).saturating_sub(before.get(counter));
        let elsewhere = if mode == SweepMode::Findings {
            let suspects = now.suspects();
            self.watcher
                .swept(&mut self.ebpf, since(Counter::SweepSilent), suspects)
        } else {
            Duration::ZERO
        };
        report.rows_dropped = rows.dropped;
        report.samples_dropped = rows.samples_dropped;
        report.rows = rows.into_kept();
        report.ended_ns = monotonic_ns()?;
        report.took = begun.elapsed();
        report.cpu = thread_cpu()?.saturating_sub(cpu) + elsewhere;
        report.sockets = since(Counter::SweepSockets);
        report.receives = self.watcher.receives();
        if mode == SweepMode::Findings {
            self.sampling.advance(report.sockets);
        }
        Ok(report)
    }

    fn totals(&self) -> Result<Totals, KernelError> {
        totals::read(&self.counters)
    }

    fn open(&mut self, program: &str) -> std::io::Result<std::fs::File> {
        open_pass(&mut self.ebpf, program)
    }

    /// Leaves no mark of this daemon on any socket. The hooks stay attached.
    ///
    /// # Errors
    ///
    /// [`KernelError::Sweep`] where some may be left; the next start clears them.
    pub fn clear_marks(&mut self) -> Result<(), KernelError> {
        self.watcher
            .clear(&mut self.ebpf)
            .map_err(|source| KernelError::Sweep {
                what: "marked sockets",
                source,
            })
    }
}

/// Opens an iterator over what the calling thread sees.
pub(crate) fn open_pass(ebpf: &mut Ebpf, program: &str) -> std::io::Result<std::fs::File> {
    let program: &mut Iter = ebpf
        .program_mut(program)
        .and_then(|program| program.try_into().ok())
        .ok_or(ErrorKind::NotFound)?;
    let link = program.attach().map_err(std::io::Error::other)?;
    let link = program.take_link(link).map_err(std::io::Error::other)?;
    link.into_file().map_err(std::io::Error::other)
}

/// Reads one pass to its end. The kernel hands out whole rows. After 1,000,000 objects
/// of which none was written out it comes up for air with EAGAIN, and goes on where it
/// was (`MAX_ITER_OBJECTS` in kernel/bpf/bpf_iter.c).
pub(crate) fn read_pass(from: &mut impl Read, mut take: impl FnMut(&Fact)) -> std::io::Result<()> {
    const ROW: usize = size_of::<Fact>();
    let mut buffer = vec![0; ROW * 128];
    let mut filled = 0;
    loop {
        let read = match from.read(&mut buffer[filled..]) {
            Ok(0) => return Ok(()),
            Ok(read) => read,
            Err(error)
                if matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::WouldBlock) =>
            {
                continue;
            }
            Err(error) => return Err(error),
        };
        filled += read;
        let whole = filled - filled % ROW;
        for fact in read_records::<Fact>(&buffer[..whole]) {
            take(&fact);
        }
        buffer.copy_within(whole..filled, 0);
        filled -= whole;
    }
}

fn thread_cpu() -> Result<Duration, KernelError> {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID)
        .map(Duration::from)
        .map_err(|error| KernelError::System {
            what: "reading this thread's CPU time",
            source: error.into(),
        })
}

fn monotonic_ns() -> Result<u64, KernelError> {
    Reading::now()
        .map(|reading| reading.monotonic_ns)
        .map_err(|error| KernelError::System {
            what: "reading the clock",
            source: error.into(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hands out bytes in portions that fit no row.
    struct Trickle<'a>(&'a [u8]);

    impl Read for Trickle<'_> {
        fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
            let portion = self.0.len().min(to.len()).min(7);
            to[..portion].copy_from_slice(&self.0[..portion]);
            self.0 = &self.0[portion..];
            Ok(portion)
        }
    }

    /// Says before each portion that there was none in a million objects.
    struct Sparse<'a>(Trickle<'a>, bool);

    impl Read for Sparse<'_> {
        fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
            self.1 = !self.1;
            if self.1 {
                return Err(nix::errno::Errno::EAGAIN.into());
            }
            self.0.read(to)
        }
    }

    #[test]
    fn a_million_objects_without_a_row_do_not_end_a_pass() {
        let bytes = vec![1; size_of::<Fact>()];
        let mut rows = 0;
        read_pass(&mut Sparse(Trickle(&bytes), false), |_| rows += 1).unwrap();
        assert_eq!(rows, 1);
    }

    #[test]
    fn rows_cut_by_a_read_come_out_whole() {
        let mut bytes = vec![0; size_of::<Fact>() * 3];
        for (index, row) in bytes.chunks_mut(size_of::<Fact>()).enumerate() {
            row[0] = 10 + index as u8;
        }
        let mut kinds = Vec::new();
        read_pass(&mut Trickle(&bytes), |fact| kinds.push(fact.kind)).unwrap();
        assert_eq!(kinds, [10, 11, 12]);
    }
}
