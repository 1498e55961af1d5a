//! What the daemon knows, behind one lock: facts go in here, and come out at the
//! surfaces. How they go to the judge is in [`to_judge`], what changes with how much is watched is in [`levels`], what the daemon tells of itself in [`events`], what is shown of it all in [`numbers`].

mod agent;
mod events;
mod levels;
mod numbers;
mod to_judge;

use super::below::Below;
use super::error::DaemonError;
use super::gap_summaries::GapSummaries;
use super::heal::Healer;
use super::learned_file::LearnedFile;
use super::lister::Lister;
use super::local_tables::LocalTables;
use super::options::Options;
use super::own_events::OwnEvents;
use super::paths;
use super::remembered::Remembered;
use super::self_test;
use super::sinks::Sinks;
use super::sweep_interval::SweepPace;
use crate::config::Config;
use crate::own_process::OwnProcess;
use crate::owner::Owners;
use crate::sandbox::Entered;
use crate::surfaces::alertmanager::Notifier;
use crate::surfaces::api::{ApiCounters, Feed};
use crate::surfaces::http::{AllowedHosts, HttpCounters};
use crate::surfaces::messages::Messages;
use crate::surfaces::metrics::{ByWorkload, HealNumbers, SweepNumbers};
use crate::surfaces::recording::Recorder;
use crate::worker::LAST_WORDS;
use monitor_common::Fact;
use monitor_judge::alerts::Alerts;
use monitor_judge::{Input, Judge, JudgedPath, Known};
use monitor_kernel::{
    Callbacks, FactRing, HookStatus, HostView, Interfaces, KernelError, Reading, Revisited,
    SleepLog, SweepReport, TablePath, Tables, WatchLevel, jiffy_ns,
};
use monitor_model::agent::AgentChange;
use monitor_model::path_state::PathPreset;
use monitor_model::time::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Rows of a sweep after which the ring is read: a sweep may have 65,536 rows, and
/// facts go on coming.
const ROWS_A_TURN: u32 = 256;

/// Rows that are handed over between two returns of their memory.
const ROWS_GIVEN_BACK: usize = 4_096;

/// How long the end waits for a recording: its queue may hold 45 MB, which a slow disk takes in this time.
const LAST_RECORD: Duration = Duration::from_secs(10);

/// What a [`Core`] is made of.
pub(super) struct Parts<'a> {
    pub(super) options: &'a Options,
    pub(super) config: &'a Config,
    pub(super) tables: Tables,
    pub(super) level: WatchLevel,
    pub(super) hooks: &'a [HookStatus],
    pub(super) ring_bytes: u64,
    pub(super) feed: Feed,
    pub(super) api: Arc<ApiCounters>,
    pub(super) http: Arc<HttpCounters>,
    pub(super) hosts: AllowedHosts,
    pub(super) notifier: Option<Notifier>,
    pub(super) local_tables: LocalTables,
    pub(super) entered: Entered,
}

/// The running daemon's knowledge.
pub struct Core {
    /// None while nothing is attached.
    tables: Option<Tables>,
    kernel_paths: Vec<TablePath>,
    paths: Vec<JudgedPath>,
    presets: BTreeMap<String, PathPreset>,
    judge: Judge,
    learned: LearnedFile,
    recorder: Option<Recorder>,
    sinks: Sinks,
    remembered: Remembered,
    owners: Owners,
    interfaces: Interfaces,
    local_tables: LocalTables,
    view: HostView,
    sleeps: SleepLog,
    gap_summaries: GapSummaries,
    events: OwnEvents,
    jiffy_ns: u64,
    api: Arc<ApiCounters>,
    feed: Feed,
    started: Timestamp,
    http: Arc<HttpCounters>,
    hosts: AllowedHosts,
    messages: Messages,
    process: OwnProcess,
    /// What it gave up at its start.
    entered: Entered,
    /// As it was at the start; of a reload only the paths, the pace of sweeps, the allowed hosts and the log's rate are
    /// taken.
    config: Config,
    pace: SweepPace,
    /// Within how much time a look of the last sweep is followed by another.
    next_look: Duration,
    /// Of so many healthy connections the judge was told that sweeps show one.
    one_in: u32,
    last_sweep: Option<Instant>,
    /// Since when looking again at silent sockets has failed.
    revisits_fail_since: Option<Instant>,
    /// As the last sweep found them.
    callbacks: Callbacks,
    level: WatchLevel,
    /// Why that is below the one of the start.
    below: Option<Below>,
    /// Nothing was attached, and no sweep has come since: nobody has looked.
    unseen: bool,
}

