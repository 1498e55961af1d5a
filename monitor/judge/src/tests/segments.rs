//! Which arrivals count as an answer.

use super::story::{SECOND, Story, azure};
use crate::JudgedPath;
use monitor_common::{Fact, FactKind, TcpState, tcp_flags};
use monitor_model::finding::Clock;

/// Five bytes that the peer never sent before, after the silence so far.
fn payload(story: &Story, kind: FactKind) -> Fact {
    let mut fact = story.fact(kind);
    fact.segment.seq = story.socket.rcv_nxt;
    fact.segment.ack = story.socket.snd_nxt;
    fact.segment.payload_len = 5;
    fact.segment.tcp_flags = tcp_flags::ACK;
    fact
}

/// Such payload as no stack takes: without ACK, and with one for what was never sent.
fn refused(story: &Story) -> [Fact; 2] {
    let mut without_ack = payload(story, FactKind::GapEndedByReceive);
    without_ack.segment.tcp_flags = 0;
    let mut beyond = payload(story, FactKind::GapEndedByReceive);
    beyond.segment.ack = story.socket.snd_nxt.wrapping_add(1);
    [without_ack, beyond]
}

#[test]
fn payload_that_the_stack_refuses_is_no_answer() {
    for which in 0..2 {
        let mut story = Story::on(azure());
        story.wait(200.0);
        let fact = refused(&story)[which];
        story.deliver(fact);
        assert!(
            !story.said().contains(&"survived none".into()),
            "{which}: {:?}",
            story.said()
        );
    }
}

#[test]
fn payload_that_the_stack_refuses_ends_no_silence_of_payload() {
    for which in 0..2 {
        let mut story = Story::on(JudgedPath {
            clock: Clock::Payload,
            ..azure()
        });
        story.wait(241.0).sweep().wait(1.0);
        let fact = refused(&story)[which];
        story.deliver(fact);
        assert_eq!(story.said(), ["crossed ticket"], "{which}");
    }
}

#[test]
fn an_ack_of_all_that_was_sent_and_no_more_is_taken() {
    let mut story = Story::on(azure());
    story.wait(200.0);
    let fact = payload(&story, FactKind::GapEndedByReceive);
    story.deliver(fact);
    story.wait(5.0);
    assert_eq!(story.said(), ["survived none"]);
}

#[test]
fn bytes_in_a_reset_are_no_answer() {
    let mut story = Story::on(azure());
    story.wait(200.0);
    let mut fact = payload(&story, FactKind::GapEndedByReceive);
    fact.segment.tcp_flags |= tcp_flags::RST;
    story.deliver(fact);
    let mut reset = story.fact(FactKind::ResetReceived);
    reset.packet_idle_ns = 0;
    reset.packet_idle_max_ns = 0;
    story.deliver(reset);
    assert_eq!(story.said(), ["reset ticket"]);
}

#[test]
fn payload_told_with_a_change_of_state_opens_no_gap() {
    let mut story = Story::on(azure());
    story.socket.state = TcpState::FinWait2 as u32;
    story.wait(250.0);
    let mut fact = story.fact(FactKind::PayloadArrived);
    fact.old_state = TcpState::FinWait2 as u32;
    fact.new_state = TcpState::Close as u32;
    story.deliver(fact);
    assert!(story.said().is_empty(), "{:?}", story.said());
    assert_eq!(story.judge.stats().tracked, 0);

    story.now += SECOND;
    let alone = payload(&story, FactKind::PayloadArrived);
    story.deliver(alone);
    story.wait(5.0);
    assert_eq!(story.said(), ["survived none"]);
}
