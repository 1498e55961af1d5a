//! Which findings fire, grouped: ten thousand idle connections of one pool are
//! one alert with a count.

mod group;
mod key;
#[cfg(test)]
mod tests;

use crate::outcomes::OutcomeCard;
use crate::verdict::Verdict;
use group::Group;
use key::{Key, UNREACHABLE};
use monitor_model::alert::{Alert, AlertChange};
use monitor_model::finding::{Cause, Finding, FindingKind, Severity};
use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

/// The name of alerts on silences that last beyond their path's timeout.
const CROSSED: &str = "crossed";

/// What was told so shortly before an outage showed as one is part of it, in ns: the
/// first of many to fail looks like one that fails alone, and the others follow
/// within three timeouts, or a sweep.
const SAME_OUTAGE_NS: u64 = 10_000_000_000;

/// Bounds of the alerts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Alerts that fire at once.
    pub max_alerts: usize,
    /// Connections that one alert knows by name; it goes on counting beyond.
    pub max_members: usize,
    /// How long an alert on outcomes stays after its last connection joined, in ns;
    /// likewise one whose remaining connections are only counted. Crossings and
    /// stalls stay until their end is told, except those of connections that the
    /// kernel gave up.
    pub hold_ns: u64,
}

impl Default for Limits {
    /// 1,000 alerts of 65,536 connections, held for 15 minutes.
    fn default() -> Self {
        Self {
            max_alerts: 1_000,
            max_members: 65_536,
            hold_ns: 900_000_000_000,
        }
    }
}

/// Numbers about the alerts. Those named `..._total` only grow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AlertStats {
    /// Alerts that fire now.
    pub firing: usize,
    /// Findings that fired no alert because too many fired already.
    pub alerts_full_total: u64,
    /// Connections that an alert counts but does not know by name.
    pub members_full_total: u64,
}

