//! Gives the sockets of a sweep what they are to have.

use super::socket::{Wanted, socket, timers};
use super::{Healer, MOST, NAMED};
use crate::daemon::self_test;
use monitor_common::{Fact, timers_done};
use monitor_heal::{Plan, Socket, Timers, plan};
use monitor_kernel::{Timers as Act, Watching};
use monitor_model::agent::{AgentChange, HealedSocket};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Mutex;
use std::time::Instant;

/// Sockets that were left alone, at most, and are not asked about at each sweep.
const MOST_LEFT: usize = 4_096;

/// Network namespaces that are entered after one sweep, at most: in each the host's whole table of sockets is walked.
const NAMESPACES: usize = 16;

/// Sockets that are set after one sweep, at most.
const AT_ONCE: usize = 1_024;

impl Healer {
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
            let shown = socket(fact, None, self.jiffy_ns, retries);
            let before = match self.ours.get_mut(&cookie) {
                Some(ours) if ours.now == shown.timers => {
                    ours.taken_up = false;
                    Some(ours.before)
                }
                // Its daemon was killed before it did what it had noted.
                Some(ours) if ours.taken_up && ours.before == shown.timers => {
                    self.ours.remove(&cookie);
                    None
                }
                // What its application has changed since is its own.
                Some(_) => {
                    self.count(&name, "changed");
                    continue;
                }
                None => None,
            };
            let socket = Socket { before, ..shown };
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
    pub(super) fn set(&mut self, watching: &Mutex<Watching>, rows: &[Fact]) -> Vec<AgentChange> {
        let wanted = self.wanted(rows);
        if wanted.is_empty() {
            return Vec::new();
        }
        self.note(&wanted);
        let mut acts: Vec<Act> = wanted.iter().map(|wanted| wanted.act).collect();
        let Some(failed) = self.act(watching, &mut acts) else {
            self.note(&[]);
            return Vec::new();
        };
        let mut as_noted = true;
        let mut healed: BTreeMap<String, Vec<HealedSocket>> = BTreeMap::new();
        for (wanted, act) in wanted.into_iter().zip(acts) {
            let Wanted { mut ours, line, .. } = wanted;
            let done = act.order.done;
            let has = |bit| done & bit != 0;
            let result = match () {
                () if failed.contains_key(&act.netns) => "out_of_reach",
                () if has(timers_done::KEEPALIVE | timers_done::USER_TIMEOUT) => "set",
                () if has(timers_done::OWN) => "own_keepalive",
                () if has(timers_done::CHANGED) => "changed",
                () if has(timers_done::REFUSED) => "refused",
                () => "gone",
            };
            self.count(&ours.path, result);
            if result != "set" {
                as_noted = false;
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
            as_noted &= ours.now == to;
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
        if !as_noted {
            self.note(&[]);
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
}
