//! The judge itself: its tables, and the door through which all that it is told comes in.

mod reading;

use crate::bounds::{JudgeStats, Limits};
use crate::close_waits::CloseWaits;
use crate::context::Context;
use crate::fact_view::{FactView, Moment};
use crate::input::{Input, Observation};
use crate::learn::Learned;
use crate::learned_risk::LearnedRisks;
use crate::local_tables::TableQuestion;
use crate::own_addresses::OwnAddresses;
use crate::paths::{JudgedPath, Paths};
use crate::peers::contrast::Contrasts;
use crate::peers::habit::Habits;
use crate::peers::outages::Outages;
use crate::peers::reconnects::Reconnects;
use crate::peers::siblings;
use crate::rules_in_force::InForce;
use crate::stall_times::StallTimes;
use crate::thresholds::MAX_LEARNED;
use crate::tracked::{Fate, Tracked};
use crate::verdict::{Verdict, Verdicts};
use crate::waiting::Stalls;
use monitor_common::{Fact, FactKind, flags};
use monitor_model::owner::Owner;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;

/// Rows that are kept at once, at most: as many as a sweep of the daemon has.
const MAX_ROWS: usize = 65_536;

/// A row of a sweep that waits for its turn.
struct Row {
    number: u32,
    fact: Fact,
    wall_unix_ns: i64,
    suspended_ns: u64,
    owner: Arc<Owner>,
}

/// Judges facts.
pub struct Judge {
    paths: Paths,
    rules: InForce,
    limits: Limits,
    /// By cookie, and in its order: the same facts give the same findings, in the
    /// same order, in every run.
    /// Boxed: a table that keeps an order is up to half empty, and places are large.
    connections: BTreeMap<u64, Box<Tracked>>,
    contrasts: Contrasts,
    stalls: Stalls,
    close_waits: CloseWaits,
    own_addresses: OwnAddresses,
    pub(crate) habits: Habits,
    outages: Outages,
    reconnects: Reconnects,
    stall_times: StallTimes,
    learned: Learned,
    learned_risks: LearnedRisks,
    /// The owner of a row that is only looked at: made once, not for each.
    nobody: Arc<Owner>,
    /// The rows of a sweep that are still to be judged.
    rows: VecDeque<Row>,
    /// Within how much time the next sweep looks again at what the rows show, in ns.
    next_look_ns: u64,
    /// When the judge was told something first, CLOCK_MONOTONIC in ns.
    began_ns: Option<u64>,
    /// When the host should be looked at, before the next sweep is due.
    next_sweep_ns: Option<u64>,
    stats: JudgeStats,
}

impl Judge {
    /// A judge that has seen nothing yet.
    pub fn new(paths: Vec<JudgedPath>, limits: Limits) -> Self {
        let mut judge = Self {
            paths: Paths::default(),
            rules: InForce::default(),
            limits,
            connections: BTreeMap::new(),
            contrasts: Contrasts::new(limits.max_contrasts, limits.scoped),
            stalls: Stalls::new(limits.max_stalls),
            close_waits: CloseWaits::new(limits.close_wait_ticket),
            own_addresses: OwnAddresses::default(),
            habits: Habits::new(limits.max_habits, limits.max_workloads),
            outages: Outages::new(limits.max_stalls),
            reconnects: Reconnects::default(),
            stall_times: StallTimes::default(),
            learned: Learned::new(MAX_LEARNED),
            learned_risks: LearnedRisks::default(),
            nobody: Arc::default(),
            rows: VecDeque::new(),
            next_look_ns: 0,
            began_ns: None,
            next_sweep_ns: None,
            stats: JudgeStats::default(),
        };
        judge.set_paths(paths);
        judge
    }

    /// Takes up one input and adds what it leads to to `out`: the one door, for the daemon and for a replay.
    pub fn take(&mut self, input: &Input<'_>, out: &mut dyn Verdicts) {
        if let Input::Paths(paths) = input {
            self.set_paths(paths.clone());
        }
        if let Some(rules) = self.rules.at(input) {
            out.push(Verdict::Rules(rules));
        }
        let mut ruled = self.rules.applied(out);
        self.take_up(input, &mut ruled);
    }

