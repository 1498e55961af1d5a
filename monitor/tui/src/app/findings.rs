//! The findings that came while this ran, the newest of them, and of which connection each is.

use crate::source::Watched;
use monitor_model::finding::{Finding, FindingKind, Severity};
use monitor_model::time::Timestamp;
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

/// So many are kept; one takes about two thousand bytes.
const MOST: usize = 2_000;

/// For so long after it was told, in ns, a connection counts as a suspect.
const FRESH_NS: i64 = 600_000_000_000;

/// Findings, the oldest first.
#[derive(Debug, Default)]
pub struct Findings {
    all: VecDeque<Arc<Finding>>,
    latest: HashMap<String, Arc<Finding>>,
    /// Those that came while the screen was frozen.
    held: VecDeque<Watched>,
    /// Older ones that are not kept any more.
    pub dropped: u64,
    /// Those that came faster than they were read.
    pub missed: u64,
}

impl Findings {
    pub(super) fn hold(&mut self, watched: Watched) {
        self.held.push_back(watched);
        if self.held.len() > MOST
            && let Some(Watched::Finding(_)) = self.held.pop_front()
        {
            self.dropped += 1;
        }
    }

    pub(super) fn release(&mut self) {
        for watched in std::mem::take(&mut self.held) {
            self.take(watched);
        }
    }

    pub(super) fn take(&mut self, watched: Watched) {
        let finding = match watched {
            Watched::Lagged(missed) => {
                self.missed = self.missed.saturating_add(missed);
                return;
            }
            Watched::Finding(finding) => Arc::new(*finding),
        };
        let id = finding.connection.id.clone();
        self.latest.insert(id, Arc::clone(&finding));
        self.all.push_back(finding);
        if self.all.len() > MOST
            && let Some(oldest) = self.all.pop_front()
        {
            self.dropped += 1;
            let id = &oldest.connection.id;
            if let Some(latest) = self.latest.get(id)
                && Arc::ptr_eq(latest, &oldest)
            {
                self.latest.remove(id);
            }
        }
    }

    /// All that are kept, the oldest first.
    pub fn all(&self) -> impl DoubleEndedIterator<Item = &Finding> {
        self.all.iter().map(Arc::as_ref)
    }

    /// Those of one connection, the oldest first.
    pub fn of<'a>(&'a self, id: &'a str) -> impl DoubleEndedIterator<Item = &'a Finding> {
        self.all().filter(move |found| found.connection.id == id)
    }

    /// What was told last of each connection, in no order.
    pub(super) fn of_each(&self) -> impl Iterator<Item = &Arc<Finding>> {
        self.latest.values()
    }

    /// What was told last of a connection.
    pub fn latest(&self, id: &str) -> Option<&Finding> {
        self.latest.get(id).map(Arc::as_ref)
    }

    /// Ids of connections of which something bad was told lately.
    pub(super) fn told(&self, now: Timestamp) -> HashSet<String> {
        let since = now.unix_ns().saturating_sub(FRESH_NS);
        let bad = |finding: &Finding| {
            finding.time.unix_ns() >= since
                && (finding.severity != Severity::None || finding.kind == FindingKind::AtRisk)
        };
        let told = self.latest.iter().filter(|(_, finding)| bad(finding));
        told.map(|(id, _)| id.clone()).collect()
    }
}
