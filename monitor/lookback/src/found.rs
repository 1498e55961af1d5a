//! What was found until a moment: findings, gaps and what happened to the daemon, the newest of each.

use monitor_model::agent::AgentEvent;
use monitor_model::alert::{Alert, AlertState};
use monitor_model::finding::Finding;
use monitor_model::gaps::GapSummary;
use monitor_store::Contents;
use std::collections::{BTreeMap, VecDeque};

/// So many findings are kept; one takes about two thousand bytes.
const MOST_FINDINGS: usize = 2_000;

/// Gaps of so many paths are kept, and so many events of the daemon.
const MOST_OTHERS: usize = 1_000;

/// What was found is looked back to for so long at the least, in ns: as long as an alert that is over is shown.
const AT_LEAST_NS: i64 = 3_600_000_000_000;

/// No more than that, in ns, however long an alert stands.
const AT_MOST_NS: i64 = 24 * 3_600_000_000_000;

/// Takes records in, in their order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    /// The newest findings, the oldest of them first.
    pub findings: VecDeque<Finding>,
    /// The last gaps of each path.
    pub gaps: BTreeMap<String, GapSummary>,
    /// What happened to the daemon, the newest, the oldest of it first.
    pub agent: VecDeque<AgentEvent>,
    /// Findings, paths and events for which there was no room.
    pub left_out: u64,
}

impl Found {
    /// From when on what was found until `at` tells what these alerts are about: in ns since 1970.
    pub fn since(at: i64, alerts: &[Alert]) -> i64 {
        let stands = alerts
            .iter()
            .filter(|alert| alert.state != AlertState::Over);
        let first = stands.map(|alert| alert.since.unix_ns()).min();
        // The finding of an alert is told a moment before it.
        let first = first.unwrap_or(at).saturating_sub(1_000_000_000);
        let (earliest, latest) = (
            at.saturating_sub(AT_MOST_NS),
            at.saturating_sub(AT_LEAST_NS),
        );
        first.clamp(earliest, latest)
    }

    /// Takes a record in.
    pub fn take(&mut self, contents: Contents) {
        match contents {
            Contents::Finding(finding) => {
                self.findings.push_back(*finding);
                if self.findings.len() > MOST_FINDINGS {
                    self.findings.pop_front();
                    self.left_out += 1;
                }
            }
            Contents::Gaps(gaps) => {
                if self.gaps.len() < MOST_OTHERS || self.gaps.contains_key(&gaps.path) {
                    self.gaps.insert(gaps.path.clone(), gaps);
                } else {
                    self.left_out += 1;
                }
            }
            Contents::Agent(event) => {
                self.agent.push_back(event);
                if self.agent.len() > MOST_OTHERS {
                    self.agent.pop_front();
                    self.left_out += 1;
                }
            }
            Contents::Alert(_) => {}
        }
    }
}
