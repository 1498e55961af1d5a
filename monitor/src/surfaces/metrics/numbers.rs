//! Every number that `/metrics` shows, and how it comes in.

use super::by_workload::{ByWorkload, Workloads};
use super::new_series::NewSeries;
use crate::own_process::ProcessNumbers;
use crate::owner::OwnerCounters;
use crate::pushed::Pushed;
use crate::surfaces::sink::Sink;
use monitor_common::{Counter, GapHistogram};
use monitor_judge::alerts::AlertStats;
use monitor_judge::{JudgeStats, StallEnd, StallTimes};
use monitor_model::alert::{Alert, AlertState};
use monitor_model::finding::{Finding, FindingClass, FindingKind};
use monitor_model::histogram::Histogram;
use monitor_model::listing::IdleState;
use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::io;
use std::time::{Duration, Instant};

/// The label of connections without a path. No path can have this name.
const NO_PATH_LABEL: &str = "none";

/// The label of a hook that nothing serves.
const NO_MECHANISM: &str = "none";

/// Upper bounds in seconds of the time from a fact to its finding: the ring is read at once, a sweep's rows once it is over.
const DELAYS: &[f64] = &[
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0,
];

/// What is known of sockets whose timers were set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HealNumbers {
    /// How many have them now, by path: each path that is healed is here.
    pub sockets: BTreeMap<String, u64>,
    /// What came of looks at sockets there, by path and result.
    pub results: BTreeMap<(String, &'static str), u64>,
    /// Whether it was stopped.
    pub stopped: bool,
    /// Why none can be set; `None` where that works.
    pub refused: Option<String>,
    /// How often what sockets had could not be noted for the daemon's next start.
    pub not_saved: u64,
}

