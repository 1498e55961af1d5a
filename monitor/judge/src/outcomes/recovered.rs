//! Recovered: blackholed before, and then ACKs moved again.

use super::{Bearing, Case, Event, Ruling};
use crate::evidence::EvidenceList;
use crate::marks::Marks;
use crate::seen::Seen;
use monitor_common::FactKind;
use monitor_model::finding::{Outcome, Severity};
use monitor_model::format;

pub(super) fn judge(case: &Case<'_>) -> Option<Ruling> {
    let gap = case.gap;
    let (Outcome::Blackholed, told_ns) = gap.told? else {
        return None;
    };
    let answered = match case.event {
        Event::Fact(seen) => probes_answered(case, seen),
        Event::Time | Event::Superseded => false,
    };
    if gap.progress() == 0 && gap.payload_ns.is_none() && !answered {
        return None;
    }
    let lasted = case.now_ns.saturating_sub(told_ns);
    let mut evidence = EvidenceList::default();
    evidence
        .count("ack_progress_bytes", gap.progress())
        .count("timeouts", gap.timeouts)
        .seconds("blackholed_for_seconds", lasted);
    Some(Ruling {
        outcome: Outcome::Recovered,
        severity: Severity::None,
        bearing: Bearing::Neutral,
        evidence,
        advice: None,
        said: format!(
            "answers came again {} after the alarm",
            format::duration(lasted)
        ),
    })
}

/// Whether something came through although no data was in flight: the only
/// sign where probes, not data, went unanswered.
fn probes_answered(case: &Case<'_>, seen: &Seen<'_>) -> bool {
    let socket = &seen.fact.socket;
    if socket.snd_una != socket.snd_nxt || socket.packets_out > 0 {
        return false;
    }
    match seen.kind {
        FactKind::AckArrived => true,
        FactKind::Swept => {
            let now = Marks::of(socket);
            socket.probes_out == 0 && case.gap.wait.is_some_and(|wait| wait.marks.heard(&now))
        }
        _ => false,
    }
}
