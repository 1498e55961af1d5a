//! How long what was told lasted, and how it ended.

use super::story::{Story, azure};
use monitor_common::TcpState;
use nix::errno::Errno;

/// Cause, end, and so many that lasted so many seconds together.
fn times(story: &Story) -> Vec<(String, u64, f64)> {
    let all = story.judge.stall_times().all();
    all.map(|((cause, end), times)| {
        let seconds = (times.sum() * 10.0).round() / 10.0;
        (format!("{} {end:?}", cause.name()), times.count(), seconds)
    })
    .collect()
}

#[track_caller]
fn lasted(story: &Story, expected: &[(&str, f64)]) {
    let each = expected
        .iter()
        .map(|(what, seconds)| ((*what).to_owned(), 1, *seconds));
    let each: Vec<_> = each.collect();
    assert_eq!(times(story), each, "{:?}", story.said());
}

#[test]
fn a_stall_is_measured_once_it_moves() {
    let mut story = Story::on(azure());
    story.sends(100).peer_acks().peer_window(0).queues(12_800);
    for _ in 0..30 {
        story.wait(0.97).window_probe_is_answered(0.03).sweep();
    }
    assert_eq!(story.said(), ["zero_window none"]);
    lasted(&story, &[]);
    story.drains().next_snapshot();
    // Since the first look at it, which found it as it was.
    lasted(&story, &[("zero_window Moved", 30.8)]);
}

#[test]
fn a_black_hole_is_measured_from_what_was_not_acknowledged_to_the_ack() {
    // After a silence, and without one.
    for (silent, since) in [(270.0, "crossed none"), (20.0, "blackholed page")] {
        let mut story = Story::on(azure());
        story.wait(silent).sends(100).times_out_thrice();
        if silent < 100.0 {
            story.sweep();
        }
        story.wait(10.0).sweep();
        assert_eq!(story.said()[0], since);
        lasted(&story, &[]);
        story.peer_acks().wait(1.0).sweep_without();
        let [(what, 1, seconds)] = &times(&story)[..] else {
            panic!("{:?}", times(&story));
        };
        assert_eq!(what, "blackholed Moved");
        assert!((11.0..13.0).contains(seconds), "{seconds} s");
    }
}

#[test]
fn one_that_the_kernel_gives_up_has_ended_badly_and_counts_once() {
    for silent in [270.0, 20.0] {
        let mut story = Story::on(azure());
        story.wait(silent).sends(100).times_out_thrice().sweep();
        story.wait(60.0).sweep();
        story
            .wait(1.0)
            .becomes(TcpState::Close, Errno::ETIMEDOUT as u32);
        story.wait(30.0).sweep_without();
        let [(what, 1, seconds)] = &times(&story)[..] else {
            panic!("{:?}", times(&story));
        };
        assert_eq!(what, "blackholed EndedBadly");
        assert!((61.0..64.0).contains(seconds), "{seconds} s");
    }
}

#[test]
fn one_that_dies_before_a_look_was_told_is_measured_too() {
    let mut story = Story::on(azure());
    story.wait(20.0).sends(100).times_out_thrice();
    story
        .wait(5.0)
        .becomes(TcpState::Close, Errno::ETIMEDOUT as u32);
    assert_eq!(story.said(), ["blackholed page"]);
    let all = times(&story);
    assert_eq!(all.len(), 1, "{all:?}");
    assert_eq!((all[0].0.as_str(), all[0].1), ("blackholed EndedBadly", 1));
}

#[test]
fn a_graver_cause_takes_over_and_the_first_is_measured_until_then() {
    let mut story = Story::on(azure());
    story.sends(100).peer_acks().peer_window(0).queues(12_800);
    for _ in 0..20 {
        story.wait(0.97).window_probe_is_answered(0.03).sweep();
    }
    story.leaves_unread(65_000);
    for _ in 0..20 {
        story.wait(0.97).window_probe_is_answered(0.03).sweep();
    }
    assert_eq!(story.said(), ["zero_window none", "moves", "deadlock none"]);
    let all = times(&story);
    assert_eq!(all.len(), 1, "{all:?}");
    assert_eq!(all[0].0, "zero_window AnotherCause");
}

#[test]
fn what_the_operator_ends_and_what_nobody_waits_for_are_told_apart() {
    for (error, end) in [
        (Errno::ECONNABORTED as u32, "blackholed EndedByOperator"),
        (Errno::ECONNRESET as u32, "blackholed EndedBadly"),
    ] {
        let mut story = Story::on(azure());
        story.sends(400).times_out_thrice().wait(0.1).sweep();
        story.wait(1.0).becomes(TcpState::Close, error);
        let all = times(&story);
        assert_eq!((all[0].0.as_str(), all.len()), (end, 1), "{all:?}");
    }
    let mut story = Story::on(azure());
    story.sends(400).times_out_thrice().wait(0.1).sweep();
    story.wait(1.0).closes();
    story.socket.orphan = 1;
    story.times_out();
    let all = times(&story);
    assert_eq!(all.len(), 1, "{all:?} {:?}", story.said());
    assert_eq!(all[0].0, "blackholed LeftByApplication");
}