    fn take_up(&mut self, input: &Input<'_>, out: &mut dyn Verdicts) {
        match input {
            Input::Fact(observation) => self.observe(observation, out),
            Input::NextLook { within_ns } => self.next_look_ns = *within_ns,
            Input::OwnAddress {
                now_ns,
                netns,
                address,
                there,
            } => self.own_addresses.note(*now_ns, *netns, *address, *there),
            Input::LocalTables {
                now_ns,
                cookie,
                in_trouble,
                tables,
            } => {
                let local = &mut self.contrasts.local_tables;
                local.note(*now_ns, *cookie, *in_trouble, tables);
            }
            Input::Samples { one_in } => self.contrasts.siblings.set_one_in(*one_in),
            Input::Row { number, row } => self.keep_row(*number, row, out),
            Input::JudgeRows { below } => self.judge_rows(*below, out),
            Input::SweepDone {
                started_ns,
                now_ns,
                wall_unix_ns,
                complete,
            } => {
                self.judge_rows(u32::MAX, out);
                self.swept_since(*started_ns);
                self.count_close_waits(*complete, *now_ns, out);
                if *complete {
                    self.sweep_done(*started_ns, *now_ns, *wall_unix_ns, out);
                }
            }
            Input::SweepFailed => self.swept_since(u64::MAX),
            Input::Tick {
                now_ns,
                wall_unix_ns,
            } => self.tick(*now_ns, *wall_unix_ns, out),
            Input::Learned { now_ns, before } => {
                let paths = self.paths.in_force();
                self.learned.take_up(before, paths, *now_ns);
            }
            // They are in force already.
            Input::Paths(_) => {}
        }
    }

    /// Network namespace and address that are to be looked up, and told as [`Input::OwnAddress`], before this fact is told;
    /// `None` where that is not wanted. Where nobody can tell, nothing is told.
    pub fn asks(&self, fact: &Fact) -> Option<(u32, IpAddr)> {
        self.own_addresses.asks(fact)
    }

    /// What is to be looked up in this host's tables of connections, and told as [`Input::LocalTables`], before this fact is
    /// told, or soon after; `None` where that is not wanted. Where nobody can tell, nothing is told.
    pub fn asks_tables(&self, fact: &Fact) -> Option<TableQuestion> {
        let kind = fact.kind()?;
        let path = self.paths.find(fact.path_id).unwrap_or_default();
        let row = Observation {
            fact,
            wall_unix_ns: 0,
            suspended_ns: 0,
            owner: Arc::clone(&self.nobody),
        };
        let view = fact_view(&row, kind, path, self.limits.jiffy_ns, self.next_look_ns);
        self.contrasts.local_tables.asks(&view)
    }

    /// Puts new paths in force. Ids of the paths before them still resolve
    /// until the next call.
    pub(crate) fn set_paths(&mut self, paths: Vec<JudgedPath>) {
        self.rules.set(&paths);
        self.learned.keep(&paths);
        self.paths.replace(paths);
    }

    /// Notes how the row's connection fares, and keeps the row until its turn.
    fn keep_row(&mut self, number: u32, row: &Observation<'_>, out: &mut dyn Verdicts) {
        self.note_sibling(row.fact);
        if self.rows.len() >= MAX_ROWS {
            // No sweep has so many: what tells them is not our daemon. Nothing is lost by judging one early.
            self.judge_row(out);
        }
        self.rows.push_back(Row {
            number,
            fact: *row.fact,
            wall_unix_ns: row.wall_unix_ns,
            suspended_ns: row.suspended_ns,
            owner: Arc::clone(&row.owner),
        });
    }

    /// Judges the rows that are kept, up to this place in the sweep.
    fn judge_rows(&mut self, below: u32, out: &mut dyn Verdicts) {
        while self.rows.front().is_some_and(|row| row.number < below) {
            self.judge_row(out);
        }
        if self.rows.is_empty() {
            // A large sweep's memory is not kept for the next.
            self.rows = VecDeque::new();
        }
    }

    fn judge_row(&mut self, out: &mut dyn Verdicts) {
        if let Some(row) = self.rows.pop_front() {
            let observation = Observation {
                fact: &row.fact,
                wall_unix_ns: row.wall_unix_ns,
                suspended_ns: row.suspended_ns,
                owner: row.owner,
            };
            self.observe(&observation, out);
        }
    }

