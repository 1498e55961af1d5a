//! What is shown of what the daemon knows: whether it is ready, and its numbers.

use super::Core;
use crate::daemon::below::{percent, unseen};
use crate::daemon::lister::rounded;
use crate::surfaces::readiness::{self, Health, SteppedDown};
use crate::surfaces::recording::Recorder;
use monitor_common::Counter;
use monitor_kernel::{Callbacks, HostView, KernelError, WatchLevel};
use monitor_model::learned::{FirstWord, LearnedTimeout};
use monitor_model::path_state::{FoundInTime, PathState};
use monitor_model::time::Timestamp;
use std::collections::BTreeMap;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

/// Prefixes that are told of what was learned of one path, at most.
const MOST_LEARNED: usize = 8;

impl Core {
    /// Whether the daemon does its work, and what else is to be said.
    pub(in super::super) fn readiness(&self) -> Result<String, readiness::NotReady> {
        let blind = !self.view.processes && !HostView::sees_others();
        let deaf = match self.callbacks {
            Callbacks::Heard => None,
            Callbacks::Restored => Some(true),
            Callbacks::Lost => Some(false),
        };
        let stepped_down = self.below.map(|below| SteppedDown {
            to: self.level.name(),
            took: percent(below.share),
            budget: percent(below.budget),
            unseen: unseen(self.level),
            again_in: below.again.saturating_duration_since(Instant::now()),
            ready: matches!(self.level, WatchLevel::Way(_)),
        });
        readiness::readiness(&Health {
            stepped_down,
            since_sweep: self.last_sweep.map(|at| at.elapsed()),
            interval: self.pace.between_looks(),
            blind,
            deaf,
            revisits_fail: self.revisits_fail_since.map(|at| at.elapsed()),
            rare: self.pace.too_rare(),
        })
    }

    /// The metrics in Prometheus' text format, all numbers brought up to date.
    pub(in super::super) fn render_metrics(&mut self) -> Result<String, String> {
        self.count_kernel().map_err(|error| error.to_string())?;
        self.sinks.count();
        self.count_learned();
        let ready = self.readiness().is_ok();
        let metrics = &mut self.sinks.metrics;
        metrics.ready = ready;
        metrics.process = self.process.read();
        metrics.judge = self.judge.stats();
        metrics.stalls_lasted(self.judge.stall_times());
        metrics.owners = self.owners.counters();
        metrics.own_addresses_unknown = self.interfaces.unknown();
        metrics.local_conntrack = self.local_tables.counts().into();
        metrics.inspect_clients = self.api.clients.load(Relaxed);
        metrics.inspect_refused = self.api.refused.load(Relaxed);
        metrics.inspect_cut = self.api.cut.load(Relaxed);
        metrics.lists =
            [&self.api.lists_own, &self.api.lists_shared].map(|lists| lists.load(Relaxed));
        metrics.http_cut = self.http.cut().collect();
        metrics.http_refused = self.http.refused().collect();
        metrics.watch_lagged = self.api.lagged.load(Relaxed);
        metrics.messages_dropped = self.messages.dropped();
        metrics.messages_left_out = self.messages.left_out();
        metrics.learned_unread = self.learned.unread();
        metrics.learned_not_saved = self.learned.not_saved();
        metrics.recording_dropped = self.recorder.as_ref().map_or(0, Recorder::dropped);
        metrics.about_to_show(Instant::now());
        Ok(metrics.render())
    }

    /// Each path in its order in the configuration, behind them connections without one.
    pub(in super::super) fn path_states(&mut self) -> Result<Vec<PathState>, String> {
        self.count_gaps().map_err(|error| error.to_string())?;
        let mut states: BTreeMap<String, PathState> = self
            .sinks
            .metrics
            .path_states()
            .map(|state| (state.path.clone(), state))
            .collect();
        let mut all = Vec::with_capacity(states.len());
        for path in &self.paths {
            let Some(state) = states.remove(&path.name) else {
                continue;
            };
            let [longest, shortest] = self.judge.silences_of(&path.name);
            let (learned, learned_more) = self.learned(Some(&path.name));
            all.push(PathState {
                preset: self.presets.get(&path.name).cloned(),
                learned,
                learned_more,
                stated: path.stated,
                clock: Some(path.clock),
                longest_survived_gap_seconds: longest.map(rounded),
                shortest_failed_gap_seconds: shortest.map(rounded),
                ..state
            });
        }
        for state in states.into_values() {
            // Behind them stands a path that a reload took away, too: of that nothing is said but its counts.
            let (learned, learned_more) = match state.timeout_seconds {
                None => self.learned(None),
                Some(_) => Default::default(),
            };
            all.push(PathState {
                learned,
                learned_more,
                ..state
            });
        }
        Ok(all)
    }

    /// What was learned of a path's timeout (`None`: of connections without one), and how much more there is.
    fn learned(&self, path: Option<&str>) -> (Vec<LearnedTimeout>, u64) {
        let mut learned = self.judge.learned(path);
        let more = learned.len().saturating_sub(MOST_LEARNED) as u64;
        learned.truncate(MOST_LEARNED);
        (learned, more)
    }

    /// What was found in the last hours; nothing where no clock can be read.
    pub(in super::super) fn found_lately(&self) -> Vec<FoundInTime> {
        let now = self.now().map(|now| Timestamp::of(now.wall_unix_ns));
        now.map_or_else(Vec::new, |now| self.sinks.lately.slots(now))
    }

    /// Of each path the bounds that hold where they are narrowest: the shortest timeout that was learned to any prefix.
    fn count_learned(&mut self) {
        let paths = self.paths.iter();
        for path in paths.map(|path| Some(path.name.as_str())).chain([None]) {
            let learned = self.judge.learned(path);
            let ours = learned.iter().find(|one| one.first_word == FirstWord::Us);
            let bounds = ours.map(|one| [one.at_least_seconds, one.at_most_seconds]);
            let bounds = bounds.unwrap_or_default();
            let bounds = bounds.map(|bound| Some(Duration::from_secs_f64(bound?)));
            self.sinks.metrics.learned(path, bounds);
        }
    }

    pub(super) fn count_kernel(&mut self) -> Result<(), KernelError> {
        let metrics = &mut self.sinks.metrics;
        metrics.program_runs.clear();
        let Some(tables) = &self.tables else {
            return Ok(());
        };
        let counters = tables.counters()?;
        metrics.counters = Counter::ALL
            .map(|counter| (counter, counters.get(counter)))
            .into();
        let runs = tables.program_runs();
        metrics.program_stats_enabled = runs.counted;
        for program in runs.programs {
            if let (Some(runs), Some(time)) = (program.runs, program.run_time) {
                metrics
                    .program_runs
                    .insert(program.name.clone(), (runs, time));
            }
            if let Some(missed) = program.missed {
                // A program that cannot be asked for once keeps its number.
                metrics.program_misses.insert(program.name, missed);
            }
        }
        self.count_gaps()
    }

    fn count_gaps(&mut self) -> Result<(), KernelError> {
        let metrics = &mut self.sinks.metrics;
        let Some(tables) = &self.tables else {
            return Ok(());
        };
        metrics.gaps(None, tables.gaps(None)?);
        for path in &self.paths {
            metrics.gaps(Some(&path.name), tables.gaps(Some(path.id))?);
        }
        Ok(())
    }
}
