//! Readers that keep to a pace: a window that opens now and then is no stall, and one that lasts is told once.

use super::story::{Story, azure};

/// The peer reads so much each `seconds`: it takes what waits, and more comes behind it.
fn reads_each(story: &mut Story, seconds: u32, times: u32) {
    for _ in 0..times {
        for _ in 0..seconds {
            story.next_snapshot().probes();
        }
        story.drains().peer_window(0).queues(12_800);
    }
}

fn uploads() -> Story {
    let mut story = Story::on(azure());
    story.sends(100).peer_acks().peer_window(0).queues(12_800);
    story
}

#[test]
fn a_peer_that_reads_at_a_pace_is_no_stall() {
    let mut story = uploads();
    reads_each(&mut story, 3, 40);
    assert!(story.said().is_empty(), "{:?}", story.said());
}

#[test]
fn one_that_reads_seldom_is_told_once() {
    let mut story = uploads();
    reads_each(&mut story, 12, 40);
    assert_eq!(story.said(), ["zero_window none", "moves"]);
}

#[test]
fn who_reads_at_a_pace_and_then_no_more_is_told() {
    let mut story = uploads();
    reads_each(&mut story, 3, 4);
    for _ in 0..45 {
        story.next_snapshot().probes();
    }
    assert_eq!(story.said(), ["zero_window none"]);
}

#[test]
fn a_pace_is_remembered_while_no_look_shows_a_pause_and_not_for_ever() {
    let mut story = uploads();
    reads_each(&mut story, 8, 1);
    story.drains().next_snapshot();
    assert_eq!(story.said(), ["zero_window none", "moves"]);
    for _ in 0..30 {
        story.wait(1.0).sweep_without();
    }
    story.peer_window(0).queues(12_800);
    reads_each(&mut story, 20, 1);
    story.drains().next_snapshot();
    assert_eq!(story.said(), ["zero_window none", "moves"]);
    for _ in 0..61 {
        story.wait(1.0).sweep_without();
    }
    story.peer_window(0).queues(12_800);
    reads_each(&mut story, 20, 1);
    story.drains().next_snapshot();
    assert_eq!(story.said(), ["zero_window none", "moves"].repeat(2));
}

#[test]
fn an_application_that_reads_at_a_pace_is_no_local_reader() {
    let mut story = Story::on(azure());
    story.leaves_unread(65_000);
    for _ in 0..40 {
        story.snapshots(3).reads(16_000).leaves_unread(16_000);
        story.socket.rcv_wup = story.socket.rcv_nxt.wrapping_sub(65_535);
    }
    assert!(story.said().is_empty(), "{:?}", story.said());
}

#[test]
fn an_application_that_reads_seldom_is_told_once() {
    let mut story = Story::on(azure());
    story.leaves_unread(65_000);
    for _ in 0..40 {
        story.snapshots(12).reads(16_000).leaves_unread(16_000);
        story.socket.rcv_wup = story.socket.rcv_nxt.wrapping_sub(65_535);
    }
    assert_eq!(story.said(), ["local_reader none", "moves"]);
}
