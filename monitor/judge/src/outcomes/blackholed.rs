//! Blackholed: what was sent since the silence is not acknowledged, or probes are not answered.

use super::card::{Card, Case, Event};
use crate::advice;
use crate::counters::Counters;
use crate::fact_view::FactView;
use crate::heard::{Heard, heard};
use crate::lost::{self, Lost};
use crate::resent::hears_no_ack;
use crate::ruling::{Bearing, Ruling};
use crate::stalls::lossy;
use crate::stalls::snapshot::{beyond_window, window_closed};
use crate::thresholds::{LEAST_WAIT_NS, OVERDUE_NS, PROBES};
use crate::unanswered::{self, Sign, Unanswered, resent_for_ns};
use monitor_common::{FactKind, TcpState};
use monitor_model::finding::Outcome;

pub(super) const CARD: Card = Card {
    // Once more where what was a ticket has become a page.
    follows: &[None, Some(Outcome::Acknowledged), Some(Outcome::Blackholed)],
    is_loss: true,
    even_if_doubtful: true,
    outlives_gap: true,
    siblings_since: |gap, _| {
        let since = gap.waits_since_ns();
        Some(since.saturating_add(OVERDUE_NS))
    },
    ..Card::new(judge)
};

fn judge(case: &Case<'_>) -> Option<Ruling> {
    let Event::Fact(view) = case.event else {
        return None;
    };
    let gap = case.gap;
    // The path has passed its test: whatever dies later is a stall.
    if gap.progress() > 0 {
        return None;
    }
    if let Some(ruling) = receiver(case, view) {
        return Some(ruling);
    }
    let sign = sign(case, view)?;
    // Only what answers a probe is an answer to one.
    if !gap.due && gap.seldom.payload_ns.is_some() {
        return None;
    }
    let socket = &view.fact.socket;
    let (since, since_ns) = (gap.waits_since(), gap.waits_since_ns());
    let by_probes = sign == Sign::Probes || matches!(sign, Sign::Error(_)) && !gap.sent();
    let not_the_silence = by_probes && gap.probes_answered_before;
    let lost = Lost {
        view,
        settings: case.settings,
        sign,
        timeouts: gap.timeouts,
        probes: gap.probes,
        waited_ns: case.now_ns.saturating_sub(since_ns),
        heard: heard(&since.since(), socket, view.jiffy_ns).filter(|_| !by_probes),
        segments: socket.segs_in.wrapping_sub(since.segs_in),
        sent_before_close: gap.sent_before_close,
        began_ns: case.began_ns,
        advice: (!not_the_silence).then(|| advice::outlived(gap.path.as_deref(), case.settings)),
    };
    // What this host refuses never came to the box, and where the box was kept awake it did not forget.
    let bearing = if lost.refused_here() || not_the_silence {
        Bearing::Neutral
    } else {
        Bearing::Failed
    };
    let mut ruling = lost.ruling(gap.length_ns);
    if not_the_silence {
        ruling.may_be_silence = false;
        ruling.evidence.flag("probes_answered_before", true);
        ruling
            .summary_tail
            .push_str("; earlier ones were answered: the peer or the way to it is gone, it was not the silence");
    }
    let again = gap.reported.is_some_and(|told| {
        told.outcome == Outcome::Blackholed && ruling.severity <= told.severity
    });
    (!again).then_some(Ruling { bearing, ..ruling })
}

/// The peer's payload ended the silence, and comes again and again: it hears no ACK of ours.
fn receiver(case: &Case<'_>, view: &FactView<'_>) -> Option<Ruling> {
    let gap = case.gap;
    let resent = gap
        .seldom
        .resent
        .filter(|_| gap.reported.is_none() && !gap.due)?;
    let lasted_ns = resent.looked_ns?.saturating_sub(resent.since_ns);
    if !hears_no_ack(view, resent.segments) || lasted_ns < LEAST_WAIT_NS {
        return None;
    }
    let advice = advice::outlived(gap.path.as_deref(), case.settings);
    let ruling = lost::unheard(
        resent.segments,
        lasted_ns,
        case.settings,
        advice,
        gap.length_ns,
    );
    Some(Ruling {
        bearing: Bearing::Failed,
        ..ruling
    })
}

fn sign(case: &Case<'_>, view: &FactView<'_>) -> Option<Sign> {
    let gap = case.gap;
    let socket = &view.fact.socket;
    if view.new_state() == Some(TcpState::Close) {
        // A closed window can end like this while the peer answers every probe.
        let closed = window_closed(socket, false) && socket.probes_out < PROBES;
        let heard = gap.before.heard(&Counters::of(socket));
        return unanswered::given_up(socket)
            .filter(|_| !heard || gap.due && !closed)
            .map(Sign::Error);
    }
    if !matches!(view.kind, FactKind::Retransmitted | FactKind::Swept) {
        return None;
    }
    // What is resent into a closed window stands for probes, which a stall counts.
    let wait = gap.wait.as_ref().filter(|_| !beyond_window(socket))?;
    let then = gap.waits_since();
    let waited_ns = case.now_ns.saturating_sub(wait.since_ns);
    Unanswered {
        timeouts: socket.retransmits.saturating_sub(then.retransmits),
        probes: socket.probes_out.saturating_sub(then.probes_out),
        in_flight: gap.due && (socket.packets_out > 0 || view.kind == FactKind::Retransmitted),
        waited_ns: waited_ns.max(resent_for_ns(view)),
        first_rto_ns: view.ns(then.rto_jiffies),
        lossy: lossy(socket, case.sent_again_in_outages),
        sacked: heard(&then.since(), socket, view.jiffy_ns) == Some(Heard::Sacked),
    }
    .sign()
}
