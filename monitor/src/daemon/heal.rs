//! Heal: which sockets of a sweep are given timers, what came of it, and how they are given back what they had.

mod socket;

use super::lock::lock;
use super::self_test;
use crate::config::Config;
use crate::surfaces::metrics::HealNumbers;
use monitor_common::{Fact, timer_task, timers_done};
use monitor_heal::{OnStop, Plan, Rule, Timers, plan};
use monitor_kernel::{Timers as Act, Watching};
use monitor_model::agent::{AgentChange, HealedSocket};
use socket::{Ours, Wanted, timers};
pub(super) use socket::{Retries, socket};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Sockets that are kept in mind, at most: each with what it had before.
const MOST: usize = 16_384;

/// Sockets that were left alone, at most, and are not asked about at each sweep.
const MOST_LEFT: usize = 4_096;

/// Network namespaces that are entered after one sweep, at most: in each the host's whole table of sockets is walked.
const NAMESPACES: usize = 16;

/// Sockets that are set after one sweep, at most.
const AT_ONCE: usize = 1_024;

/// How often it is asked which sockets are still there.
const LOOK: Duration = Duration::from_secs(60);

/// Sockets of one act that its event names.
const NAMED: usize = 64;

/// A path whose sockets are given timers.
struct Path {
    name: String,
    timeout: Duration,
    rule: Rule,
    /// Sockets that may be set now.
    tokens: f64,
}

/// What is given, and to whom it was.
pub(super) struct Healer {
    /// By the ids of the paths.
    paths: HashMap<u32, Path>,
    ours: HashMap<u64, Ours>,
    left_alone: HashSet<u64>,
    stopped: bool,
    numbers: HealNumbers,
    /// Asked anew once a minute.
    retries: Retries,
    jiffy_ns: u64,
    refilled: Instant,
    looked: Instant,
}

/// Why sockets are given back what they had.
#[derive(Clone, Copy)]
pub(super) enum Undo {
    /// Somebody says so.
    Asked,
    /// Their path is healed no more.
    Reloaded,
    /// The daemon stops; those that are to keep it do.
    Ends,
}

impl Healer {
    /// One that heals nothing yet, on a kernel with jiffies of `jiffy_ns`.
    pub(super) fn new(jiffy_ns: u64) -> Self {
        let now = Instant::now();
        Self {
            paths: HashMap::new(),
            ours: HashMap::new(),
            left_alone: HashSet::new(),
            stopped: false,
            numbers: HealNumbers::default(),
            retries: Retries::default(),
            jiffy_ns,
            refilled: now,
            looked: now,
        }
    }

    /// Goes by the paths of `config` from now on, whose first has the id `first`; also where it was stopped.
    pub(super) fn configure(&mut self, config: &Config, first: u32) {
        self.stopped = false;
        self.left_alone.clear();
        let paths = (first..).zip(&config.paths);
        self.paths = paths
            .filter_map(|(id, path)| {
                let rule = path.heal?;
                let path = Path {
                    name: path.name.clone(),
                    timeout: path.timeout,
                    rule,
                    tokens: f64::from(rule.rate_per_minute),
                };
                Some((id, path))
            })
            .collect();
        self.renumber();
    }

    /// Whether any path is to be healed.
    pub(super) fn is_wanted(&self) -> bool {
        !self.paths.is_empty()
    }

    /// What the metrics show of it.
    pub(super) fn numbers(&self) -> HealNumbers {
        self.numbers.clone()
    }

    fn renumber(&mut self) {
        let mut sockets: BTreeMap<String, u64> = BTreeMap::new();
        for path in self.paths.values() {
            sockets.entry(path.name.clone()).or_default();
        }
        for ours in self.ours.values() {
            *sockets.entry(ours.path.clone()).or_default() += 1;
        }
        self.numbers.sockets = sockets;
        self.numbers.stopped = self.stopped;
    }

    fn count(&mut self, path: &str, result: &'static str) {
        let counts = &mut self.numbers.results;
        *counts.entry((path.to_owned(), result)).or_default() += 1;
    }

