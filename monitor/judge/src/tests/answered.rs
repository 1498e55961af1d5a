//! Something comes back: payload, or an ACK and nothing more.

use super::story::{MS, SECOND, Story, azure, evidence};
use crate::JudgedPath;
use monitor_common::{Fact, FactKind, flags, tcp_flags};
use monitor_model::finding::{Clock, Role};

#[test]
fn an_answer_is_survived_and_nothing_else() {
    let mut story = Story::on(azure());
    story
        .wait(200.0)
        .sends(10)
        .wait(0.05)
        .peer_sends(80)
        .wait(100.0);
    assert_eq!(story.said(), ["survived none"]);
    assert_eq!(
        evidence(story.finding("survived"), "payload_after_seconds"),
        0.05
    );
    assert!(
        story
            .finding("survived")
            .summary
            .contains("3m20s of silence, within azure-snat's 4m")
    );
}

#[test]
fn a_sweep_that_both_ends_overtook_takes_no_answer_away() {
    let mut story = Story::on(azure());
    story.wait(300.0).sends(1).wait(0.024).peer_acks();
    // It read one clock before the send, and the counters after the ACK.
    let torn = Fact {
        packet_idle_ns: 24 * MS,
        packet_idle_max_ns: 300 * SECOND,
        payload_idle_ns: 300 * SECOND,
        ..story.fact(FactKind::Swept)
    };
    story.deliver(torn);
    story.wait(0.001).peer_sends(5).wait(5.0);
    assert_eq!(story.said(), ["crossed none", "survived none"]);
}

/// What arrives 50 ms after the send that ended a silence of 300 s, as a watched socket tells it: its clocks are those from
/// before the send.
fn answer(story: &mut Story, kind: FactKind) -> Fact {
    story.wait(300.0).sends(1).wait(0.05);
    Fact {
        packet_idle_ns: 50 * MS,
        packet_idle_max_ns: 300 * SECOND,
        payload_idle_ns: 300 * SECOND,
        ..story.fact(kind)
    }
}

#[test]
fn an_answer_over_a_long_way_is_no_silence_of_its_own() {
    let mut story = Story::on(azure());
    let mut payload = answer(&mut story, FactKind::PayloadArrived);
    payload.segment.seq = payload.socket.rcv_nxt;
    payload.segment.ack = payload.socket.snd_nxt;
    payload.segment.payload_len = 5;
    payload.segment.tcp_flags = tcp_flags::ACK;
    story.deliver(payload);
    assert_eq!(story.said(), ["crossed none", "survived none"]);
    assert_eq!(story.finding("survived").gap_seconds, 300.0);

    let mut refused = Story::on(azure());
    let reset = answer(&mut refused, FactKind::ResetReceived);
    refused.deliver(reset);
    assert_eq!(refused.finding("reset").gap_seconds, 300.0);
}

#[test]
fn payload_of_the_peer_that_ends_the_silence_has_survived_where_nothing_comes_again() {
    let mut story = Story::on(azure());
    story.wait(300.0).peer_sends(5);
    assert_eq!(story.said(), ["crossed none"], "it may not hear us");
    story.wait(1.0).sweep();
    assert_eq!(story.said(), ["crossed none", "survived none"]);
    let mut unseen = Story::on(azure());
    unseen.wait(300.0).peer_sends(5).wait(5.0);
    assert_eq!(unseen.said(), ["crossed none", "survived none"]);
}

#[test]
fn a_peer_that_sends_the_same_again_and_again_hears_no_ack_of_ours() {
    let mut story = Story::on(azure());
    story.wait(300.0).peer_sends(5);
    for seconds in [0.4, 0.4, 0.8] {
        story.wait(seconds).peer_resends();
    }
    story.sweep();
    assert_eq!(story.said(), ["crossed none", "blackholed page"]);
    let finding = story.finding("blackholed");
    assert_eq!(evidence(finding, "peer_heard"), "one_way");
    assert_eq!(evidence(finding, "resent_segments"), 3);
}

#[test]
fn what_a_later_look_tells_as_one_segment_were_many_and_all_of_them_news() {
    let mut story = Story::on(azure());
    story.flags |= flags::REVISITED;
    story.wait(300.0).peer_sends(400_000);
    story.flags = 0;
    // The kernel counts segments, and the look told of bytes.
    story.socket.data_segs_in += 294;
    story.socket.segs_in += 294;
    for _ in 0..3 {
        story.wait(1.0).sweep();
    }
    assert_eq!(story.said(), ["crossed none", "survived none"]);
}

#[test]
fn where_a_later_look_tells_of_the_payload_what_comes_again_after_it_counts() {
    let mut story = Story::on(azure());
    story.flags |= flags::REVISITED;
    story.wait(300.0).peer_sends(5);
    story.flags = 0;
    for seconds in [0.4, 0.4, 0.8] {
        story.wait(seconds).peer_resends();
    }
    story.sweep();
    assert_eq!(story.said(), ["crossed none", "blackholed page"]);
}