    /// Takes up one fact and adds what it leads to to `out`.
    pub(crate) fn observe(&mut self, observation: &Observation<'_>, out: &mut dyn Verdicts) {
        let fact = observation.fact;
        self.began_ns.get_or_insert(fact.time_ns);
        let Some(kind) = fact.kind() else {
            self.stats.unknown_kind_total += 1;
            return;
        };
        let cookie = fact.socket.cookie;
        if cookie == 0 {
            self.stats.no_cookie_total += 1;
            return;
        }
        // No box sits on the loopback device.
        if fact.has(flags::LOOPBACK) {
            return;
        }
        let path = self.paths.find(fact.path_id).unwrap_or_else(|_| {
            self.stats.unknown_path_total += 1;
            None
        });
        let (jiffy_ns, next_look_ns) = (self.limits.jiffy_ns, self.next_look_ns);
        let mut view = fact_view(observation, kind, path, jiffy_ns, next_look_ns);
        view.address_gone = self.own_addresses.is_gone(fact);
        // Of thousands that an owner has forgotten the tables of what moves are not to be full.
        let left = is_left(fact);
        if !left {
            self.contrasts.siblings.note(&view);
            self.habits.on_fact(&view);
            self.outages.note(&view);
        }
        let exchanged_ns = self.contrasts.siblings.exchanged_ns(cookie);
        self.reconnects.note(&view, exchanged_ns, out);
        let tracked_now = self.connections.len();
        let mut context = Context {
            contrasts: &mut self.contrasts,
            habits: &self.habits,
            outages: &self.outages,
            began_ns: self.began_ns.unwrap_or(0),
            now_ns: fact.time_ns,
            stall_times: &mut self.stall_times,
            learned: &mut self.learned,
            out: &mut self.reconnects.listen(fact.time_ns, out),
        };
        let tracked = match self.connections.entry(cookie) {
            Entry::Occupied(entry) => {
                let tracked = entry.into_mut();
                if tracked.is_another(&view) {
                    tracked.abandon(&mut context);
                    **tracked = Tracked::new(&view);
                }
                Some(tracked)
            }
            Entry::Vacant(entry) => {
                let gap = view.ends_silence();
                let silent = kind == FactKind::Swept
                    && view.begins_silence().is_some()
                    // Of a dead connection its silence is no news.
                    && !self.stalls.blackholed(cookie);
                if !gap && !silent {
                    None
                } else if tracked_now >= self.limits.places(gap) {
                    self.stats.table_full_total += 1;
                    None
                } else {
                    Some(entry.insert(Box::new(Tracked::new(&view))))
                }
            }
        };
        // A sweep is read beside the ring: what it shows may be outdated, and over.
        let outdated = kind == FactKind::Swept
            && tracked
                .as_ref()
                .is_some_and(|tracked| view.at.ns < tracked.seen_ns);
        let mut tells_fin = false;
        let spoken_for = tracked.is_some_and(|tracked| {
            tracked.observe(&view, &mut context);
            tells_fin = tracked.tells_fin();
            tracked.speaks_for(&view)
        });
        if kind == FactKind::Swept && fact.has(flags::CLOSE_WAIT) {
            self.close_waits.note(&view, tells_fin, &mut context);
        }
        if !outdated && !left {
            self.stalls.observe(&view, spoken_for, &mut context);
            if !spoken_for && !self.stalls.blackholed(cookie) {
                self.learned_risks.look(&view, &mut context);
            }
        }
        let wanted = [
            siblings::sweep_wanted_at(&view),
            self.stalls.sweep_wanted_at(&view),
        ];
        if let Some(at_ns) = wanted.into_iter().flatten().min() {
            self.next_sweep_ns = Some(self.next_sweep_ns.map_or(at_ns, |known| known.min(at_ns)));
        }
    }

    /// A sweep is over, complete or not: owners hold so many connections that their peers have closed.
    fn count_close_waits(&mut self, complete: bool, now_ns: u64, out: &mut dyn Verdicts) {
        let mut context = Context {
            contrasts: &mut self.contrasts,
            habits: &self.habits,
            outages: &self.outages,
            began_ns: self.began_ns.unwrap_or(0),
            now_ns,
            stall_times: &mut self.stall_times,
            learned: &mut self.learned,
            out: &mut self.reconnects.listen(now_ns, out),
        };
        self.close_waits.swept(complete, &mut context);
    }

    /// Takes up what a row of a sweep says of its connection as a sibling of
    /// others.
    pub(crate) fn note_sibling(&mut self, fact: &Fact) {
        let Some(kind) = fact.kind().filter(|_| fact.socket.cookie != 0) else {
            return;
        };
        if fact.has(flags::LOOPBACK) || is_left(fact) {
            return;
        }
        let row = Observation {
            fact,
            wall_unix_ns: 0,
            suspended_ns: 0,
            owner: Arc::clone(&self.nobody),
        };
        // What is wrong with the fact is counted when it is observed.
        let path = self.paths.find(fact.path_id).unwrap_or_default();
        let view = fact_view(&row, kind, path, self.limits.jiffy_ns, self.next_look_ns);
        self.contrasts.siblings.note(&view);
    }

    /// When the judge would like the host to be swept, CLOCK_MONOTONIC in ns:
    /// a verdict is near, and a snapshot decides it or says how its siblings fare.
    /// `None` if the next regular sweep does.
    pub fn next_sweep_at(&self) -> Option<u64> {
        self.next_sweep_ns
    }