impl Core {
    pub(super) fn new(mut parts: Parts<'_>) -> Result<Self, DaemonError> {
        let clock = |error: nix::Error| DaemonError::System {
            what: "cannot read the clock",
            source: error.into(),
        };
        let jiffy_ns = u64::from(jiffy_ns().map_err(clock)?);
        let kernel_paths = paths::for_kernel(parts.config);
        let first = parts.tables.set_paths(&kernel_paths)?;
        let paths = paths::for_judge(parts.config, first);
        let now = Reading::now().map_err(clock)?;
        let remembered = Remembered::default();
        let mut sinks = Sinks::new(
            parts.options,
            parts.config,
            parts.feed.clone(),
            paths::for_metrics(&paths),
            parts.notifier,
            remembered.clone(),
            now.monotonic_ns,
        )?;
        let metrics = &mut sinks.metrics;
        metrics.ring_bytes = parts.ring_bytes;
        metrics.config_read(Some(now.wall_unix_ns));
        metrics.count_by_workload(by_workload(parts.config));
        let hooks = parts.hooks.iter();
        metrics.hooks(hooks.map(|status| (status.hook, status.mechanism.as_deref())));
        metrics.watching(level_of(parts.level));
        let below = parts.level.ladder().skip(1).map(WatchLevel::name);
        metrics.step_downs = below.map(|to| (to, 0)).collect();
        parts.options.messages.limit(parts.config.log_rate);
        let view = HostView::own();
        if !view.processes {
            tracing::warn!("this daemon sees {}; {}", HostView::LACKS, HostView::REMEDY);
        }
        metrics.host_processes_seen = view.processes;
        let limits = monitor_judge::Limits {
            scoped: !parts.config.scope.is_all(),
            close_wait_ticket: parts.config.close_wait_ticket,
            ..monitor_judge::Limits::new(jiffy_ns)
        };
        let recorder = parts
            .options
            .record
            .as_ref()
            .map(|target| Recorder::start(target, limits, &paths))
            .transpose()?;
        let kept = parts.config.history.as_ref();
        let (before, learned) = LearnedFile::take_up(kept.filter(|_| parts.options.keeps_alerts));
        let mut core = Self {
            judge: Judge::new(paths.clone(), limits),
            learned,
            recorder,
            sinks,
            remembered,
            owners: Owners::new("/proc", view.process_ids),
            interfaces: Interfaces::default(),
            local_tables: parts.local_tables,
            view,
            sleeps: SleepLog::new(now),
            gap_summaries: GapSummaries::new(now),
            events: OwnEvents::default(),
            jiffy_ns,
            api: parts.api,
            feed: parts.feed,
            started: Timestamp::of(now.wall_unix_ns),
            http: parts.http,
            hosts: parts.hosts,
            messages: parts.options.messages.clone(),
            process: OwnProcess::new(),
            entered: parts.entered,
            config: parts.config.clone(),
            pace: SweepPace::new(parts.config),
            next_look: Duration::ZERO,
            one_in: 1,
            last_sweep: None,
            revisits_fail_since: None,
            callbacks: Callbacks::Heard,
            level: parts.level,
            below: None,
            unseen: false,
            tables: Some(parts.tables),
            kernel_paths,
            paths,
            presets: paths::presets(parts.config),
        };
        let now_ns = now.monotonic_ns;
        for before in before.into_iter().map(Box::new) {
            core.tell_judge(&Input::Learned { now_ns, before }, now_ns);
        }
        core.learned.is_kept(&core.judge);
        Ok(core)
    }

    /// Takes facts from the ring; answers how many.
    pub(super) fn drain(&mut self, ring: &mut FactRing, limit: usize) -> usize {
        let Some(now) = self.now() else {
            return 0;
        };
        ring.drain(limit, |fact| self.take(fact, now))
    }

