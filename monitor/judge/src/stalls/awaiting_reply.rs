//! Awaiting reply: a request arrived, and its answer does not come. It may be on
//! its way for ever: a client that waits sends nothing that could fail.

use super::card::{Card, Case, Stands};
use super::snapshot;
use crate::evidence::EvidenceList;
use crate::peers::habit::{HabitOf, Usual};
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
    let wait_ns = snapshot::waits_for_answer(view)?;
    let usual = case.habits.usual(view)?;
    let patience = usual.longest_ns.saturating_mul(HABIT_MULTIPLE);
    if wait_ns <= path.timeout_ns || wait_ns <= patience {
        return None;
    }
    let mut evidence = EvidenceList::default();
    evidence
        .seconds("wait_seconds", wait_ns)
        .seconds("habit_seconds", usual.mean_ns)
        .seconds("longest_answer_seconds", usual.longest_ns)
        .text("habit_of", usual.of.word())
        .count("answered_exchanges", usual.answered)
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
        summary_tail: summary_tail(&usual, wait_ns),
        ..Ruling::of(wait_ns)
    })
}

fn summary_tail(usual: &Usual, wait_ns: u64) -> String {
    let times = format::count(usual.answered.into(), "time");
    let mean = format::duration(usual.mean_ns);
    let silent = format::duration(wait_ns);
    match usual.of {
        HabitOf::Connection => {
            format!("usually answers in {mean} (seen {times}), silent for {silent}")
        }
        HabitOf::Workload => format!(
            "others of its kind are usually answered in {mean} (seen {times}), this one is silent for \
             {silent}"
        ),
        HabitOf::None => format!(
            "no habit is known yet ({} seen), silent for {silent}, longer than the path's timeout",
            format::count(usual.answered.into(), "answer")
        ),
    }
}
