//! Survived: payload came from the peer. While anything that was sent since the silence is unacknowledged, it
//! takes an ACK of some of it: what comes back says nothing of the way there.

use super::card::{Card, Case, Event};
use crate::evidence::EvidenceList;
use crate::ruling::{Bearing, Ruling};
use crate::thresholds::{LEAST_WAIT_NS, PUSH_GRACE_NS};
use crate::tracked::gap::EndedBy;
use monitor_common::{FactKind, TcpState};
use monitor_model::format;

pub(super) const CARD: Card = Card {
    ends_stalls: true,
    ..Card::new(judge)
};

/// Whether the peer hears what this host acknowledges, where that is all that it says: a look a moment later
/// shows that nothing came again, or none came past while it may have.
fn heard_us(case: &Case<'_>) -> bool {
    // Who has said its last word has nothing that the peer could hear.
    let half_closed = matches!(
        case.gap.state,
        Some(TcpState::FinWait1 | TcpState::FinWait2)
    );
    let Some(resent) = case.gap.seldom.resent.filter(|_| !half_closed) else {
        return true;
    };
    match case.event {
        Event::Superseded => true,
        Event::Fact(view) => {
            let later = resent
                .looked_ns
                .is_some_and(|ns| ns.saturating_sub(resent.since_ns) >= LEAST_WAIT_NS);
            let over = view.kind == FactKind::ProbationOver || view.new_state().is_some();
            (later || over) && resent.segments == 0
        }
        Event::Time => {
            let patience = if resent.segments == 0 {
                PUSH_GRACE_NS
            } else {
                PUSH_GRACE_NS * 3
            };
            case.now_ns.saturating_sub(resent.since_ns) >= patience
        }
    }
}

/// A window probe was answered, and not by who forges ACKs: the peer does not read, and the way to it works.
fn by_probe(case: &Case<'_>) -> Option<Ruling> {
    let gap = case.gap;
    gap.seldom
        .probe_answered_ns
        .filter(|_| !gap.forgery.suffice())?;
    let mut evidence = EvidenceList::default();
    evidence
        .flag("window_probe_answered", true)
        .count("ack_progress_bytes", gap.progress())
        .count("payload_bytes", 0_u32);
    Some(Ruling {
        bearing: Bearing::Survived,
        // It is no progress: the window is still closed.
        still_waits: true,
        evidence,
        summary_tail: "a window probe was answered: the way works, the peer does not read".into(),
        ..Ruling::of(gap.length_ns)
    })
}

fn judge(case: &Case<'_>) -> Option<Ruling> {
    by_payload(case).or_else(|| by_probe(case))
}

fn by_payload(case: &Case<'_>) -> Option<Ruling> {
    let gap = case.gap;
    // What came with a FIN is a goodbye.
    if gap.seldom.fin.is_some_and(|fin| fin.in_silence) {
        return None;
    }
    let after = gap.seldom.payload_ns?.saturating_sub(gap.ended_ns);
    if gap.due && gap.progress() == 0 || !gap.sent() && !heard_us(case) {
        return None;
    }
    let mut evidence = EvidenceList::default();
    evidence
        .seconds("payload_after_seconds", after)
        .count("ack_progress_bytes", gap.progress());
    Some(Ruling {
        bearing: Bearing::Survived,
        evidence,
        summary_tail: if gap.sent() && gap.ended_by != EndedBy::Payload {
            format!("the peer answered after {}", format::duration(after))
        } else {
            "the peer sent data".into()
        },
        ..Ruling::of(case.gap.length_ns)
    })
}
