//! Acknowledged: an ACK and nothing more. An ACK is not an answer, but no alert
//! either.

use super::card::{Card, Case, Event};
use crate::evidence::EvidenceList;
use crate::ruling::Ruling;
use crate::thresholds::ANSWER_GRACE_NS;
use crate::tracked::gap::EndedBy;
use monitor_common::{FactKind, TcpState};
use monitor_model::format;

pub(super) const CARD: Card = Card {
    follows: &[None],
    ..Card::new(judge)
};

/// A shorter wait is shown as 0 ms, and was none.
const SHOWN_NS: u64 = 1_000_000;

fn judge(case: &Case<'_>) -> Option<Ruling> {
    let gap = case.gap;
    if gap.seldom.payload_ns.is_some() {
        return None;
    }
    let waited = if came_alone(case) {
        0
    } else {
        // With signs of a forgery the socket is read first.
        let unread = matches!(case.event, Event::Time) && gap.forgery.suffice();
        if gap.due || unread || !is_time(case) {
            return None;
        }
        case.now_ns.saturating_sub(gap.acked_ns?)
    };
    let mut evidence = EvidenceList::default();
    evidence
        .count("ack_progress_bytes", gap.progress())
        .count("payload_bytes", 0_u32)
        .seconds("waited_seconds", waited);
    Some(Ruling {
        evidence,
        summary_tail: match (gap.progress(), waited) {
            (0, _) => "an ACK came and nothing more".into(),
            // Nothing was waited for: the peer has said its last word, or the next silence is over.
            (_, ..SHOWN_NS) => "what was sent since is acknowledged".into(),
            _ => format!(
                "what was sent since is acknowledged, no answer within {}",
                format::duration(waited)
            ),
        },
        ..Ruling::of(case.gap.length_ns)
    })
}

/// Whether an answer to what was acknowledged has had its time.
pub(super) fn is_time(case: &Case<'_>) -> bool {
    let gap = case.gap;
    let Some(acked_ns) = gap.acked_ns else {
        return false;
    };
    let gone = gap.seldom.closed_ns.is_some_and(|ns| ns < case.now_ns);
    let waited = case.now_ns.saturating_sub(acked_ns);
    !gone && (waited >= ANSWER_GRACE_NS || nothing_more_can_come(case))
}

/// Whether the peer's bare segment ended the silence while nothing was due.
fn came_alone(case: &Case<'_>) -> bool {
    let gap = case.gap;
    let first = matches!(case.event, Event::Fact(view) if view.kind == FactKind::GapEndedByReceive);
    first && gap.ended_by == EndedBy::Segment && !gap.sent() && !gap.due
}

/// Whether the wait is over before its time.
fn nothing_more_can_come(case: &Case<'_>) -> bool {
    match case.event {
        Event::Time => false,
        Event::Superseded => true,
        Event::Fact(view) => {
            let over = view.kind == FactKind::ProbationOver;
            let peer_done = view.new_state() == Some(TcpState::CloseWait);
            // From ESTABLISHED or CLOSE-WAIT a close without an error is an abort.
            let done = view.new_state() == Some(TcpState::Close)
                && view.fact.socket.sk_err == 0
                && !matches!(
                    view.state(),
                    Some(TcpState::Established | TcpState::CloseWait)
                );
            over || peer_done || done
        }
    }
}
