//! Recovered: blackholed before, and then ACKs moved again.

use super::card::{Card, Case, Event};
use crate::counters::Counters;
use crate::evidence::EvidenceList;
use crate::fact_view::FactView;
use crate::ruling::Ruling;
use monitor_common::FactKind;
use monitor_model::finding::Outcome;
use monitor_model::format;

pub(super) const CARD: Card = Card {
    follows: &[Some(Outcome::Blackholed)],
    even_if_doubtful: true,
    ends_stalls: true,
    ..Card::new(judge)
};

fn judge(case: &Case<'_>) -> Option<Ruling> {
    let gap = case.gap;
    let reported_ns = gap.reported?.at_ns;
    let answered = match case.event {
        Event::Fact(view) => probes_answered(case, view),
        Event::Time | Event::Superseded => false,
    };
    // What the peer says acknowledges nothing of what is due.
    let since = |ns: u64| ns > reported_ns;
    let news = gap.seldom.payload_ns.is_some_and(since)
        || gap
            .seldom
            .resent
            .is_some_and(|resent| since(resent.since_ns));
    // Of what waits behind a closed window nothing can be acknowledged but a probe.
    let heard = !gap.due && (news || answered) || gap.seldom.probe_answered_ns.is_some_and(since);
    if gap.progress() == 0 && !heard {
        return None;
    }
    let lasted = case.now_ns.saturating_sub(reported_ns);
    let mut evidence = EvidenceList::default();
    evidence
        .count("ack_progress_bytes", gap.progress())
        .count("timeouts", gap.timeouts)
        .seconds("blackholed_for_seconds", lasted);
    Some(Ruling {
        evidence,
        summary_tail: format!(
            "answers came again {} after the alarm",
            format::duration(lasted)
        ),
        ..Ruling::of(case.gap.length_ns)
    })
}

/// Whether something came through although no data was in flight: the only
/// sign where probes, not data, went unanswered.
fn probes_answered(case: &Case<'_>, view: &FactView<'_>) -> bool {
    let socket = &view.fact.socket;
    if socket.snd_una != socket.snd_nxt || socket.packets_out > 0 {
        return false;
    }
    match view.kind {
        FactKind::AckArrived => true,
        FactKind::Swept => {
            let now = Counters::of(socket);
            let heard = || case.gap.waits_since().heard(&now);
            socket.probes_out == 0 && case.gap.wait.is_some() && heard()
        }
        _ => false,
    }
}
