//! Which findings fire, grouped: ten thousand idle connections of one pool are
//! one alert with a count.

mod group;
#[cfg(test)]
mod tests;

use crate::judge::{
    Verdict,
    finding::{Cause, Finding, FindingKind, Outcome, Severity},
};
use group::Group;
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, HashMap},
    hash::{BuildHasher, RandomState},
};

/// The name of alerts on silences that last beyond their path's timeout.
const CROSSED: &str = "crossed";

/// One alert, as users see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// `crossed`, or the name of an outcome.
    pub name: String,
    /// Whom it wakes: ticket or page.
    pub severity: Severity,
    /// Name of the path, or `none`.
    pub path: String,
    /// systemd unit of the owner, else its process name, else `unknown`.
    pub owner: String,
    /// Connections that it is about.
    pub connections: u64,
    /// When it began to fire, RFC 3339 in UTC.
    pub since: String,
    /// The latest finding's summary.
    pub summary: String,
    /// Id of the connection of the latest finding.
    pub example: String,
}

/// A change worth telling.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum AlertChange {
    /// It began to fire. Further connections of the same alert are no change.
    Firing(Alert),
    /// It is over. Shown as it was before its last connection left.
    Resolved(Alert),
}

/// Bounds of the alerts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Alerts that fire at once.
    pub max_alerts: usize,
    /// Connections that one alert knows by name; it goes on counting beyond.
    pub max_members: usize,
    /// How long an alert on an outcome stays after its last connection joined,
    /// in ns; likewise one whose remaining connections are only counted.
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

/// What makes findings one alert.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Key {
    name: &'static str,
    severity: Severity,
    path: String,
    owner: String,
}

/// A connection in alerts of one name, by the hash of its id.
type Member = (&'static str, u64);

/// The alerts that fire.
pub struct Alerts {
    limits: Limits,
    groups: BTreeMap<Key, Group>,
    /// The one alert of each name that a connection is in.
    index: HashMap<Member, Key>,
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
            Verdict::Ended { connection_id } => self.leave(CROSSED, connection_id, &mut changes),
            Verdict::Moves { connection_id } => {
                for cause in Cause::ALL {
                    self.leave(cause.name(), connection_id, &mut changes);
                }
            }
            Verdict::Finding(finding) => {
                let id = &finding.connection.id;
                if let FindingKind::Outcome { outcome } = finding.kind {
                    // The outcome replaces what was said of the silence.
                    self.leave(CROSSED, id, &mut changes);
                    if outcome == Outcome::Recovered {
                        self.leave(Outcome::Blackholed.name(), id, &mut changes);
                    }
                }
                if finding.severity > Severity::None {
                    self.join(finding, now_ns, &mut changes);
                }
            }
        }
        changes
    }

    /// Time has come to `now_ns`: alerts whose hold is over resolve.
    pub fn tick(&mut self, now_ns: u64) -> Vec<AlertChange> {
        let over: Vec<Key> = self
            .groups
            .iter()
            .filter(|(key, group)| {
                let held = key.name != CROSSED || group.nameless();
                held && now_ns.saturating_sub(group.last_ns) >= self.limits.hold_ns
            })
            .map(|(key, _)| key.clone())
            .collect();
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
        let key = key(finding);
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
            self.index.insert(member, key.clone());
        } else {
            self.stats.members_full_total += 1;
        }
        changes.push(AlertChange::Firing(group.shown(&key)));
        self.groups.insert(key, group);
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

fn key(finding: &Finding) -> Key {
    let owner = &finding.owner;
    Key {
        name: finding.kind.name(),
        severity: finding.severity,
        path: finding.path.clone().unwrap_or_else(|| "none".into()),
        owner: owner
            .unit
            .clone()
            .or_else(|| owner.comm.clone())
            .unwrap_or_else(|| "unknown".into()),
    }
}
