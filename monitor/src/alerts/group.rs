//! The connections of one alert.

use super::{Alert, Key};
use crate::judge::finding::Finding;
use std::collections::HashSet;

/// One alert in the making: who is in it, and its latest finding.
#[derive(Debug)]
pub(super) struct Group {
    members: HashSet<u64>,
    /// Connections counted beyond the bound of `members`.
    beyond: u64,
    since: String,
    summary: String,
    example: String,
    /// When a connection last joined.
    pub(super) last_ns: u64,
}

impl Group {
    /// The alert that `finding` begins, still without connections.
    pub(super) fn begin(finding: &Finding, now_ns: u64) -> Self {
        Self {
            members: HashSet::new(),
            beyond: 0,
            since: finding.time.clone(),
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
        let room = self.members.len() < max || self.members.contains(&member);
        if room {
            self.members.insert(member);
        } else {
            self.beyond += 1;
        }
        room
    }

    /// Takes a connection out.
    pub(super) fn leave(&mut self, member: u64) {
        self.members.remove(&member);
    }

    /// Whether `member` is the only connection left.
    pub(super) fn is_last(&self, member: u64) -> bool {
        self.beyond == 0 && self.members.len() == 1 && self.members.contains(&member)
    }

    /// Whether it holds only connections that it does not know by name, whose
    /// leaving nobody will notice.
    pub(super) fn nameless(&self) -> bool {
        self.members.is_empty()
    }

    pub(super) fn members(&self) -> impl Iterator<Item = u64> + '_ {
        self.members.iter().copied()
    }

    /// The alert as users see it.
    pub(super) fn shown(&self, key: &Key) -> Alert {
        Alert {
            name: key.name.into(),
            severity: key.severity,
            path: key.path.clone(),
            owner: key.owner.clone(),
            connections: self.beyond + self.members.len() as u64,
            since: self.since.clone(),
            summary: self.summary.clone(),
            example: self.example.clone(),
        }
    }
}