#[test]
fn probes_of_a_window_that_our_reader_left_full_are_no_resends() {
    let mut story = Story::on(azure());
    story.wait(300.0).peer_sends(5);
    story.socket.rcv_wnd = 0;
    for seconds in [0.4, 0.4, 0.8, 1.6] {
        story.wait(seconds).peer_resends().sweep();
    }
    let page = |said: &String| said.contains("page");
    assert!(!story.said().iter().any(page), "{:?}", story.said());
}

#[test]
fn segments_behind_a_hole_are_news() {
    let mut story = Story::on(azure());
    story.wait(300.0).peer_sends(5);
    for _ in 0..4 {
        story.wait(0.4).peer_resends();
        story.socket.rcv_ooopack += 1;
    }
    story.sweep();
    assert_eq!(story.said(), ["crossed none", "survived none"]);
}

#[test]
fn an_old_duplicate_is_no_payload() {
    let mut story = Story::on(azure());
    story.socket.rcv_nxt = story.socket.rcv_nxt.wrapping_add(1);
    story.wait(200.0);
    let before = story.socket;
    story.socket.rcv_nxt = before.rcv_nxt.wrapping_sub(2);
    let mut duplicate = story.fact(FactKind::GapEndedByReceive);
    duplicate.segment.seq = before.rcv_nxt.wrapping_sub(2);
    duplicate.segment.payload_len = 2;
    duplicate.segment.tcp_flags = tcp_flags::ACK;
    duplicate.segment.ack = before.snd_una;
    duplicate.socket.rcv_nxt = before.rcv_nxt;
    story.deliver(duplicate);
    assert_eq!(story.said(), ["acknowledged none"]);
}

#[test]
fn an_ack_and_nothing_more_is_acknowledged_after_its_grace() {
    let mut story = Story::on(azure());
    story.wait(250.0).sends(10).wait(0.03).peer_acks().wait(2.0);
    assert_eq!(story.said(), ["crossed none"]);
    story.wait(1.0);
    assert_eq!(story.said(), ["crossed none", "acknowledged none"]);
    assert_eq!(
        evidence(story.finding("acknowledged"), "ack_progress_bytes"),
        10
    );
    story.wait(5.0).peer_sends(3);
    assert_eq!(story.said()[2..], ["survived none"], "the answer came late");
}

#[test]
fn data_that_is_still_due_is_not_acknowledged() {
    let mut story = Story::on(azure());
    story
        .wait(250.0)
        .sends(10)
        .wait(0.03)
        .peer_acks()
        .wait(0.1)
        .sends(10)
        .wait(10.0);
    assert_eq!(story.said(), ["crossed none"]);
    story.peer_acks();
    assert_eq!(story.said()[1..], ["acknowledged none"]);
}

#[test]
fn the_peers_bare_segment_is_acknowledged_at_once() {
    let mut story = Story::on(azure());
    story.wait(190.0).peer_acks();
    assert_eq!(story.said(), ["acknowledged none"]);
    story.wait(30.0).probation_over();
    assert_eq!(story.said(), ["acknowledged none"]);
}

#[test]
fn on_the_payload_clock_bare_segments_end_no_silence() {
    let mut story = Story::on(JudgedPath {
        clock: Clock::Payload,
        ..azure()
    });
    story.wait(190.0).peer_acks().wait(60.0);
    assert!(story.said().is_empty());
    story.sends(1).times_out_thrice();
    assert_eq!(story.said(), ["crossed none", "blackholed page"]);
    let finding = story.finding("blackholed");
    assert_eq!(
        (finding.gap_seconds, finding.clock),
        (250.0, Clock::Payload)
    );
    assert!(
        finding
            .advice
            .as_deref()
            .is_some_and(|advice| advice.contains("keepalive probes do not count"))
    );
}

#[test]
fn sequence_numbers_wrap_within_a_story() {
    let mut story = Story::on(azure());
    for number in [
        &mut story.socket.snd_una,
        &mut story.socket.snd_nxt,
        &mut story.socket.write_seq,
    ] {
        *number = u32::MAX - 4;
    }
    story.socket.rcv_nxt = u32::MAX - 1;
    story.wait(200.0).sends(10).wait(4.0).peer_acks().wait(3.0);
    assert_eq!(
        evidence(story.finding("acknowledged"), "ack_progress_bytes"),
        10
    );
    story.peer_sends(5).wait(200.0).peer_sends(5).wait(5.0);
    assert_eq!(
        story.said(),
        ["acknowledged none", "survived none", "survived none"]
    );
}

#[test]
fn the_server_side_is_told_as_such() {
    let mut story = Story::on(azure());
    story.socket.bytes_acked = 500;
    story.wait(200.0).peer_sends(10).wait(5.0);
    let finding = story.finding("survived");
    assert_eq!(finding.connection.role, Role::Server);
    assert!(
        finding.summary.starts_with("api (pid 1234) ← 20.1.2.3:443"),
        "{}",
        finding.summary
    );
}
