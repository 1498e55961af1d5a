//! Survived: payload came from the peer. While anything that was sent since the silence is unacknowledged, it
//! takes an ACK of some of it: what comes back says nothing of the way there.

use super::card::{Card, Case};
use crate::evidence::EvidenceList;
use crate::ruling::{Bearing, Ruling};
use monitor_model::format;

pub(super) const CARD: Card = Card {
    ends_stalls: true,
    ..Card::new(judge)
};

fn judge(case: &Case<'_>) -> Option<Ruling> {
    let gap = case.gap;
    let after = gap.payload_ns?.saturating_sub(gap.ended_ns);
    if gap.due && gap.progress() == 0 {
        return None;
    }
    let mut evidence = EvidenceList::default();
    evidence
        .seconds("payload_after_seconds", after)
        .count("ack_progress_bytes", gap.progress());
    Some(Ruling {
        bearing: Bearing::Survived,
        evidence,
        summary_tail: if gap.sent() {
            format!("the peer answered after {}", format::duration(after))
        } else {
            "the peer sent data".into()
        },
        ..Ruling::of(case.gap.length_ns)
    })
}
