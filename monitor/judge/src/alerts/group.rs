//! The connections of one alert.

use super::key::Key;
use monitor_model::alert::Alert;
use monitor_model::finding::{Finding, FindingKind};
use monitor_model::time::Timestamp;
use std::collections::HashMap;

/// A connection of an alert.
#[derive(Clone, Copy, Debug)]
struct Member {
    joined_ns: u64,
    /// It is told when this is over; until then it does not age away.
    lasts: bool,
}

/// One alert in the making: who is in it, and its latest finding.
#[derive(Debug)]
pub(super) struct Group {
    members: HashMap<u64, Member>,
    /// Connections counted beyond the bound of `members`.
    beyond: u64,
    since: Timestamp,
    summary: String,
    example: String,
    /// When a connection last joined.
    pub(super) last_ns: u64,
}

impl Group {
    /// The alert that `finding` begins, still without connections.
    pub(super) fn begin(finding: &Finding, now_ns: u64) -> Self {
        Self {
            members: HashMap::new(),
            beyond: 0,
            since: finding.time,
            summary: String::new(),
            example: String::new(),
            last_ns: now_ns,
        }
    }

    /// Adds the connection of `finding`; `false` if it could only be counted.
    pub(super) fn join(&mut self, member: u64, finding: &Finding, now_ns: u64, max: usize) -> bool {
        self.summary.clone_from(&finding.summary);
        self.example.clone_from(&finding.connection.id);
        self.last_ns = self.last_ns.max(now_ns);
        let room = self.members.len() < max || self.members.contains_key(&member);
        if room {
            let joined = Member {
                joined_ns: now_ns,
                lasts: lasts(finding),
            };
            self.members.insert(member, joined);
        } else {
            self.beyond += 1;
        }
        room
    }

    /// Takes out those that joined at `since_ns` or later, and those that last: what
    /// else an outage that shows now has brought here.
    pub(super) fn split_off(&mut self, since_ns: u64) -> Self {
        let mut split = Self {
            members: HashMap::new(),
            beyond: 0,
            since: self.since,
            summary: self.summary.clone(),
            example: self.example.clone(),
            last_ns: self.last_ns,
        };
        self.members.retain(|id, member| {
            let stays = !member.lasts && member.joined_ns < since_ns;
            if !stays {
                split.members.insert(*id, *member);
            }
            stays
        });
        if self.nameless() {
            split.beyond = std::mem::take(&mut self.beyond);
        }
        split
    }

    /// Adds the connections of `other`, as far as there is room; answers how many
    /// could only be counted.
    pub(super) fn absorb(&mut self, other: Self, max: usize) -> u64 {
        let mut counted = 0;
        for (id, member) in other.members {
            if self.members.len() < max {
                self.members.entry(id).or_insert(member);
            } else if !self.members.contains_key(&id) {
                counted += 1;
            }
        }
        self.beyond += other.beyond + counted;
        self.since = self.since.min(other.since);
        counted
    }

    /// Takes out those whose end nobody will tell.
    pub(super) fn age(&mut self) -> Vec<u64> {
        let mut aged = Vec::new();
        self.members.retain(|id, member| {
            if !member.lasts {
                aged.push(*id);
            }
            member.lasts
        });
        aged
    }

    /// Whether the end of one of its connections is still to be told.
    pub(super) fn lasts(&self) -> bool {
        self.members.values().any(|member| member.lasts)
    }

    /// Takes a connection out.
    pub(super) fn leave(&mut self, member: u64) {
        self.members.remove(&member);
    }

    /// Whether `member` is the only connection left.
    pub(super) fn is_last(&self, member: u64) -> bool {
        self.beyond == 0 && self.members.len() == 1 && self.members.contains_key(&member)
    }

    /// Whether it knows `member` by name.
    pub(super) fn knows(&self, member: u64) -> bool {
        self.members.contains_key(&member)
    }

    /// Whether it has no connection.
    pub(super) fn is_empty(&self) -> bool {
        self.members.is_empty() && self.beyond == 0
    }

    /// Whether it holds only connections that it does not know by name, whose
    /// leaving nobody will notice.
    pub(super) fn nameless(&self) -> bool {
        self.members.is_empty()
    }

    pub(super) fn members(&self) -> impl Iterator<Item = u64> + '_ {
        self.members.keys().copied()
    }

    /// The alert as users see it.
    pub(super) fn shown(&self, key: &Key) -> Alert {
        Alert {
            name: key.name.into(),
            severity: key.severity,
            path: key.path.clone(),
            owner: key.owner.clone(),
            connections: self.beyond + self.members.len() as u64,
            since: self.since,
            summary: self.summary.clone(),
            example: self.example.clone(),
        }
    }
}

/// Whether the end of what is found is told: outcomes are the end of a matter, and
/// only age. So is a stall whose connection the kernel gave up: it never moves again.
fn lasts(finding: &Finding) -> bool {
    match finding.kind {
        FindingKind::AtRisk | FindingKind::Crossed => true,
        FindingKind::Stall { .. } => !finding.given_up,
        FindingKind::Outcome { .. } => false,
    }
}
