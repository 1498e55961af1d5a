//! Heal: which sockets of a sweep are given timers, what came of it, and how they are given back what they had.

mod give;
mod give_back;
mod kept;
mod socket;

use super::lock::lock;
use crate::config::Config;
use crate::surfaces::metrics::HealNumbers;
pub(super) use give_back::Undo;
use kept::{Kept, Noted};
use monitor_common::Fact;
use monitor_heal::Rule;
use monitor_kernel::{ActError, Timers as Act, Watching};
use monitor_model::agent::AgentChange;
use socket::{Ours, Wanted, timers};
pub(super) use socket::{Retries, socket};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path as FilePath;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Sockets that are kept in mind, at most: each with what it had before.
const MOST: usize = 16_384;

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
    kept: Kept,
    left_alone: HashSet<u64>,
    stopped: bool,
    /// How many could not be given back what they had, as it was said last.
    left: u64,
    /// When that was tried last.
    undone: Option<Instant>,
    numbers: HealNumbers,
    /// Asked anew once a minute.
    retries: Retries,
    jiffy_ns: u64,
    refilled: Instant,
    /// When it was asked last which of them are still there.
    looked: Option<Instant>,
}

impl Healer {
    /// One that heals nothing yet, on a kernel with jiffies of `jiffy_ns`. It notes what sockets had beside this inspection
    /// socket, and knows what the daemon before it left set; without one, neither.
    pub(super) fn new(jiffy_ns: u64, socket: Option<&FilePath>) -> Self {
        let (ours, kept) =
            socket.map_or_else(Default::default, |socket| Kept::take_up(socket, MOST));
        if !ours.is_empty() {
            let count = ours.len();
            tracing::info!(
                "heal: took up {count} sockets that the daemon before has set timers of"
            );
        }
        let mut healer = Self {
            paths: HashMap::new(),
            ours,
            kept,
            left_alone: HashSet::new(),
            stopped: false,
            left: 0,
            undone: None,
            numbers: HealNumbers::default(),
            retries: Retries::default(),
            jiffy_ns,
            refilled: Instant::now(),
            looked: None,
        };
        healer.renumber();
        healer
    }

    /// Goes by the paths of `config` from now on, whose first has the id `first`; also where it was stopped.
    pub(super) fn configure(&mut self, config: &Config, first: u32) {
        self.stopped = false;
        self.left = 0;
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

    /// Whether any path is to be healed, or what was set is to be given back.
    pub(super) fn is_wanted(&self) -> bool {
        !self.paths.is_empty() || !self.ours.is_empty()
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
        self.numbers.not_saved = self.kept.failures();
    }

    /// Notes what those had whose timers are set, and will be.
    fn note(&mut self, will_be: &[Wanted]) {
        let ours = self.ours.iter();
        let ours = ours.map(|(cookie, ours)| Noted::new(*cookie, ours, &ours.now));
        let will_be = will_be.iter();
        let will_be = will_be.map(|wanted| {
            let Wanted { act, ours, .. } = wanted;
            Noted::new(act.cookie, ours, &timers(&act.order.to))
        });
        // Of one socket the later note counts.
        self.kept.note(ours.chain(will_be).collect());
    }

    fn count(&mut self, path: &str, result: &'static str) {
        let counts = &mut self.numbers.results;
        *counts.entry((path.to_owned(), result)).or_default() += 1;
    }

    /// Has the kernel do it; answers the network namespaces that are out of reach, and why, or `None` where nothing can be done.
    fn act(
        &mut self,
        watching: &Mutex<Watching>,
        acts: &mut [Act],
    ) -> Option<BTreeMap<u32, ActError>> {
        match lock(watching).set_timers(acts) {
            Ok(failed) => {
                self.numbers.refused = None;
                for error in failed.values() {
                    tracing::debug!("heal: {error}");
                }
                Some(failed)
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
