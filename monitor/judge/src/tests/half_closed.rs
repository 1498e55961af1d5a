//! This host has said its last word and waits.

use super::story::{Story, azure, evidence};
use monitor_common::{FactKind, TcpState};

fn half_closed() -> Story {
    let mut story = Story::on(azure());
    story.wait(1.0).sends(10).wait(0.03).peer_acks();
    story.closes().wait(0.03).peer_acks_unseen();
    story.becomes(TcpState::FinWait2, 0);
    story
}

/// No receive hook runs in this state: payload shows in the socket alone.
fn answers_unseen(story: &mut Story) {
    story.ring_is_full = true;
    story.peer_sends(80);
    story.ring_is_full = false;
}

#[test]
fn waiting_long_is_as_it_should_be() {
    let mut story = half_closed();
    for _ in 0..5 {
        story.wait(100.0).sweep();
    }
    story.becomes(TcpState::Close, 0).wait(20.0);
    assert!(story.said().is_empty(), "{:?}", story.said());
}

#[test]
fn an_answer_that_a_sweep_shows_has_survived() {
    let mut story = half_closed();
    story.wait(200.0).sweep().wait(100.0);
    answers_unseen(&mut story);
    story.wait(2.0).sweep().wait(1.0).sweep();
    assert_eq!(story.said(), ["survived none"]);
    assert_eq!(story.finding("survived").gap_seconds, 200.0);
    assert_eq!(
        evidence(story.finding("survived"), "gap_at_most_seconds"),
        302.0
    );
}

#[test]
fn an_answer_that_shows_at_the_end_has_survived() {
    let mut story = half_closed();
    story.wait(200.0).sweep().wait(100.0);
    answers_unseen(&mut story);
    let mut payload = story.fact(FactKind::PayloadArrived);
    payload.old_state = TcpState::FinWait2 as u32;
    payload.new_state = TcpState::Close as u32;
    story.deliver(payload);
    story.becomes(TcpState::Close, 0).wait(20.0);
    assert_eq!(story.said(), ["survived none"]);
}

#[test]
fn the_peers_fin_alone_is_no_answer() {
    let mut story = half_closed();
    story.wait(200.0).sweep().wait(100.0);
    story.socket.segs_in += 1;
    story.socket.bytes_received += 1;
    story.becomes(TcpState::Close, 0).wait(20.0);
    assert!(story.said().is_empty(), "{:?}", story.said());
}