    /// A sweep began at `started_ns` (CLOCK_MONOTONIC), complete or not: what was
    /// wanted by then is done.
    pub(crate) fn swept_since(&mut self, started_ns: u64) {
        self.next_sweep_ns = self.next_sweep_ns.filter(|at_ns| *at_ns > started_ns);
    }

    /// A sweep that began at `started_ns` is over: connections that were silent
    /// and that it did not show are gone, or silent no more. Both times in ns of
    /// CLOCK_MONOTONIC.
    pub(crate) fn sweep_done(
        &mut self,
        started_ns: u64,
        now_ns: u64,
        wall_unix_ns: i64,
        out: &mut dyn Verdicts,
    ) {
        self.contrasts.siblings.swept(started_ns);
        let mut context = Context {
            contrasts: &mut self.contrasts,
            habits: &self.habits,
            outages: &self.outages,
            began_ns: self.began_ns.unwrap_or(0),
            now_ns,
            stall_times: &mut self.stall_times,
            learned: &mut self.learned,
            out: &mut self.reconnects.listen(now_ns, out),
        };
        for tracked in self.connections.values_mut() {
            tracked.swept(started_ns, &mut context);
        }
        self.stalls.swept(started_ns, &mut context);
        self.tick(now_ns, wall_unix_ns, out);
    }

    /// Time has come to `now_ns` (CLOCK_MONOTONIC): periods of grace end, and
    /// connections without news are forgotten.
    pub(crate) fn tick(&mut self, now_ns: u64, wall_unix_ns: i64, out: &mut dyn Verdicts) {
        self.began_ns.get_or_insert(now_ns);
        self.habits.tick(now_ns);
        self.reconnects.forget(now_ns);
        self.outages.forget(now_ns);
        self.own_addresses.forget(now_ns);
        self.learned.tick();
        self.learned_risks.forget(now_ns);
        self.contrasts.local_tables.forget(now_ns);
        let mut context = Context {
            contrasts: &mut self.contrasts,
            habits: &self.habits,
            outages: &self.outages,
            began_ns: self.began_ns.unwrap_or(0),
            now_ns,
            stall_times: &mut self.stall_times,
            learned: &mut self.learned,
            out: &mut self.reconnects.listen(now_ns, out),
        };
        let now = Moment {
            ns: now_ns,
            wall_unix_ns,
        };
        let mut expired = 0;
        self.connections
            .retain(|_, tracked| match tracked.tick(now, &mut context) {
                Fate::Kept => true,
                Fate::Done => false,
                Fate::Expired => {
                    expired += 1;
                    false
                }
            });
        expired += self.stalls.tick(now_ns, &mut context);
        self.stats.expired_total += expired;
        self.contrasts.siblings.forget(now_ns);
        if self
            .connections
            .values()
            .any(|tracked| tracked.wants_sweep(now_ns))
        {
            self.next_sweep_ns = Some(self.next_sweep_ns.map_or(now_ns, |known| known.min(now_ns)));
        }
    }

    /// How long stalls lasted that are over.
    pub fn stall_times(&self) -> &StallTimes {
        &self.stall_times
    }

    /// The judge's own numbers.
    pub fn stats(&self) -> JudgeStats {
        JudgeStats {
            tracked: self.connections.len(),
            contrasts: self.contrasts.len(),
            contrasts_full_total: self.contrasts.dropped,
            stalls: self.stalls.len(),
            stalls_full_total: self
                .stalls
                .dropped()
                .saturating_add(self.outages.dropped)
                .saturating_add(self.close_waits.dropped),
            habits: self.habits.len(),
            habits_full_total: self.habits.dropped,
            siblings: self.contrasts.siblings.len(),
            siblings_full_total: self.contrasts.siblings.dropped,
            ended: self.reconnects.len(),
            ended_full_total: self.reconnects.dropped,
            learned: self.learned.len(),
            learned_dropped_total: self.learned.dropped(),
            warnings_full_total: self.learned_risks.dropped(),
            ..self.stats
        }
    }
}

/// Whether a sweep shows this connection for nothing but that its peer has closed it and its application has not.
fn is_left(fact: &Fact) -> bool {
    fact.has(flags::CLOSE_WAIT | flags::SAMPLED)
}

/// What was observed, its path resolved.
fn fact_view<'a>(
    observation: &'a Observation<'_>,
    kind: FactKind,
    path: Option<&'a Arc<JudgedPath>>,
    jiffy_ns: u64,
    next_look_ns: u64,
) -> FactView<'a> {
    FactView {
        fact: observation.fact,
        kind,
        at: Moment {
            ns: observation.fact.time_ns,
            wall_unix_ns: observation.wall_unix_ns,
        },
        suspended_ns: observation.suspended_ns,
        owner: &observation.owner,
        path,
        jiffy_ns,
        next_look_ns,
        address_gone: false,
    }
}