    /// The sockets of these rows that are to be given something, and to be given what.
    fn wanted(&mut self, rows: &[Fact]) -> Vec<Wanted> {
        let now = Instant::now();
        let minutes = now.duration_since(self.refilled).as_secs_f64() / 60.0;
        self.refilled = now;
        for path in self.paths.values_mut() {
            let most = f64::from(path.rule.rate_per_minute);
            path.tokens = (path.tokens + minutes * most).min(most);
        }
        let (mut wanted, mut namespaces) = (Vec::new(), BTreeSet::new());
        let mut seen = HashSet::new();
        for fact in rows {
            let cookie = fact.socket.cookie;
            let Some(path) = self.paths.get(&fact.path_id) else {
                continue;
            };
            if self.left_alone.contains(&cookie)
                || self_test::is_of_another(fact)
                || !seen.insert(cookie)
            {
                continue;
            }
            let name = path.name.clone();
            let ours = self.ours.get(&cookie);
            let before = ours.map(|ours| ours.before);
            let mut retries = None;
            if path.rule.user_timeout.is_some() {
                if !self.retries.knows(fact) {
                    namespaces.insert(fact.socket.netns);
                    if namespaces.len() > NAMESPACES {
                        self.count(&name, "too_many");
                        continue;
                    }
                }
                retries = self.retries.of(fact);
            }
            let socket = socket(fact, before, self.jiffy_ns, retries);
            // What its application has changed since is its own.
            if ours.is_some_and(|ours| ours.now != socket.timers) {
                self.count(&name, "changed");
                continue;
            }
            let Plan { to, not } = plan(&path.rule, path.timeout, &socket);
            let mut result = None;
            if to != socket.timers {
                namespaces.insert(fact.socket.netns);
                let full = before.is_none() && self.ours.len() + wanted.len() >= MOST;
                let later = wanted.len() >= AT_ONCE || namespaces.len() > NAMESPACES;
                if full || later {
                    result = Some("too_many");
                } else if path.tokens < 1.0 {
                    result = Some("rate");
                } else {
                    wanted.push(Wanted::new(fact, &name, path.rule.on_stop, &socket, to));
                    if let Some(path) = self.paths.get_mut(&fact.path_id) {
                        path.tokens -= 1.0;
                    }
                }
            }
            for result in result.into_iter().chain(not.iter().map(|why| why.word())) {
                self.count(&name, result);
            }
        }
        wanted
    }

    /// Gives the sockets of a sweep what they are to have; answers what is to be told.
    fn set(&mut self, watching: &Mutex<Watching>, rows: &[Fact]) -> Vec<AgentChange> {
        let wanted = self.wanted(rows);
        if wanted.is_empty() {
            return Vec::new();
        }
        let mut acts: Vec<Act> = wanted.iter().map(|wanted| wanted.act).collect();
        let failed = match self.act(watching, &mut acts) {
            Some(failed) => failed,
            None => return Vec::new(),
        };
        let mut healed: BTreeMap<String, Vec<HealedSocket>> = BTreeMap::new();
        for (wanted, act) in wanted.into_iter().zip(acts) {
            let Wanted { mut ours, line, .. } = wanted;
            let done = act.order.done;
            let has = |bit| done & bit != 0;
            let result = match () {
                () if failed.contains(&act.netns) => "out_of_reach",
                () if has(timers_done::KEEPALIVE | timers_done::USER_TIMEOUT) => "set",
                () if has(timers_done::OWN) => "own_keepalive",
                () if has(timers_done::CHANGED) => "changed",
                () if has(timers_done::REFUSED) => "refused",
                () => "gone",
            };
            self.count(&ours.path, result);
            if result != "set" {
                if matches!(result, "out_of_reach" | "own_keepalive" | "refused") {
                    self.leave_alone(act.cookie);
                }
                continue;
            }
            let was = timers(&act.order.from);
            let to = timers(&act.order.to);
            ours.now = was;
            if has(timers_done::KEEPALIVE) {
                ours.now = Timers {
                    user_timeout_ms: was.user_timeout_ms,
                    ..to
                };
            }
            if has(timers_done::USER_TIMEOUT) {
                ours.now.user_timeout_ms = to.user_timeout_ms;
            }
            tracing::info!(
                target: crate::rate::ALWAYS,
                "heal: {line} (path {}): {}",
                ours.path,
                was.change_to(&ours.now)
            );
            healed
                .entry(ours.path.clone())
                .or_default()
                .push(ours.told(&was, &ours.now));
            self.ours.insert(act.cookie, ours);
        }
        let told = healed.into_iter().map(|(path, mut sockets)| {
            let set = sockets.len() as u64;
            sockets.truncate(NAMED);
            AgentChange::SocketsHealed { path, set, sockets }
        });
        told.collect()
    }

    fn leave_alone(&mut self, cookie: u64) {
        if self.left_alone.len() >= MOST_LEFT {
            self.left_alone.clear();
        }
        self.left_alone.insert(cookie);
    }

