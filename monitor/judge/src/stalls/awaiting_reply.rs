//! Awaiting reply: a request arrived, and its answer does not come. It may be on
//! its way for ever: a client that waits sends nothing that could fail.

use super::card::{Card, Case, Stands};
use crate::dialogue::Known;
use crate::evidence::EvidenceList;
use crate::peers::habit::HabitOf;
use crate::peers::reply::{self, Due};
use crate::ruling::Ruling;
use crate::thresholds::{HABIT_MULTIPLE, TWO_SNAPSHOTS_NS};
use monitor_model::finding::{Certainty, Clock, Severity};
use monitor_model::format;

pub(super) const CARD: Card = Card {
    certainty: Certainty::Suspected,
    clock: Clock::Payload,
    stands: Stands::Reply,
    gravity: 1,
    ..Card::new(judge)
};

fn judge(case: &Case<'_>) -> Option<Ruling> {
    let first = case.reply?;
    let view = case.view;
    let path = view.path?;
    if case.now.at_ns.saturating_sub(first.at_ns) < TWO_SNAPSHOTS_NS {
        return None;
    }
    let wait_ns = reply::waits_ns(view, case.habits)?;
    let due = reply::due(view, case.habits)?;
    let usual = due.usual;
    let patience = usual.longest_ns.saturating_mul(HABIT_MULTIPLE);
    if wait_ns <= path.timeout_ns.max(patience).max(due.least_ns) {
        return None;
    }
    let mut evidence = EvidenceList::default();
    evidence.seconds("wait_seconds", wait_ns);
    if usual.mean_ns > 0 {
        evidence.seconds("habit_seconds", usual.mean_ns);
    }
    if usual.longest_ns > 0 {
        evidence.seconds("longest_answer_seconds", usual.longest_ns);
    }
    evidence
        .text("habit_of", usual.of.word())
        .count("answered_exchanges", usual.answered);
    if let Some(dialogue) = due.dialogue.word() {
        evidence.text("dialogue", dialogue);
    }
    evidence
        .count("unacknowledged_bytes", 0_u32)
        .count("payload_bytes", 0_u32);
    case.settings.add_to(&mut evidence);
    Some(Ruling {
        // Whether the wait is too long rests on the timeout: a guess wakes nobody.
        severity: if path.stated {
            Severity::Ticket
        } else {
            Severity::None
        },
        evidence,
        advice: Some(
            "the request was acknowledged, so nothing in TCP ends this wait: look at the peer's \
             application and at what its answer has to cross, and give requests a deadline of their own \
             in the application"
                .into(),
        ),
        summary_tail: summary_tail(&due, wait_ns),
        ..Ruling::of(wait_ns)
    })
}

fn summary_tail(due: &Due, wait_ns: u64) -> String {
    let usual = due.usual;
    let times = format::count(usual.answered.into(), "time");
    let mean = format::duration(usual.mean_ns);
    let silent = format::duration(wait_ns);
    let longest = format::duration(usual.longest_ns);
    // A mean says little where one answer took far longer.
    let once = if usual.longest_ns > usual.mean_ns.saturating_mul(2) {
        format!(", in {longest} at the longest")
    } else {
        String::new()
    };
    let so_far = if usual.longest_ns > 0 {
        format!(" (the longest answer known took {longest})")
    } else {
        String::new()
    };
    match (usual.of, due.dialogue) {
        (HabitOf::Connection, _) => {
            format!("usually answers in {mean}{once} (seen {times}), silent for {silent}")
        }
        (HabitOf::Workload, _) => format!(
            "others of its kind are usually answered in {mean}{once} (seen {times}), this one is silent for \
             {silent}"
        ),
        (HabitOf::Counters, _) => format!(
            "by the kernel's counters it asked and was answered before (up to {times}), silent for \
             {silent}{so_far}"
        ),
        (HabitOf::None, Known::Stated) => {
            format!("the path states that the client asks, silent for {silent}{so_far}")
        }
        (HabitOf::None, Known::Service(name)) if usual.mean_ns == 0 => {
            format!(
                "no habit is known yet (up to {}), and at a port of {name} the client asks, silent for \
                 {silent}{so_far}",
                format::count(usual.answered.into(), "answer")
            )
        }
        (HabitOf::None, _) => format!(
            "no habit is known yet ({} seen), silent for {silent}, longer than the path's timeout",
            format::count(usual.answered.into(), "answer")
        ),
    }
}