/// Every number that `/metrics` shows. What is counted elsewhere, where it only grows, is
/// taken over as it is: the public members.
#[derive(Debug, Default)]
pub struct Metrics {
    /// The judge's numbers.
    pub judge: JudgeStats,
    /// Numbers about the alerts.
    pub alerts: AlertStats,
    /// The owner resolver's numbers.
    pub owners: OwnerCounters,
    /// How often nobody could tell whether an address is on an interface.
    pub own_addresses_unknown: u64,
    /// What became of questions to this host's own tables of connections.
    pub local_conntrack: BTreeMap<&'static str, u64>,
    /// Clients of the inspection socket now.
    pub inspect_clients: u64,
    /// Clients of the inspection socket turned away because there were too many.
    pub inspect_refused: u64,
    /// Clients of the inspection socket cut off because they took nothing of an answer for too long.
    pub inspect_cut: u64,
    /// Lists, and single connections, that a sweep was made for, and those that were told from one for somebody else.
    pub lists: [u64; 2],
    /// Connections of the HTTP server that were cut, by why and the room that they were in.
    pub http_cut: BTreeMap<[&'static str; 2], u64>,
    /// HTTP requests and handshakes that were refused, by reason.
    pub http_refused: BTreeMap<&'static str, u64>,
    /// Findings that watching clients missed because they read too slowly.
    pub watch_lagged: u64,
    /// What did not reach the readers of a surface with a thread of its own, by its name.
    pub dropped: HashMap<&'static str, u64>,
    /// What was pushed to each Alertmanager.
    pub pushed: Vec<Pushed>,
    /// What the daemon said of itself and could not write.
    pub messages_dropped: u64,
    /// Findings beyond the log's rate.
    pub findings_left_out: u64,
    /// What the daemon had to say of itself beyond that rate.
    pub messages_left_out: u64,
    /// Times that the alerts could not be saved for the next start.
    pub alerts_not_saved: u64,
    /// Parts of what an earlier daemon has learned of timeouts that could not be read.
    pub learned_unread: u64,
    /// Times that what is learned of timeouts could not be saved.
    pub learned_not_saved: u64,
    /// The history; `None` where none is to be kept.
    pub history: Option<HistoryShown>,
    /// What the judge was told and its recording lacks.
    pub recording_dropped: u64,
    /// Whether the processes of the whole host are seen.
    pub host_processes_seen: bool,
    /// Whether all that the scope names was there at the last sweep.
    pub scope_found: bool,
    /// Size of the buffer that brings facts to the daemon, in bytes.
    pub ring_bytes: u64,
    /// Counters of the kernel side, summed over all CPUs.
    pub counters: HashMap<Counter, u64>,
    /// Calls that the kernel did not run a program for, by program.
    pub program_misses: BTreeMap<String, u64>,
    /// Whether the kernel counts runs of programs and their time.
    pub program_stats_enabled: bool,
    /// Runs of a program, and the time they took; none while the kernel does not count them.
    pub program_runs: BTreeMap<String, (u64, Duration)>,
    /// The daemon as a process; what cannot be read is `None`.
    pub process: ProcessNumbers,
    /// Whether the daemon does its work, as `/readyz` says.
    pub ready: bool,
    /// Whether the configuration could be put in force when it was read last.
    pub config_reloaded: bool,
    /// When one was put in force last, in seconds since 1970.
    pub config_reloaded_unix_seconds: f64,
    pub(super) workloads: Workloads,
    delays: HashMap<FindingClass, Histogram>,
    stall_times: NewSeries<[&'static str; 2], Histogram>,
    pub(super) paths: BTreeMap<String, OnPath>,
    pub(super) hooks: Vec<[String; 2]>,
    /// By name, path, owner of the path (empty for none) and severity. An alert that has ended stays at 0, so that a graph
    /// shows its end.
    pub(super) firing: BTreeMap<[String; 4], u64>,
    /// Likewise those that wait.
    pub(super) pending: BTreeMap<[String; 4], u64>,
    /// Where sweeps come too rarely: what is over within so long is not seen.
    pub sweep_unseen: Duration,
    /// Silent sockets of which a snapshot is kept.
    pub snapshots: u64,
    /// Sockets whose timers were set.
    pub heal: HealNumbers,
    /// Whether less is watched than at the start, to keep `cpu_budget`.
    pub stepped_down: bool,
    /// Steps to less, by where they led.
    pub step_downs: BTreeMap<&'static str, u64>,
    /// Steps to more.
    pub step_ups: u64,
    /// What daemon and kernel programs took of one core in the last part of a window.
    pub cpu_share: f64,
    /// The programs' part of it, where it is known.
    pub cpu_programs_share: f64,
    /// What they may take; infinite where that is off.
    pub cpu_budget: f64,
    /// How much is watched: each level, and whether it is in force.
    pub(super) levels: Vec<(&'static str, bool)>,
    pub(super) last_sweep: SweepNumbers,
    pub(super) sweeps: u64,
    pub(super) rows_dropped: u64,
    pub(super) samples_dropped: u64,
    pub(super) callbacks_detached: u64,
}

/// What is known of the history.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct HistoryShown {
    /// Whether it is kept: not while the disk refuses.
    pub kept: bool,
    /// Times that the disk refused.
    pub refused: u64,
    /// Length of all its files, in bytes.
    pub bytes: u64,
    /// Its files.
    pub segments: u64,
    /// When the oldest of them was begun, in s since 1970, if there is one.
    pub oldest: Option<u64>,
    /// Records written.
    pub written: u64,
    /// Records that went because of the bounds.
    pub let_go: u64,
    /// Ends of files that were cut because they were no whole record.
    pub cut: u64,
    /// Files that cannot be read, and those that are not of the history.
    pub unread: [u64; 2],
}

/// The values of a series' labels, in the order of their names.
pub(super) type Labels = Vec<String>;

/// They, and the series' own.
pub(super) type Sample = (Labels, u64);

/// How many connections are silent, by path and by the worst that their silence comes to.
pub type SilentCounts<'a> = HashMap<(Option<&'a str>, IdleState), u64>;

/// What is counted by path.
#[derive(Debug, Default)]
pub(super) struct OnPath {
    pub(super) findings: HashMap<FindingKind, u64>,
    pub(super) silent: HashMap<IdleState, u64>,
    pub(super) gaps: GapHistogram,
    pub(super) timeout: Option<Duration>,
    /// The bounds of it that were learned: it is longer than the first, and no longer than the second.
    pub(super) learned: [Option<Duration>; 2],
}

/// A path that has series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PathNumbers<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its idle timeout.
    pub timeout: Duration,
}

