//! What connections of one kind teach about each other, and what is forgotten.

use super::story::{JIFFY_NS, SECOND, Story, azure, evidence, wall};
use crate::{Judge, JudgedPath, Limits};

fn hasty() -> JudgedPath {
    JudgedPath {
        timeout_ns: 4 * SECOND,
        warn_ns: 3 * SECOND,
        ..azure()
    }
}

#[test]
fn a_first_request_is_judged_by_the_habit_of_its_kind() {
    let mut story = Story::on(hasty());
    for cookie in 0..4 {
        story.connects(0x60 + cookie);
        story.is_answered(2, 0.012);
    }
    story.connects(0x70);
    story.asks().snapshots(6);
    assert_eq!(story.stalls(), ["awaiting_reply ticket"]);
    let finding = story.finding("awaiting_reply");
    assert_eq!(evidence(finding, "habit_of"), "workload");
    assert_eq!(evidence(finding, "answered_exchanges"), 8);
    assert!(
        finding
            .summary
            .contains("others of its kind are usually answered in 12ms (seen 8 times)"),
        "{}",
        finding.summary
    );
}

#[test]
fn other_kinds_teach_nothing() {
    let mut story = Story::on(hasty());
    for cookie in 0..4 {
        story.connects(0x60 + cookie);
        story.is_answered(2, 0.012);
    }
    story.connects(0x70);
    story.owner.comm = Some("batch".into());
    story.asks().snapshots(60);
    assert!(story.stalls().is_empty(), "{:?}", story.stalls());
}

#[test]
fn a_kind_that_also_speaks_unanswered_teaches_nothing() {
    let mut story = Story::on(hasty());
    for cookie in 0..4 {
        story.connects(0x60 + cookie);
        story.is_answered(2, 0.012);
    }
    story
        .wait(1.0)
        .asks()
        .next_snapshot()
        .asks()
        .next_snapshot();
    story.connects(0x70);
    story.asks().snapshots(60);
    assert!(story.stalls().is_empty(), "{:?}", story.stalls());
}

#[test]
fn sends_used_to_be_answered_after_two_answers_and_none_missing() {
    let mut story = Story::on(azure());
    let asks = |story: &Story| story.judge.habits.patience_ns(0x51).is_some();
    story.is_answered(1, 0.012);
    assert!(!asks(&story));
    story.is_answered(1, 0.012);
    assert!(asks(&story));
    story
        .wait(1.0)
        .asks()
        .next_snapshot()
        .asks()
        .next_snapshot();
    assert!(!asks(&story));
}

#[test]
fn what_is_pushed_answers_no_more_than_one_request() {
    let mut story = Story::on(azure());
    story.asks().wait(0.5);
    for _ in 0..10 {
        story.hears().next_snapshot();
    }
    assert!(story.judge.habits.patience_ns(0x51).is_none());
}

#[test]
fn habits_are_bounded_counted_and_forgotten() {
    let mut story = Story::on(azure());
    story.judge = Judge::new(
        vec![azure()],
        Limits {
            max_habits: 1,
            ..Limits::new(JIFFY_NS)
        },
    );
    story.is_answered(2, 0.012);
    story.connects(0x70);
    story.is_answered(2, 0.012);
    let stats = story.judge.stats();
    // One connection, and its workload.
    assert_eq!((stats.habits, stats.habits_full_total), (2, 2));
    let later = story.now + 90_000 * SECOND;
    story.judge.tick(later, wall(later), &mut story.verdicts);
    assert_eq!(story.judge.stats().habits, 0);
}