/// A connection in alerts of one name, by the hash of its id.
type Member = (&'static str, u64);

/// The alerts that fire.
pub struct Alerts {
    limits: Limits,
    groups: BTreeMap<Arc<Key>, Group>,
    /// The one alert of each name that a connection is in.
    index: HashMap<Member, Arc<Key>>,
    hasher: RandomState,
    stats: AlertStats,
}

impl Alerts {
    /// Nothing fires yet.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            groups: BTreeMap::new(),
            index: HashMap::new(),
            hasher: RandomState::new(),
            stats: AlertStats::default(),
        }
    }

    /// Takes up a verdict at `now_ns` (any monotonic clock, always the same).
    pub fn apply(&mut self, verdict: &Verdict, now_ns: u64) -> Vec<AlertChange> {
        let mut changes = Vec::new();
        match verdict {
            Verdict::SilenceEnded { connection_id } => {
                self.leave(CROSSED, connection_id, &mut changes)
            }
            Verdict::StallEnded { connection_id } => {
                self.leave_stalls(connection_id, &mut changes);
            }
            Verdict::Over { .. } | Verdict::Reconnected { .. } => {}
            Verdict::Finding(finding) => {
                let id = &finding.connection.id;
                if let FindingKind::Outcome { outcome } = finding.kind {
                    // The outcome replaces what was said of the silence.
                    self.leave(CROSSED, id, &mut changes);
                    // It came back, or it is gone: nothing is awaited any more.
                    if outcome.card().ends_stalls {
                        self.leave_stalls(id, &mut changes);
                    }
                }
                if finding.severity > Severity::None {
                    self.join(finding, now_ns, &mut changes);
                }
            }
        }
        changes
    }

    /// Time has come to `now_ns`: alerts whose hold is over resolve. Where the end
    /// of some of its connections is still to be told, the others leave.
    pub fn tick(&mut self, now_ns: u64) -> Vec<AlertChange> {
        let mut over = Vec::new();
        for (key, group) in &mut self.groups {
            if now_ns.saturating_sub(group.last_ns) < self.limits.hold_ns {
                continue;
            }
            if !group.lasts() {
                over.push(Arc::clone(key));
                continue;
            }
            for member in group.age() {
                self.index.remove(&(key.name, member));
            }
        }
        let mut changes = Vec::new();
        for key in over {
            self.resolve(&key, &mut changes);
        }
        changes
    }

    /// The alerts that fire now, ordered by name, severity, path and owner.
    pub fn firing(&self) -> impl Iterator<Item = Alert> + '_ {
        self.groups.iter().map(|(key, group)| group.shown(key))
    }

    /// Numbers about the alerts.
    pub fn stats(&self) -> AlertStats {
        AlertStats {
            firing: self.groups.len(),
            ..self.stats
        }
    }

    fn join(&mut self, finding: &Finding, now_ns: u64, changes: &mut Vec<AlertChange>) {
        let key = self.known(Key::of(finding));
        if key.name == UNREACHABLE {
            self.join_outage(&key, finding, now_ns, changes);
        } else {
            self.join_group(key, finding, now_ns, changes);
        }
    }

    /// The key by which an alert that fires is known, shared by all its connections.
    fn known(&self, key: Key) -> Arc<Key> {
        match self.groups.get_key_value(&key) {
            Some((known, _)) => Arc::clone(known),
            None => Arc::new(key),
        }
    }

    /// One more connection fails with its peer or network: what failed there just
    /// before, and what still does, was the same outage.
    fn join_outage(
        &mut self,
        key: &Arc<Key>,
        finding: &Finding,
        now_ns: u64,
        changes: &mut Vec<AlertChange>,
    ) {
        if self.groups.len() >= self.limits.max_alerts && !self.groups.contains_key(key) {
            // There is no room to move to.
            self.join_group(Arc::clone(key), finding, now_ns, changes);
            return;
        }
        let mut moved = Vec::new();
        for (other, group) in &mut self.groups {
            if other.is_loss && other.path == key.path {
                let before = group.shown(other);
                let split = group.split_off(now_ns.saturating_sub(SAME_OUTAGE_NS));
                if !split.is_empty() {
                    moved.push((Arc::clone(other), before, split));
                }
            }
        }
        for (other, before, _) in &moved {
            if self.groups.get(other).is_some_and(Group::is_empty) {
                self.groups.remove(other);
                changes.push(AlertChange::Resolved(before.clone()));
            }
        }
        self.join_group(Arc::clone(key), finding, now_ns, changes);
        let Some(group) = self.groups.get_mut(key) else {
            return;
        };
        for (other, _, split) in moved {
            let members: Vec<u64> = split.members().collect();
            self.stats.members_full_total += group.absorb(split, self.limits.max_members);
            for member in members {
                self.index.remove(&(other.name, member));
                if group.knows(member) {
                    self.index.insert((key.name, member), Arc::clone(key));
                }
            }
        }
    }

    fn join_group(
        &mut self,
        key: Arc<Key>,
        finding: &Finding,
        now_ns: u64,
        changes: &mut Vec<AlertChange>,
    ) {
        let member = (key.name, self.hasher.hash_one(&finding.connection.id));
        if self.index.get(&member).is_some_and(|known| *known != key) {
            // Its owner or path became known under another name since.
            self.leave(key.name, &finding.connection.id, changes);
        }
        if let Some(group) = self.groups.get_mut(&key) {
            if group.join(member.1, finding, now_ns, self.limits.max_members) {
                self.index.insert(member, key);
            } else {
                self.stats.members_full_total += 1;
            }
            return;
        }
        if self.groups.len() >= self.limits.max_alerts {
            self.stats.alerts_full_total += 1;
            return;
        }
        let mut group = Group::begin(finding, now_ns);
        if group.join(member.1, finding, now_ns, self.limits.max_members) {
            self.index.insert(member, Arc::clone(&key));
        } else {
            self.stats.members_full_total += 1;
        }
        changes.push(AlertChange::Firing(group.shown(&key)));
        self.groups.insert(key, group);
    }

    /// The connection moves again: it leaves every alert on a stall, and what it was
    /// told to have lost is back.
    fn leave_stalls(&mut self, id: &str, changes: &mut Vec<AlertChange>) {
        for cause in Cause::ALL {
            self.leave(cause.name(), id, changes);
        }
        self.leave(UNREACHABLE, id, changes);
    }

    /// The connection leaves the alert of this name, if it is in one.
    fn leave(&mut self, name: &'static str, id: &str, changes: &mut Vec<AlertChange>) {
        let member = (name, self.hasher.hash_one(id));
        let Some(key) = self.index.get(&member).cloned() else {
            return;
        };
        let Some(group) = self.groups.get_mut(&key) else {
            return;
        };
        if group.is_last(member.1) {
            self.resolve(&key, changes);
        } else {
            group.leave(member.1);
            self.index.remove(&member);
        }
    }

    fn resolve(&mut self, key: &Key, changes: &mut Vec<AlertChange>) {
        if let Some(group) = self.groups.remove(key) {
            for member in group.members() {
                self.index.remove(&(key.name, member));
            }
            changes.push(AlertChange::Resolved(group.shown(key)));
        }
    }
}
