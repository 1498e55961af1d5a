//! What fails together: a peer or a network that is down is one page.

use super::joining::Moved;
use super::key::{Key, UNREACHABLE};
use super::lifecycle::Alerts;
use super::limits::SAME_OUTAGE_NS;
use super::member::Member;
use super::parts::{Part, State};
use monitor_model::alert::AlertChange;
use monitor_model::finding::Severity;
use std::sync::Arc;

impl Alerts {
    /// One more connection fails with its peer or network: what failed there just before, and what still does, was the
    /// same outage, and is taken out of where it was. Without the one that is told now.
    pub(super) fn gathered(
        &mut self,
        key: &Key,
        told: Member,
        now_ns: u64,
        changes: &mut Vec<AlertChange>,
    ) -> Vec<Moved> {
        if key.name != UNREACHABLE {
            return Vec::new();
        }
        let losses = self.groups.keys();
        let losses = losses.filter(|other| {
            other.is_loss && other.severity == key.severity && other.path == key.path
        });
        let losses: Vec<Arc<Key>> = losses.cloned().collect();
        let since_ns = now_ns.saturating_sub(SAME_OUTAGE_NS);
        let mut moved = Vec::new();
        for other in losses {
            self.catch_up(&other, now_ns, changes);
            let Some(group) = self.groups.get_mut(&other) else {
                continue;
            };
            let its = group.parts.iter().filter(|(member, part)| {
                *member != told && part.worth == Severity::Page && is_of_outage(part, since_ns)
            });
            let its: Vec<Member> = its.map(|(member, _)| member).collect();
            for member in &its {
                if let Some(part) = group.parts.remove(*member) {
                    moved.push((Arc::clone(&other), *member, part));
                }
            }
            for member in its {
                self.forget(member);
            }
        }
        moved
    }
}

/// Whether it failed at `since_ns` or later, or fails on and no silence came before.
fn is_of_outage(part: &Part, since_ns: u64) -> bool {
    let lasts = part.state
        == State::Stuck {
            after_silence: false,
        };
    let at_ns = match part.state {
        State::Stuck { .. } | State::Left { .. } => part.since.ns,
        State::Badly { at_ns } => at_ns,
    };
    lasts || at_ns >= since_ns
}
