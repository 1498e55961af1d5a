//! Survived: payload came from the peer.

use super::{Bearing, Case, Ruling};
use crate::evidence::EvidenceList;
use monitor_model::finding::{Outcome, Severity};
use monitor_model::format;

pub(super) fn judge(case: &Case<'_>) -> Option<Ruling> {
    let gap = case.gap;
    let after = gap.payload_ns?.saturating_sub(gap.ended_ns);
    let mut evidence = EvidenceList::default();
    evidence
        .seconds("payload_after_seconds", after)
        .count("ack_progress_bytes", gap.progress());
    Some(Ruling {
        outcome: Outcome::Survived,
        severity: Severity::None,
        bearing: Bearing::Survived,
        evidence,
        advice: None,
        said: if gap.sent() {
            format!("the peer answered after {}", format::duration(after))
        } else {
            "the peer sent data".into()
        },
    })
}