    /// Hands the rows of a sweep over to the judge, which looks around in all of them: to be done
    /// before anything that waits in the ring is told, which may be the failure of many. Answers how many
    /// there are.
    pub(super) fn hand_over_rows(&mut self, report: &mut SweepReport) -> u32 {
        // Of a sweep that was slow to begin nothing is known but its length: it began before that at the latest.
        let now = Instant::now();
        let begun = now.checked_sub(report.took).unwrap_or(now);
        self.next_look = self.pace.swept(begun, report.cpu, report.took);
        report.rows.retain(|fact| !self_test::is_of_another(fact));
        let within_ns = paths::nanos(self.next_look);
        self.tell_judge(&Input::NextLook { within_ns }, report.ended_ns);
        if self.one_in != report.one_in {
            self.one_in = report.one_in;
            let one_in = self.one_in;
            self.tell_judge(&Input::Samples { one_in }, report.ended_ns);
        }
        let lister = self.lister();
        self.sinks.metrics.silent(&lister.silent(&report.rows));
        let Some(now) = self.now() else {
            return 0;
        };
        self.sleeps.update(now);
        // From the end, and given back as they go: a large sweep is not to be there twice.
        report.rows.reverse();
        let mut number = 0;
        while let Some(fact) = report.rows.pop() {
            self.answer(&fact, now);
            let row = self.observation(&fact, now);
            self.tell_judge(&Input::Row { number, row }, report.ended_ns);
            number += 1;
            if report.rows.len().is_multiple_of(ROWS_GIVEN_BACK) {
                report.rows.shrink_to_fit();
            }
        }
        number
    }

    /// Takes in what the ring holds now, not what comes meanwhile.
    pub(super) fn drain_held(&mut self, ring: &mut FactRing) {
        self.drain(ring, ring.holds());
    }

    /// Takes a sweep in whose rows the judge has. Facts of `ring` that come meanwhile go
    /// between: a row that is older than what is known by then is told from it by its
    /// time.
    pub(super) fn swept(
        &mut self,
        report: &SweepReport,
        rows: u32,
        mut ring: Option<&mut FactRing>,
    ) {
        let Some(now) = self.now() else {
            return;
        };
        let mut below = 0;
        while below < rows {
            below = below.saturating_add(ROWS_A_TURN);
            self.tell_judge(&Input::JudgeRows { below }, now.monotonic_ns);
            if let Some(ring) = &mut ring {
                self.drain_held(ring);
            }
        }
        let done = Input::SweepDone {
            started_ns: report.started_ns,
            now_ns: report.ended_ns,
            wall_unix_ns: now.wall_of(report.ended_ns),
            complete: report.rows_dropped == 0,
        };
        self.tell_judge(&done, now.monotonic_ns);
        if report.rows_dropped == 0 {
            self.sinks.alerts.swept();
        }
        self.unseen = false;
        self.tell_sweeps(true);
        self.last_sweep = Some(Instant::now());
        self.callbacks = report.callbacks;
        self.sinks.metrics.sweep_unseen = self.pace.tell();
        self.sinks.metrics.scope_found = report.scope_missing.is_none();
        let sweep = SweepNumbers {
            duration: report.took,
            interval: self.sweep_interval(),
            sockets: report.sockets,
            receives: report.receives,
            rows_dropped: report.rows_dropped,
            samples_dropped: report.samples_dropped,
            callbacks_detached: report.callbacks == Callbacks::Restored,
        };
        self.sinks.metrics.sweep(sweep);
    }

    /// Silent sockets were looked at again. Answers the time until the next revisit that their share of a core allows.
    pub(super) fn revisited(&mut self, revisited: &Revisited) -> Duration {
        self.revisits_fail_since = None;
        self.sinks.metrics.snapshots = revisited.sockets;
        self.pace.after_revisit(revisited.cpu)
    }

    /// Silent sockets could not be looked at again.
    pub(super) fn revisit_failed(&mut self) {
        self.revisits_fail_since.get_or_insert_with(Instant::now);
    }