    /// Has the kernel do it; answers the network namespaces that are out of reach, or `None` where nothing can be done.
    fn act(&mut self, watching: &Mutex<Watching>, acts: &mut [Act]) -> Option<BTreeSet<u32>> {
        match lock(watching).set_timers(acts) {
            Ok(failed) => {
                self.numbers.refused = None;
                for error in failed.values() {
                    tracing::debug!("heal: {error}");
                }
                Some(failed.into_keys().collect())
            }
            Err(error) => {
                let reason = error.to_string();
                if self.numbers.refused.as_ref() != Some(&reason) {
                    tracing::warn!("heal: {reason}");
                }
                self.numbers.refused = Some(reason);
                None
            }
        }
    }

    /// Whether the kernel lets it at all: tried on no socket.
    pub(super) fn try_it(&mut self, watching: &Mutex<Watching>) {
        let _ = self.act(watching, &mut []);
    }

    /// Forgets sockets that are gone.
    fn look(&mut self, watching: &Mutex<Watching>) {
        if self.ours.is_empty() || self.looked.elapsed() < LOOK {
            return;
        }
        self.looked = Instant::now();
        self.retries = Retries::default();
        let mut acts: Vec<Act> = self
            .ours
            .iter()
            .map(|(cookie, ours)| ours.order(*cookie, timer_task::LOOK))
            .collect();
        let Some(failed) = self.act(watching, &mut acts) else {
            return;
        };
        for act in acts {
            if act.order.done == 0 && !failed.contains(&act.netns) {
                self.ours.remove(&act.cookie);
            }
        }
    }

    /// Gives sockets back what they had; answers what is to be told.
    pub(super) fn undo(&mut self, watching: &Mutex<Watching>, why: Undo) -> Option<AgentChange> {
        // A sweep that is still under way when the daemon ends is to set nothing anew.
        if matches!(why, Undo::Asked | Undo::Ends) {
            self.stopped = true;
        }
        let healed: HashSet<&str> = self.paths.values().map(|path| &*path.name).collect();
        let goes = |ours: &Ours| match why {
            Undo::Asked => true,
            Undo::Reloaded => !healed.contains(&*ours.path),
            Undo::Ends => ours.on_stop == OnStop::Undo,
        };
        let ours = self.ours.iter().filter(|(_, ours)| goes(ours));
        let mut acts: Vec<Act> = ours
            .map(|(cookie, ours)| ours.order(*cookie, timer_task::AGAIN))
            .collect();
        if acts.is_empty() {
            self.renumber();
            let nothing = AgentChange::HealUndone {
                uid: None,
                login_uid: None,
                back: 0,
                left: 0,
                sockets: Vec::new(),
            };
            return matches!(why, Undo::Asked).then_some(nothing);
        }
        let failed = self.act(watching, &mut acts);
        let (mut back, mut left, mut sockets) = (0, 0, Vec::new());
        for act in &acts {
            let reached = failed.as_ref().is_some_and(|out| !out.contains(&act.netns));
            let done = act.order.done;
            if !reached || done & timers_done::REFUSED != 0 {
                left += 1;
                continue;
            }
            let Some(ours) = self.ours.remove(&act.cookie) else {
                continue;
            };
            // What is gone has nothing to be set back, and what its application has set since is its own.
            if done & (timers_done::KEEPALIVE | timers_done::USER_TIMEOUT) == 0 {
                continue;
            }
            back += 1;
            self.count(&ours.path, "undone");
            tracing::info!(
                target: crate::rate::ALWAYS,
                "heal: {} (path {}) is set back: {}",
                ours.id,
                ours.path,
                ours.now.change_to(&ours.before)
            );
            if sockets.len() < NAMED {
                sockets.push(ours.told(&ours.now, &ours.before));
            }
        }
        if left > 0 {
            tracing::warn!("heal: {left} sockets cannot be reached, and keep what was set");
        }
        self.renumber();
        Some(AgentChange::HealUndone {
            uid: None,
            login_uid: None,
            back,
            left,
            sockets,
        })
    }

    /// Those of these rows that are of a path whose sockets are given timers.
    pub(super) fn of_its_paths(&self, rows: &[Fact]) -> Vec<Fact> {
        let rows = rows.iter();
        rows.filter(|fact| self.paths.contains_key(&fact.path_id))
            .copied()
            .collect()
    }

    /// A sweep has shown these rows; answers what is to be told. It waits for whoever sweeps.
    pub(super) fn swept(&mut self, watching: &Mutex<Watching>, rows: &[Fact]) -> Vec<AgentChange> {
        if self.paths.is_empty() && self.ours.is_empty() {
            return Vec::new();
        }
        let mut told: Vec<AgentChange> = self.undo(watching, Undo::Reloaded).into_iter().collect();
        self.look(watching);
        if !self.stopped {
            told.extend(self.set(watching, rows));
        }
        self.renumber();
        told
    }
}
