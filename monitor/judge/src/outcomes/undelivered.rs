//! Undelivered: acknowledged, but by all signs not by the peer; or acknowledged
//! again and again, and never answered where answers used to come.
//!
//! The latter is no sign where the peer's timestamp clock moved on: its own kernel
//! has what was sent. An upload after requests, an event stream after a log-in and a
//! stopped process look just so. Without timestamps nothing tells them apart but another
//! TTL, which must go with it there.
//!
//! It is told once "acknowledged" may be, so that a peer whose clock stood still
//! but who answers has survived; and only by a fact, never because time passed:
//! payload of a half-closed connection and payload whose fact was lost show in the
//! socket alone. A FIN is no sign: a pool's goodbye ends the same way.

use super::acknowledged;
use super::card::{Card, Case, Event};
use crate::advice;
use crate::evidence::EvidenceList;
use crate::ruling::{Bearing, Ruling};
use crate::thresholds::{UNANSWERED_FOR_NS, UNANSWERED_SENDS};
use monitor_common::FactKind;
use monitor_model::finding::{Certainty, Severity};
use monitor_model::format;

pub(super) const CARD: Card = Card {
    certainty: Certainty::Suspected,
    even_if_doubtful: true,
    outlives_gap: true,
    siblings_since: |gap, _| gap.acked_ns,
    ..Card::new(judge)
};

fn judge(case: &Case<'_>) -> Option<Ruling> {
    let gap = case.gap;
    let unread = matches!(case.event, Event::Time);
    if unread || !gap.sent() || gap.seldom.payload_ns.is_some() || gap.due {
        return None;
    }
    let waited = case.now_ns.saturating_sub(gap.acked_ns?);
    let summary_tail = if gap.forgery.suffice() {
        if !(acknowledged::is_time(case) || reset(case)) {
            return None;
        }
        format!("acknowledged {}, no answer", gap.forgery.words())
    } else if unanswered(case) {
        format!(
            "{} acknowledged and none answered, where answers used to come",
            format::count(gap.sends.into(), "send")
        )
    } else {
        return None;
    };
    let mut evidence = EvidenceList::default();
    gap.forgery.add_to(&mut evidence);
    evidence
        .count("ack_progress_bytes", gap.progress())
        .count("payload_bytes", 0_u32)
        .count("unanswered_sends", gap.sends)
        .seconds("waited_seconds", waited)
        .flag("used_to_be_answered", gap.seldom.patience_ns.is_some());
    case.settings.add_to(&mut evidence);
    Some(Ruling {
        severity: Severity::Page,
        bearing: Bearing::Failed,
        may_be_silence: true,
        evidence,
        advice: Some(advice::undelivered(gap.path.as_deref(), case.settings)),
        summary_tail,
        ..Ruling::of(case.gap.length_ns)
    })
}

/// Whether sends of this connection used to be answered, and those since the gap
/// were not, for long.
fn unanswered(case: &Case<'_>) -> bool {
    let gap = case.gap;
    let sent = gap.sent_between_ns();
    let lasted = sent.map_or(0, |(first, last)| last.saturating_sub(first));
    let Some(patience) = gap.seldom.patience_ns else {
        return false;
    };
    // A gap that may have been none needs a sign.
    !gap.doubtful
        && gap.forgery.leave_doubt()
        && gap.seldom.closed_ns.is_none()
        && gap.sends >= UNANSWERED_SENDS
        && lasted >= UNANSWERED_FOR_NS.max(patience)
}

/// A reset by the peer, or in its name: nothing more can come.
fn reset(case: &Case<'_>) -> bool {
    matches!(case.event, Event::Fact(view) if view.kind == FactKind::ResetReceived)
}