    /// A sweep failed: what the judge wanted to see is left to the next regular one.
    pub(super) fn sweep_failed(&mut self) {
        // No fact: no verdict comes of it, so no moment matters.
        self.tell_judge(&Input::SweepFailed, 0);
        self.tell_sweeps(false);
    }

    /// Tells the judge and the alerts that time passes. The judge forgets what nobody has seen for long, and where nobody
    /// looks that says nothing: what hung hangs on until a sweep has looked.
    pub(super) fn tick(&mut self) {
        let Some(now) = self.now() else {
            return;
        };
        let tick = Input::Tick {
            now_ns: now.monotonic_ns,
            wall_unix_ns: now.wall_unix_ns,
        };
        if !self.unseen {
            self.tell_judge(&tick, now.monotonic_ns);
        }
        self.sinks.tick(now.monotonic_ns);
        self.learned.keep(&self.judge);
        if self.gap_summaries.are_due(&now) {
            self.tell_gaps(now);
        }
        self.tell_lost_facts(now);
        self.messages.tell_left_out();
    }

    /// Tells how long gaps were since that was told last, where anybody wants to know.
    fn tell_gaps(&mut self, now: Reading) {
        let Some(tables) = &self.tables else {
            return;
        };
        if !self.sinks.hear_gaps() {
            return;
        }
        let paths = self.paths.iter();
        let ids = paths.map(|path| (Some(path.name.clone()), Some(path.id)));
        let counted = ids.chain([(None, None)]).map(|(name, id)| {
            let gaps = tables.gaps(id)?;
            Ok((name, gaps))
        });
        match counted.collect::<Result<Vec<_>, KernelError>>() {
            Ok(counted) => self.sinks.tell_gaps(self.gap_summaries.of(counted, now)),
            Err(error) => tracing::warn!("how long gaps were cannot be told: {error}"),
        }
    }

    /// Puts the paths of a new configuration in force, its pace of sweeps, the names that the HTTP server answers to
    /// and the rate of the log. Its other values need a restart. Answers the id of its first path, where they are in force.
    pub(super) fn reload(&mut self, config: &Config) -> Option<u32> {
        // What is counted of the paths before.
        if let Some(now) = self.now() {
            self.tell_gaps(now);
        }
        self.pace.configure(config);
        self.hosts.set(config.allowed_hosts.clone());
        self.sinks.limit_log(config.log_rate);
        self.messages.limit(config.log_rate);
        self.sinks.metrics.sweep_unseen = self.pace.tell();
        self.kernel_paths = paths::for_kernel(config);
        match self.put_paths() {
            Ok(first) => {
                self.paths = paths::for_judge(config, first);
                self.presets = paths::presets(config);
                let now = self.now();
                // Their rules may end alerts, and begin some.
                let now_ns = now.map_or(0, |now| now.monotonic_ns);
                self.tell_judge(&Input::Paths(self.paths.clone()), now_ns);
                self.sinks.keep_alerts(now_ns);
                let metrics = &mut self.sinks.metrics;
                metrics.set_paths(paths::for_metrics(&self.paths));
                metrics.count_by_workload(by_workload(config));
                let whole = config.faults.is_empty();
                let read = now.filter(|_| whole).map(|now| now.wall_unix_ns);
                metrics.config_read(read);
                let paths = self.paths.len() as u64;
                self.tell_of_agent(AgentChange::Reloaded { paths });
                tracing::info!("reloaded: {paths} paths in force");
                if self.config.needs_restart_for(config) {
                    tracing::warn!(
                        "listen, [web], socket, socket_group, min_gap, page_after, close_wait_ticket, alertmanager, notifications, the history \
                         and the scope stay as they were at the start: restart for the new ones"
                    );
                }
                Some(first)
            }
            Err(error) => {
                self.reload_failed();
                tracing::error!("{error}; some of the paths before stay in force");
                None
            }
        }
    }

    /// What heals the sockets of the paths in force, by `config`, and notes what they had where that says; nothing without.
    pub(super) fn healer(&self, config: Option<&Config>, notes: bool) -> Healer {
        let socket = config.filter(|_| notes).map(|config| &*config.socket);
        let mut healer = Healer::new(self.jiffy_ns, socket);
        if let (Some(config), Some(first)) = (config, self.paths.first()) {
            healer.configure(config, first.id);
        }
        healer
    }