/// What one sweep found.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SweepNumbers {
    /// How long it took.
    pub duration: Duration,
    /// The interval in force, stretched or not.
    pub interval: Duration,
    /// Sockets it walked.
    pub sockets: u64,
    /// Whether a program runs on received segments of all sockets since.
    pub receives: bool,
    /// Connections that it found and had no room for.
    pub rows_dropped: u64,
    /// Samples that it found and had no room for.
    pub samples_dropped: u64,
    /// Whether another process had detached the callbacks of watched sockets, which are attached again.
    pub callbacks_detached: bool,
}

impl Metrics {
    /// Metrics with series for these paths.
    pub fn new<'a>(paths: impl IntoIterator<Item = PathNumbers<'a>>) -> Self {
        let mut metrics = Self::default();
        metrics.set_paths(paths);
        metrics
    }

    /// Gives these paths series, and takes those of others away (a reload).
    pub fn set_paths<'a>(&mut self, paths: impl IntoIterator<Item = PathNumbers<'a>>) {
        let wanted: BTreeMap<&str, Duration> = paths
            .into_iter()
            .map(|path| (path.name, path.timeout))
            .collect();
        let keeps = |path: &str| path == NO_PATH_LABEL || wanted.contains_key(path);
        self.paths.retain(|path, _| keeps(path));
        self.workloads.keep_paths(keeps);
        self.on(None);
        for (path, timeout) in wanted {
            self.on(Some(path)).timeout = Some(timeout);
        }
    }

    /// Says which findings count by workload from now on, and for how many workloads.
    pub fn count_by_workload(&mut self, by: ByWorkload) {
        self.workloads.set(by);
    }

    /// A finding of this kind was told so long after the fact that settled it.
    pub fn told_after(&mut self, kind: FindingClass, delay: Duration) {
        let delays = self.delays.entry(kind);
        let delays = delays.or_insert_with(|| Histogram::new(DELAYS));
        delays.add(delay.as_secs_f64());
    }

    /// Replaces what is known of stalls that are over.
    pub fn stalls_lasted(&mut self, times: &StallTimes) {
        let named = times
            .all()
            .map(|((cause, end), times)| ([cause.name(), end_name(end)], times));
        self.stall_times.replace(named);
    }

    /// All is brought up to date, and about to be shown.
    pub fn about_to_show(&mut self, now: Instant) {
        self.workloads.about_to_show(now);
        self.stall_times.about_to_show(now);
    }

    /// A configuration was put in force at `unix_ns` since 1970, or `None`: it could not be.
    pub fn config_read(&mut self, unix_ns: Option<i64>) {
        self.config_reloaded = unix_ns.is_some();
        if let Some(unix_ns) = unix_ns {
            // To the ms: what a timestamp has everywhere else.
            self.config_reloaded_unix_seconds = unix_ns.div_euclid(1_000_000) as f64 / 1_000.0;
        }
    }

    pub(super) fn delays(&self) -> impl Iterator<Item = (FindingClass, Histogram)> {
        FindingClass::ALL.into_iter().map(|kind| {
            let known = self.delays.get(&kind).cloned();
            (kind, known.unwrap_or_else(|| Histogram::new(DELAYS)))
        })
    }

    pub(super) fn stall_times(&self) -> impl Iterator<Item = (&[&'static str; 2], Histogram)> {
        self.stall_times.shown(Histogram::emptied)
    }

    /// Replaces the alerts that fire, and those that are pending.
    pub fn count_alerts(&mut self, alerts: impl IntoIterator<Item = Alert>) {
        for counts in [&mut self.firing, &mut self.pending] {
            counts.values_mut().for_each(|count| *count = 0);
        }
        for alert in alerts {
            let counts = match alert.state {
                AlertState::Pending => &mut self.pending,
                AlertState::Firing => &mut self.firing,
                AlertState::Over => continue,
            };
            let severity = alert.severity.name().to_owned();
            let path_owner = alert.path_owner.unwrap_or_default();
            let labels = [alert.name, alert.path, path_owner, severity];
            *counts.entry(labels).or_default() += 1;
        }
    }

    /// Takes in what a completed sweep found.
    pub fn sweep(&mut self, sweep: SweepNumbers) {
        self.sweeps += 1;
        self.rows_dropped += sweep.rows_dropped;
        self.samples_dropped += sweep.samples_dropped;
        self.callbacks_detached += u64::from(sweep.callbacks_detached);
        self.last_sweep = sweep;
    }

    /// Replaces the counts of silent connections by those of a sweep.
    pub fn silent(&mut self, silent: &SilentCounts<'_>) {
        for path in self.paths.values_mut() {
            path.silent.clear();
        }
        for ((path, silence), count) in silent {
            self.on(*path).silent.insert(*silence, *count);
        }
    }

    /// Takes in the kernel's histogram of gaps on a path; `None` for connections without one.
    pub fn gaps(&mut self, path: Option<&str>, gaps: GapHistogram) {
        self.on(path).gaps = gaps;
    }

    /// Replaces the bounds of a path's timeout that were learned.
    pub fn learned(&mut self, path: Option<&str>, bounds: [Option<Duration>; 2]) {
        self.on(path).learned = bounds;
    }

    /// Replaces the hooks, each with its mechanism if it has one.
    pub fn hooks<'a>(&mut self, hooks: impl IntoIterator<Item = (&'a str, Option<&'a str>)>) {
        let labels = |(hook, mechanism): (&str, Option<&str>)| {
            [hook, mechanism.unwrap_or(NO_MECHANISM)].map(str::to_owned)
        };
        self.hooks = hooks.into_iter().map(labels).collect();
    }

    /// The hooks, each with the mechanism that serves it; without one where none does.
    pub fn hooks_shown(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        let hooks = self.hooks.iter();
        hooks.map(|[hook, mechanism]| {
            let mechanism = Some(mechanism.as_str()).filter(|mechanism| *mechanism != NO_MECHANISM);
            (hook.as_str(), mechanism)
        })
    }

    /// What the last sweep found.
    pub fn last_sweep(&self) -> SweepNumbers {
        self.last_sweep
    }

    /// Sweeps that were made.
    pub fn sweeps(&self) -> u64 {
        self.sweeps
    }

    /// Connections that sweeps found and had no room for.
    pub fn rows_dropped(&self) -> u64 {
        self.rows_dropped
    }

    /// Replaces the levels of watching, each with whether it is in force.
    pub fn watching(&mut self, levels: impl IntoIterator<Item = (&'static str, bool)>) {
        self.levels = levels.into_iter().collect();
    }

    /// A path's numbers. A finding may still name one that a reload took away; its
    /// series then live until the next reload.
    fn on(&mut self, path: Option<&str>) -> &mut OnPath {
        let path = path.unwrap_or(NO_PATH_LABEL);
        self.paths.entry(path.to_owned()).or_default()
    }

    pub(super) fn counter(&self, counter: Counter) -> u64 {
        count(&self.counters, &counter)
    }

    /// What `samples` takes of each path.
    pub(super) fn by_path<'a, S: IntoIterator<Item = Sample>>(
        &'a self,
        samples: impl Fn(&'a str, &'a OnPath) -> S,
    ) -> Vec<Sample> {
        let paths = self.paths.iter();
        paths.flat_map(|(path, on)| samples(path, on)).collect()
    }
}

impl Sink for Metrics {
    fn on_finding(&mut self, finding: &Finding) -> io::Result<()> {
        let path = finding.path.as_deref();
        *self.on(path).findings.entry(finding.kind).or_default() += 1;
        let path = path.unwrap_or(NO_PATH_LABEL);
        self.workloads.count(finding, path);
        Ok(())
    }
}

/// How a stall ended, as the label has it.
const fn end_name(end: StallEnd) -> &'static str {
    match end {
        StallEnd::Moved => "moved",
        StallEnd::AnotherCause => "another_cause",
        StallEnd::EndedBadly => "ended_badly",
        StallEnd::EndedInPeace => "ended_in_peace",
        StallEnd::LeftByClient => "left_by_client",
        StallEnd::EndedByOperator => "ended_by_operator",
        StallEnd::LeftByApplication => "left_by_application",
        StallEnd::LostSight => "lost_sight",
    }
}

/// One of several counts: 0 where nothing was counted.
pub(super) fn count<K: Eq + Hash>(counts: &HashMap<K, u64>, key: &K) -> u64 {
    counts.get(key).copied().unwrap_or_default()
}
