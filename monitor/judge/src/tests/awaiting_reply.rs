//! Requests that arrived and are not answered, and all who wait in peace.

use super::story::{SECOND, Story, azure, evidence};
use crate::JudgedPath;
use monitor_model::finding::Certainty;

const NOTHING: [&str; 0] = [];

/// A box that forgets after 4 s.
fn hasty() -> JudgedPath {
    JudgedPath {
        timeout_ns: 4 * SECOND,
        warn_ns: 3 * SECOND,
        ..azure()
    }
}

#[test]
fn a_client_used_to_quick_answers_that_waits_beyond_the_timeout_is_told() {
    let mut story = Story::on(hasty());
    story.is_answered(5, 0.012).wait(1.0).asks().snapshots(4);
    assert_eq!(story.stalls(), NOTHING);
    story.snapshots(2);
    assert_eq!(story.stalls(), ["awaiting_reply ticket"]);
    let finding = story.finding("awaiting_reply");
    assert_eq!(finding.certainty, Certainty::Suspected);
    assert_eq!(
        finding.summary,
        "api (pid 1234) → 20.1.2.3:443: has not moved for 5s; usually answers in 12ms (seen 5 times), \
         silent for 5s"
    );
    assert_eq!(evidence(finding, "wait_seconds"), 5.0);
    assert_eq!(evidence(finding, "habit_seconds"), 0.012);
    assert_eq!(evidence(finding, "habit_of"), "connection");
    assert_eq!(evidence(finding, "answered_exchanges"), 5);
    // Keepalive probes and their answers end no wait.
    story.is_heard().snapshots(5);
    assert_eq!(story.stalls().len(), 1);
    story.hears().next_snapshot();
    assert_eq!(story.stalls(), ["awaiting_reply ticket", "moves"]);
}

#[test]
fn without_a_habit_it_says_so_and_waits_for_the_timeout() {
    let mut story = Story::on(hasty());
    story.is_answered(2, 0.012).wait(1.0).asks().snapshots(6);
    assert_eq!(story.stalls(), ["awaiting_reply ticket"]);
    let finding = story.finding("awaiting_reply");
    assert_eq!(evidence(finding, "habit_of"), "none");
    assert!(
        finding
            .summary
            .contains("no habit is known yet (2 answers seen)"),
        "{}",
        finding.summary
    );
}

#[test]
fn a_server_that_is_always_slow_is_waited_for() {
    let mut story = Story::on(hasty());
    story.is_answered(6, 3.0);
    for _ in 0..3 {
        story.wait(1.0).asks().snapshots(25).hears().next_snapshot();
    }
    assert_eq!(story.stalls(), NOTHING);
}

#[test]
fn a_long_wait_that_was_seen_and_answered_is_a_habit() {
    let mut story = Story::on(hasty());
    // Its next request leaves soon after the answer, so that no snapshot finds it answered.
    story.asks();
    for _ in 0..4 {
        story.snapshots(3).hears().wait(0.5).asks();
    }
    story.snapshots(25);
    assert_eq!(story.stalls(), NOTHING);
    story.snapshots(10);
    assert_eq!(story.stalls(), ["awaiting_reply ticket"]);
    assert_eq!(
        evidence(story.finding("awaiting_reply"), "habit_seconds"),
        3.0
    );
}

#[test]
fn what_follows_from_the_answer_itself_asks_nothing() {
    let mut story = Story::on(hasty());
    story.is_answered(5, 0.012);
    // An HTTP/2 client opens its window, a consumer acknowledges a message.
    story
        .wait(1.0)
        .asks()
        .wait(0.012)
        .hears()
        .wait(0.1)
        .asks()
        .snapshots(300);
    assert_eq!(story.stalls(), NOTHING);
}

#[test]
fn who_spoke_last_within_one_jiffy_is_not_guessed() {
    let mut story = Story::on(hasty());
    story
        .is_answered(5, 0.012)
        .wait(1.0)
        .hears()
        .asks()
        .snapshots(300);
    assert_eq!(story.stalls(), NOTHING);
}

#[test]
fn a_subscriber_waits_in_peace() {
    let mut story = Story::on(hasty());
    story.asks().wait(0.5);
    for _ in 0..10 {
        story.hears().next_snapshot();
    }
    story.wait(5.0).snapshots(60);
    assert_eq!(story.stalls(), NOTHING);
}

#[test]
fn a_server_that_answered_waits_in_peace() {
    let mut story = Story::on(hasty());
    // The passive side: its SYN was not counted.
    story.socket.bytes_acked -= 1;
    story.is_answered(10, 0.5).wait(1.0).asks().snapshots(300);
    assert_eq!(story.stalls(), NOTHING);
}

#[test]
fn a_one_way_sender_waits_in_peace() {
    let mut story = Story::on(hasty());
    story.is_answered(3, 0.012);
    // It spoke twice, and nobody had anything to say.
    story.wait(1.0).asks().next_snapshot().asks().snapshots(60);
    assert_eq!(story.stalls(), NOTHING);
}

#[test]
fn without_a_path_nobody_knows_what_is_too_long() {
    let mut story = Story::without_path();
    story.is_answered(5, 0.012).wait(1.0).asks().snapshots(300);
    assert_eq!(story.stalls(), NOTHING);
}

#[test]
fn a_guessed_timeout_wakes_nobody() {
    let mut story = Story::on(JudgedPath {
        stated: false,
        ..hasty()
    });
    story.is_answered(5, 0.012).wait(1.0).asks().snapshots(6);
    assert_eq!(story.stalls(), ["awaiting_reply none"]);
}

#[test]
fn unread_data_is_an_answer() {
    let mut story = Story::on(hasty());
    story.is_answered(5, 0.012).wait(1.0).asks();
    story.socket.copied_seq -= 100;
    story.snapshots(60);
    assert_eq!(story.stalls(), NOTHING);
}

#[test]
fn it_may_follow_a_crossing_and_ends_with_the_connection() {
    let mut story = Story::on(hasty());
    story.is_answered(5, 0.012).wait(1.0).sends(200).peer_acks();
    story.snapshots(6);
    let said = story.said();
    assert!(said.contains(&"crossed ticket".into()), "{said:?}");
    assert_eq!(story.stalls(), ["awaiting_reply ticket"]);
    story.becomes(monitor_common::TcpState::Close, 0);
    assert_eq!(story.stalls(), ["awaiting_reply ticket", "over InPeace"]);
}