    /// Sockets were healed, or given back what they had.
    pub(super) fn healed(&mut self, changes: Vec<AgentChange>, numbers: HealNumbers) {
        self.sinks.metrics.heal = numbers;
        for change in changes {
            self.tell_of_agent(change);
        }
    }

    /// Hands the paths to the kernel side; answers the id of the first. While there is none they wait for it, and none
    /// has an id that anybody asks for.
    fn put_paths(&mut self) -> Result<u32, KernelError> {
        match &mut self.tables {
            Some(tables) => tables.set_paths(&self.kernel_paths),
            None => Ok(0),
        }
    }

    /// A new configuration could not be read.
    pub(super) fn reload_failed(&mut self) {
        self.sinks.metrics.config_read(None);
        self.tell_of_agent(AgentChange::ReloadFailed);
    }

    /// A sweep begins. Answers within how much time the next one will have come by, at the latest.
    pub(super) fn begin_sweep(&mut self) -> Duration {
        self.pace.begin(Instant::now())
    }

    /// Time between sweeps now in force.
    pub(super) fn sweep_interval(&self) -> Duration {
        self.pace.interval()
    }

    /// Whether all connections have been looked at once.
    pub(super) fn has_swept(&self) -> bool {
        self.last_sweep.is_some()
    }

    /// In how much time the judge wants a sweep, the last one considered; `None` if
    /// the next regular one does.
    pub(super) fn early_sweep(&self) -> Option<Duration> {
        if self.level == WatchLevel::Detached {
            return None;
        }
        let wanted_ns = self.judge.next_sweep_at()?;
        let wanted = Duration::from_nanos(wanted_ns.saturating_sub(self.now()?.monotonic_ns));
        let since = self.last_sweep.map_or(Duration::MAX, |at| at.elapsed());
        Some(wanted.max(self.pace.least_interval().saturating_sub(since)))
    }

    /// What turns facts into rows, with the paths now in force.
    pub(super) fn lister(&self) -> Lister {
        Lister::new(self.paths.clone(), self.jiffy_ns, self.next_look)
    }

    /// The end: what changed in the alerts is saved once more, and all that is on its way to a reader or a disk gets a
    /// while to arrive there.
    pub(super) fn end(&mut self) {
        if let Some(now) = self.now() {
            self.sinks.keep_alerts(now.monotonic_ns);
            self.tell_gaps(now);
        }
        self.messages.tell_left_out_at_last();
        self.learned.keep_now(&self.judge);
        let now = Instant::now();
        if let Some(recorder) = &mut self.recorder {
            recorder.close();
        }
        self.sinks.end(now + LAST_WORDS);
        self.learned.end(now + LAST_WORDS);
        if let Some(recorder) = &mut self.recorder {
            recorder.end(now + LAST_RECORD);
        }
    }

    /// What is kept of connections that something was told of.
    pub(super) fn remembered(&self) -> &Remembered {
        &self.remembered
    }

    /// What the judge knows of the connection of this fact.
    pub(super) fn known(&self, fact: &Fact) -> Known {
        self.judge.known(fact)
    }

    /// The paths in force.
    pub(super) fn paths(&self) -> &[JudgedPath] {
        &self.paths
    }

    /// The alerts.
    pub fn alerts(&self) -> &Alerts {
        &self.sinks.alerts
    }

    fn now(&self) -> Option<Reading> {
        // The clocks were there at the start; one that fails later costs a turn.
        Reading::now()
            .inspect_err(|error| tracing::error!("cannot read the clock: {error}"))
            .ok()
    }
}

/// All levels by their names, and whether each is in force.
fn level_of(level: WatchLevel) -> [(&'static str, bool); WatchLevel::ALL.len()] {
    WatchLevel::ALL.map(|one| (one.name(), one == level))
}

/// What the configuration says of findings by workload.
fn by_workload(config: &Config) -> ByWorkload {
    ByWorkload {
        kinds: config.metrics.by_workload.clone(),
        most: config.metrics.workloads,
    }
}
