//! The sweep: one pass over the host's sockets.

mod batch;
mod newcomers;
mod sample;
mod seen;

use crate::act::{self, ActError, Timers};
use crate::attach::{self, HookStatus};
use crate::btf_file::read_btf;
use crate::clock::{Reading, thread_cpu};
use crate::cost::ProgramCost;
use crate::counters::{self, CounterMap, Counters};
use crate::error::{KernelError, Refusal};
use crate::iterator;
use crate::paths::LeastThreshold;
use crate::pod::Pod;
use crate::scope::ScopeTable;
use crate::step_error::StepError;
use crate::watch::{self, Callbacks, Revisited, Watcher};
use crate::watch_level::WatchLevel;
use aya::maps::{Array, MapData};
use aya::{Btf, Ebpf};
use batch::{Batch, Collect, Each};
use monitor_common::{
    Awaited, Counter, Fact, SilentSockets, SweepMode, SweepOrder, SweepOrders, SweptSocket,
};
use newcomers::Newcomers;
use sample::Sampling;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The two passes, in this order: the first knows the processes and sees every
/// network namespace, the second adds what no process holds.
pub(crate) const PASSES: [Pass; 2] = [("sweep_task_file", "task_file"), ("sweep_tcp", "tcp")];

/// A program, and what it iterates over.
pub(crate) type Pass = (&'static str, &'static str);

/// Loads the iterators; those that cannot be had come back with their reason. Before any
/// map that they use is taken away.
pub(crate) fn load(ebpf: &mut Ebpf, btf: &Btf) -> (Vec<Pass>, Vec<HookStatus>) {
    let mut passes = Vec::new();
    let statuses = PASSES.map(|(program, target)| {
        let mut status = HookStatus::new(program);
        let mechanism = format!("iter/{target}");
        match iterator::load(ebpf, btf, program, target) {
            Ok(cost) => {
                status.mechanism = Some(mechanism);
                status.programs.extend(cost);
                passes.push((program, target));
            }
            Err(error) => status.refused.push(Refusal::by_kernel(&mechanism, &error)),
        }
        status
    });
    (passes, statuses.into())
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
    /// Of so many healthy connections it shows one as a sample; 1 for all.
    pub one_in: u32,
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
    /// What the scope names and is not there; `None` while all of it is, and without a scope.
    pub scope_missing: Option<String>,
    /// Whether the callbacks of watched sockets were heard since the sweep before.
    pub callbacks: Callbacks,
}

impl SweepReport {
    /// Rows that it has, at the most.
    pub const MOST_ROWS: usize = batch::MAX_ROWS;
}

/// Runs sweeps. Owns the loaded object: as long as it lives, the hooks are attached.
pub struct Sweeper {
    ebpf: Ebpf,
    orders: Array<MapData, Pod<SweepOrders>>,
    counters: Arc<CounterMap>,
    passes: Vec<Pass>,
    sampling: Sampling,
    watcher: Watcher,
    least_threshold: LeastThreshold,
    scope: ScopeTable,
    /// Sweeps until the second pass is made again.
    second_in: u32,
    /// Sweeps that were begun.
    sweeps: u64,
}

impl Sweeper {
    /// With the iterators that [`load`] has loaded.
    pub(crate) fn new(
        ebpf: Ebpf,
        passes: Vec<Pass>,
        orders: Array<MapData, Pod<SweepOrders>>,
        counters: Arc<CounterMap>,
        watcher: Watcher,
        least_threshold: LeastThreshold,
        scope: ScopeTable,
    ) -> Self {
        Self {
            ebpf,
            orders,
            counters,
            passes,
            sampling: Sampling::new(),
            watcher,
            least_threshold,
            scope,
            second_in: 0,
            sweeps: 0,
        }
    }

