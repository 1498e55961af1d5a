//! Less is watched, or more again: what of the daemon's knowledge goes with the kernel side, and what comes anew.

use super::{Core, level_of};
use crate::daemon::below::Below;
use crate::daemon::cpu_use::CpuUse;
use monitor_common::Counter;
use monitor_judge::Input;
use monitor_kernel::{Callbacks, HookStatus, ProgramTimes, Tables, WatchLevel};
use monitor_model::agent::AgentChange;
use std::cmp::Ordering;

impl Core {
    /// As much is watched as this level says, by these hooks, with these tables where the kernel side was loaded anew.
    pub(in super::super) fn stepped(
        &mut self,
        level: WatchLevel,
        hooks: &[HookStatus],
        anew: Option<Tables>,
        down: Ordering,
    ) {
        self.level = level;
        self.revisits_fail_since = None;
        self.callbacks = Callbacks::Heard;
        self.pace.stretch(level == WatchLevel::Sweeps);
        self.keep_counts(anew.is_some() || level == WatchLevel::Detached);
        if level == WatchLevel::Detached {
            self.tables = None;
            self.unseen = true;
        }
        if let Some(tables) = anew {
            self.tables = Some(tables);
            match self.put_paths() {
                Ok(first) => {
                    for (id, path) in (first..).zip(&mut self.paths) {
                        path.id = id;
                    }
                    // No fact: no verdict comes of it, so no moment matters.
                    self.tell_judge(&Input::Paths(self.paths.clone()), 0);
                }
                Err(error) => tracing::error!("{error}; some of the paths are not in force"),
            }
        }
        let metrics = &mut self.sinks.metrics;
        let hooks = hooks.iter();
        metrics.hooks(hooks.map(|status| (status.hook, status.mechanism.as_deref())));
        metrics.watching(level_of(level));
        metrics.snapshots = 0;
        match down {
            Ordering::Greater => *metrics.step_downs.entry(level.name()).or_default() += 1,
            Ordering::Less => metrics.step_ups += 1,
            Ordering::Equal => {}
        }
        self.tell_of_agent(AgentChange::Watching {
            level: level.name().to_owned(),
            less: !matches!(level, WatchLevel::Way(_)),
        });
    }

    /// The kernel side goes, and with it what it counts: so much is known for the last time. With its storage its
    /// suspects go.
    fn keep_counts(&mut self, goes: bool) {
        if !goes || self.tables.is_none() {
            return;
        }
        if let Some(now) = self.now() {
            self.tell_gaps(now);
        }
        if let Err(error) = self.count_kernel() {
            tracing::warn!("{error}");
        }
        let counters = &mut self.sinks.metrics.counters;
        if let Some(created) = counters.get(&Counter::SuspectsCreated).copied() {
            counters.insert(Counter::SuspectsRemoved, created);
        }
    }

    /// Why less is watched than at the start, if it is.
    pub(in super::super) fn below(&mut self, below: Option<Below>) {
        self.sinks.metrics.stepped_down = below.is_some();
        self.below = below;
    }

    /// So much of a core was taken of late, and so much may be.
    pub(in super::super) fn measured(&mut self, cpu: CpuUse, budget: Option<f64>) {
        let metrics = &mut self.sinks.metrics;
        metrics.cpu_share = cpu.share();
        metrics.cpu_programs_share = cpu.programs.unwrap_or(0.0);
        metrics.cpu_budget = budget.unwrap_or(f64::INFINITY);
    }

    /// The programs of the hooks, to be asked how long they run; `None` while nothing is attached.
    pub(in super::super) fn program_times(&self) -> Option<ProgramTimes> {
        self.tables.as_ref().map(Tables::program_times)
    }
}