    /// One pass over all sockets. Blocks while the kernel walks. `until_next` is the time
    /// in which the next one will have come by at the latest: what passes its threshold
    /// before counts as silent now, and what comes to its timeout before is shown.
    ///
    /// # Errors
    ///
    /// [`KernelError::Sweep`] where the kernel refuses an iterator or breaks off.
    pub fn sweep(
        &mut self,
        mode: SweepMode,
        until_next: Duration,
    ) -> Result<SweepReport, KernelError> {
        let mut batch = Batch::default();
        let report = self.walk(mode, until_next, &mut batch)?;
        Ok(SweepReport {
            rows_dropped: batch.dropped,
            samples_dropped: batch.samples_dropped,
            rows: batch.into_kept(),
            ..report
        })
    }

    /// The same for a listing: all connections, each handed to `each` as it is found, and none in the report. The kernel
    /// and every sweep wait for `each`.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn list(
        &mut self,
        until_next: Duration,
        each: impl FnMut(&Fact),
    ) -> Result<SweepReport, KernelError> {
        self.walk(SweepMode::All, until_next, &mut Each::new(each))
    }

    fn walk(
        &mut self,
        mode: SweepMode,
        until_next: Duration,
        batch: &mut impl Collect,
    ) -> Result<SweepReport, KernelError> {
        let begun = Instant::now();
        let cpu = cpu_time()?;
        let before = self.counters()?;
        self.scope.refresh()?;
        let silent = match mode {
            SweepMode::Findings => self.watcher.silent(),
            SweepMode::All => SilentSockets::Ignored,
        };
        self.sweeps += 1;
        let least = self.least_threshold.ns();
        self.order(SweepOrder {
            sweep: self.sweeps,
            ..self.sampling.order(mode, silent, until_next, least)
        })?;
        let mut report = SweepReport {
            one_in: self.sampling.one_in(),
            started_ns: monotonic_ns()?,
            ..SweepReport::default()
        };
        // What ended a silence by now is told before the rows that show the socket after it.
        self.revisit_around(mode);
        for (place, (program, target)) in self.passes.clone().into_iter().enumerate() {
            let second = place > 0 && mode == SweepMode::Findings;
            if second && self.second_in > 0 {
                self.second_in -= 1;
                continue;
            }
            let found = batch.found();
            let failed = |source| KernelError::Sweep {
                what: target,
                source,
            };
            let mut newcomers = Newcomers::default();
            let take = |row: &SweptSocket| newcomers.take(row, batch);
            iterator::run(&mut self.ebpf, program, take).map_err(failed)?;
            // The next pass knows no processes: what these alone hold is theirs before it.
            newcomers.hand_on(batch);
            if second && batch.found() == found {
                self.second_in = SECOND_EVERY - 1;
            }
        }
        // Takes the snapshots that the sweep has asked for.
        self.revisit_around(mode);
        let now = self.counters()?;
        let since = |counter| now.get(counter).saturating_sub(before.get(counter));
        let elsewhere = if mode == SweepMode::Findings {
            report.callbacks = self.watcher.callbacks(&mut self.ebpf);
            let suspects = now.suspects();
            self.watcher
                .swept(&mut self.ebpf, since(Counter::SweepSilent), suspects)
        } else {
            Duration::ZERO
        };
        report.ended_ns = monotonic_ns()?;
        report.took = begun.elapsed();
        report.cpu = cpu_time()?.saturating_sub(cpu) + elsewhere;
        report.sockets = since(Counter::SweepSockets);
        report.receives = self.watcher.receives();
        report.scope_missing = self.scope.missing().map(str::to_owned);
        if mode == SweepMode::Findings {
            let due = since(Counter::SweepSamplesWithin);
            self.sampling.advance(report.sockets, due);
        }
        Ok(report)
    }

    /// Tells the next pass what it is to write out. Rows for a listing are not judged: what waits is shown again by the
    /// next sweep that is.
    fn order(&mut self, order: SweepOrder) -> Result<(), KernelError> {
        let refused = KernelError::map("SWEEP_ORDER");
        let Pod(before) = self.orders.get(&0, 0).map_err(refused)?;
        let orders = if order.mode == SweepMode::Findings as u32 {
            SweepOrders {
                order,
                last: before.now,
                now: Awaited::NONE,
            }
        } else {
            SweepOrders { order, ..before }
        };
        let refused = KernelError::map("SWEEP_ORDER");
        self.orders.set(0, Pod(orders), 0).map_err(refused)
    }

    /// Looks again at the silent sockets of which a snapshot is kept, and tells what came since as facts; `None` where
    /// that is not the way of watching.
    ///
    /// # Errors
    ///
    /// [`KernelError::Sweep`] where the kernel refuses the iterator or breaks off.
    pub fn revisit(&mut self) -> Option<Result<Revisited, KernelError>> {
        let done = self.watcher.revisit()?;
        Some(done.map_err(|source| KernelError::Sweep {
            what: "snapshots of silent sockets",
            source,
        }))
    }

    /// The same before and after a sweep. Rows for a listing are not judged, and it asks for no snapshot.
    fn revisit_around(&mut self, mode: SweepMode) {
        if mode == SweepMode::Findings
            && let Some(Err(failed)) = self.revisit()
        {
            tracing::warn!("{failed}");
        }
    }

    /// Watches less from now on, down to sweeps: hooks that this level does without are let go of, and what is kept of
    /// sockets stays. `hooks` are those that were there, and then those that are; `btf` is where the kernel's types are.
    ///
    /// # Errors
    ///
    /// [`StepError`]; some of the hooks may be gone then.
    pub(crate) fn lower(
        &mut self,
        to: WatchLevel,
        btf: &Path,
        hooks: &mut Vec<HookStatus>,
    ) -> Result<(), StepError> {
        if let WatchLevel::Way(way) = to {
            // First what takes the place of others, so that there is no moment without either.
            let btf = read_btf(btf)?;
            let watcher = watch::start_snapshots(&mut self.ebpf, &btf, &self.counters);
            let watcher = watcher.map_err(|refusal| StepError::NotHere {
                way: way.name(),
                refusal,
            })?;
            attach::detach_all(&mut self.ebpf, hooks, |hook| {
                hook.only.is_none_or(|only| only == way)
            })?;
            hooks.extend(watcher.status());
            self.watcher = watcher;
            return Ok(());
        }
        let own = self.watcher.status();
        self.unwatch()?;
        self.watcher = Watcher::Nothing;
        watch::unload(&mut self.ebpf);
        hooks.retain(|status| own.as_ref().is_none_or(|own| status.hook != own.hook));
        Ok(attach::detach_all(&mut self.ebpf, hooks, |_| false)?)
    }

    /// Loads the program that sets timers of sockets; answers what that cost, or `None` where it was loaded before.
    ///
    /// # Errors
    ///
    /// [`ActError::Timers`] where this kernel does not take it.
    pub fn load_timers(&mut self, btf: &Path) -> Result<Option<ProgramCost>, ActError> {
        act::timers::load(&mut self.ebpf, btf)
    }

    /// Sets timers of sockets, and writes what came of each into its `done`; answers why some could not be tried, by their
    /// network namespaces. `btf` is where the kernel's types are.
    ///
    /// # Errors
    ///
    /// [`ActError::Timers`] where this kernel does not let it, or the program cannot be loaded.
    pub fn set_timers(
        &mut self,
        btf: &Path,
        timers: &mut [Timers],
    ) -> Result<BTreeMap<u32, ActError>, ActError> {
        act::timers::set(&mut self.ebpf, btf, timers)
    }

    fn counters(&self) -> Result<Counters, KernelError> {
        counters::read(&self.counters)
    }

    /// Leaves no callback of this daemon on any socket. The hooks stay attached.
    ///
    /// # Errors
    ///
    /// [`KernelError::Sweep`] where some may be left; the next start clears them.
    pub fn unwatch(&mut self) -> Result<(), KernelError> {
        self.watcher
            .clear(&mut self.ebpf)
            .map_err(|source| KernelError::Sweep {
                what: "marked sockets",
                source,
            })
    }
}

fn cpu_time() -> Result<Duration, KernelError> {
    thread_cpu().map_err(KernelError::system("reading this thread's CPU time"))
}

fn monotonic_ns() -> Result<u64, KernelError> {
    Reading::now()
        .map(|reading| reading.monotonic_ns)
        .map_err(KernelError::system("reading the clock"))
}
