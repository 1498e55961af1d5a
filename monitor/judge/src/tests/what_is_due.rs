//! What is due moves only when an ACK covers some of it: how the peer is heard meanwhile says what to do.

use super::advice::other;
use super::story::{SECOND, Story, azure, evidence};
use crate::Verdict;
use monitor_common::TcpState;
use monitor_model::finding::Severity;

impl Story {
    /// Full segments are in flight, after 700 bytes in two small ones that were acknowledged.
    fn sends_bulk(&mut self) -> &mut Self {
        self.sends(14_480);
        let socket = &mut self.socket;
        socket.packets_out = 10;
        (socket.bytes_sent, socket.bytes_retrans) = (700 + 14_480, 0);
        (socket.data_segs_out, socket.total_retrans) = (12, 0);
        self
    }

    /// Three timeouts, between which the peer pushes something.
    fn times_out_while_the_peer_pushes(&mut self) -> &mut Self {
        for seconds in [0.42, 0.42, 0.84] {
            self.wait(seconds - 0.1).peer_pushes().wait(0.1).times_out();
        }
        self
    }

    /// The peer sends a little that acknowledges nothing new.
    fn peer_pushes(&mut self) -> &mut Self {
        let socket = &mut self.socket;
        socket.segs_in += 1;
        socket.data_segs_in += 1;
        socket.bytes_received += 4;
        socket.rcv_nxt = socket.rcv_nxt.wrapping_add(4);
        socket.copied_seq = socket.rcv_nxt;
        (socket.rcv_tstamp, socket.lrcvtime) = (socket.jiffies, socket.jiffies);
        self.wire = self.now;
        self
    }
}

#[test]
fn that_full_segments_do_not_pass_is_advised_on_also_where_others_fail() {
    let mut story = Story::on(azure());
    story
        .wait(20.0)
        .sends_bulk()
        .times_out_while_the_peer_pushes();
    let row = other(&story, true);
    story.judge.note_sibling(&row);
    story.wait(0.2).sweep();
    let finding = story.finding("blackholed");
    assert_eq!(evidence(finding, "siblings_failing"), 1);
    let advice = finding.advice.as_deref().unwrap_or_default();
    assert!(advice.starts_with("small segments pass"), "{advice}");
}

#[test]
fn full_segments_that_vanish_under_a_peer_that_pushes_are_told_by_the_third_timeout() {
    let mut story = Story::on(azure());
    story
        .wait(20.0)
        .sends_bulk()
        .times_out_while_the_peer_pushes()
        .wait(0.2)
        .sweep();
    assert_eq!(story.said(), ["blackholed page"]);
    let finding = story.finding("blackholed");
    assert_eq!(evidence(finding, "peer_heard"), "one_way");
    assert_eq!(evidence(finding, "mtu"), "suspected");
    assert_eq!(evidence(finding, "in_flight_segment_bytes"), 1_448);
    assert_eq!(evidence(finding, "acknowledged_segment_bytes_at_most"), 699);
    let advice = finding.advice.as_deref().unwrap_or_default();
    for words in ["tracepath", "clamp the MSS", "tcp_mtu_probing"] {
        assert!(advice.contains(words), "{advice}");
    }
    for _ in 0..60 {
        story.wait(1.0).peer_pushes().sweep();
    }
    assert_eq!(story.said(), ["blackholed page"], "it is told once");
    story.peer_acks().next_snapshot();
    assert_eq!(story.said(), ["blackholed page", "moves"]);
}

#[test]
fn nothing_is_said_of_sizes_that_do_not_tell() {
    let mut story = Story::on(azure());
    story.sends_bulk();
    // Ten thousand bytes in twenty segments: one of them may have been full.
    story.socket.bytes_sent += 10_000;
    story.socket.data_segs_out += 20;
    story.times_out_while_the_peer_pushes().wait(0.2).sweep();
    let finding = story.finding("blackholed");
    assert!(finding.evidence.iter().all(|fact| fact.fact != "mtu"));
}

#[test]
fn each_attempt_answered_and_none_acknowledged_is_refused_there() {
    let mut story = Story::on(azure());
    story.sends(400);
    for seconds in [0.42, 0.42, 0.84] {
        story.wait(seconds).times_out().wait(0.02).is_heard();
    }
    story.wait(0.2).sweep();
    let finding = story.finding("blackholed");
    assert_eq!(evidence(finding, "peer_heard"), "refused");
    assert!(
        finding
            .advice
            .as_deref()
            .is_some_and(|advice| advice.contains("TcpExtPAWSEstab"))
    );
}

/// The fourth timeout, the fifth and the sixth, each twice as long as the one before.
fn times_out_thrice_more(story: &mut Story) {
    for seconds in [1.7, 3.4, 6.8] {
        story.wait(seconds).times_out();
    }
}

#[test]
fn one_segment_that_does_not_pass_is_a_ticket_and_after_a_minute_a_page() {
    let mut story = Story::on(azure());
    story.sends(4_000);
    (story.socket.packets_out, story.socket.sacked_out) = (4, 3);
    story.times_out_thrice().wait(0.2).sweep();
    // The way works: three losses of one segment may be chance.
    assert_eq!(story.said(), [""; 0]);
    times_out_thrice_more(&mut story);
    story.wait(0.2).sweep();
    assert_eq!(story.said(), ["blackholed ticket"]);
    assert_eq!(
        evidence(story.finding("blackholed"), "peer_heard"),
        "sacked"
    );
    story.snapshots(38);
    assert_eq!(story.said().len(), 1);
    story.snapshots(20);
    assert_eq!(story.said(), ["blackholed ticket", "blackholed page"]);
    story.snapshots(20);
    assert_eq!(story.said().len(), 2);
}

#[test]
fn after_a_silence_too_it_becomes_a_page_after_a_minute() {
    let mut story = Story::on(azure());
    story.wait(250.0).sends(4_000);
    (story.socket.packets_out, story.socket.sacked_out) = (4, 3);
    story.times_out_thrice();
    assert_eq!(story.said(), ["crossed none"]);
    times_out_thrice_more(&mut story);
    assert_eq!(story.said(), ["crossed none", "blackholed ticket"]);
    story.snapshots(70);
    assert_eq!(story.said()[1..], ["blackholed ticket", "blackholed page"]);
    story.peer_acks();
    assert_eq!(
        story.said().last().map(String::as_str),
        Some("recovered none")
    );
}

#[test]
fn a_push_while_what_was_sent_is_lost_is_neither_survival_nor_recovery() {
    let mut story = Story::on(azure());
    story.wait(250.0).sends(8).wait(0.2);
    story.peer_pushes().sweep();
    story.wait(0.2).times_out().wait(0.42).times_out();
    story.peer_pushes().wait(0.84).times_out();
    assert_eq!(story.said(), ["crossed none", "blackholed page"]);
    assert_eq!(
        evidence(story.finding("blackholed"), "peer_heard"),
        "one_way"
    );
    for _ in 0..5 {
        story.wait(1.0).peer_pushes().sweep();
    }
    assert_eq!(story.said().len(), 2, "{:?}", story.said());
    story.peer_acks();
    assert_eq!(story.said()[2..], ["recovered none"]);
}

#[test]
fn a_window_closed_over_what_is_in_flight_is_a_reader_that_stopped() {
    let mut story = Story::on(azure());
    story.sends(4_000).wait(0.3);
    story.socket.snd_wnd = 0;
    for _ in 0..6 {
        story.socket.total_retrans += 1;
        story.is_heard().next_snapshot();
    }
    assert_eq!(story.said(), ["zero_window none"]);
    for _ in 0..4 {
        // The head is sent again, in place of a probe, and nobody answers.
        story.socket.total_retrans += 1;
        story.next_snapshot();
    }
    assert_eq!(
        story.said(),
        ["zero_window none", "moves", "blackholed page"]
    );
}

#[test]
fn a_stream_that_dies_after_its_gap_was_acknowledged_stalls() {
    let mut story = Story::on(azure());
    story.wait(250.0).sends(100).wait(0.03).peer_acks();
    for _ in 0..4 {
        story.wait(1.0).sends(100).wait(0.03).peer_acks();
    }
    story.sends(100).times_out_thrice().wait(0.3).sweep();
    assert_eq!(
        story.said(),
        ["crossed none", "acknowledged none", "blackholed page"]
    );
    assert_eq!(story.stalls(), ["blackholed page"]);
}

#[test]
fn what_the_kernel_gives_up_is_one_finding_and_its_end() {
    let mut story = Story::on(azure());
    story.sends(400).times_out_thrice().wait(0.2).sweep();
    for seconds in [1.7, 3.4, 6.8, 120.0, 120.0] {
        story.wait(seconds).times_out();
    }
    story.wait(120.0);
    story.socket.packets_out = 0;
    story.becomes(TcpState::Close, 110).wait(30.0);
    assert_eq!(story.said(), ["blackholed page", "over Badly"]);
    assert_eq!(
        story.finding("blackholed").owner.comm.as_deref(),
        Some("api")
    );
}

#[test]
fn what_nobody_looked_at_before_the_kernel_gave_it_up_is_told_at_its_end() {
    let mut story = Story::on(azure());
    story.sends(400).wait(0.42).times_out();
    story.socket.packets_out = 0;
    story.wait(0.6).becomes(TcpState::Close, 110).wait(30.0);
    assert_eq!(story.said(), ["blackholed page"]);
    assert!(story.finding("blackholed").given_up);
}

#[test]
fn an_end_that_comes_twice_is_told_once() {
    let mut story = Story::on(azure());
    story.sends(400).becomes(TcpState::Close, 110);
    story.wait(1.0).sweep_without().again();
    assert_eq!(story.said(), ["blackholed page"]);
}

#[test]
fn what_an_operator_ends_is_told_as_such() {
    let mut story = Story::on(azure());
    story.sends(400).times_out_thrice().wait(0.2).sweep();
    story.becomes(TcpState::Close, 103);
    assert_eq!(story.said(), ["blackholed page", "over ByOperator"]);
}

#[test]
fn probes_whose_likes_were_answered_clear_the_silence() {
    let kept_alive = |answered: bool| {
        let mut story = Story::on(azure());
        story.flags |= monitor_common::flags::KEEPALIVE;
        story.socket.keepalive_time = 100 * 250;
        story.socket.keepalive_intvl = 10 * 250;
        if answered {
            story.wait(100.0).probes();
            story.socket.rcv_tstamp = story.socket.jiffies;
        }
        story.wait(185.0).sweep().wait(5.0).probes_in_vain().sweep();
        for _ in 0..3 {
            story.wait(10.0).probes_in_vain().sweep();
        }
        story
    };
    let story = kept_alive(true);
    let finding = story.finding("blackholed");
    assert_eq!(evidence(finding, "probes_answered_before"), true);
    assert!(finding.summary.contains("it was not the silence"));
    let story = kept_alive(false);
    let finding = story.finding("blackholed");
    assert!(
        finding
            .evidence
            .iter()
            .all(|fact| fact.fact != "probes_answered_before")
    );
}

#[test]
fn what_was_dead_when_the_daemon_started_keeps_its_verdict_and_says_so() {
    let mut story = Story::on(azure());
    story.socket.retrans_stamp = 900_000;
    story.sends(400);
    (story.socket.retransmits, story.socket.rto_jiffies) = (7, 6_400);
    story.socket.rcv_tstamp = story.socket.jiffies.wrapping_sub(101 * 250);
    story.wait(1.0).sweep();
    let finding = story.finding("blackholed");
    assert_eq!(finding.severity, Severity::Page);
    assert_eq!(evidence(finding, "began_before_start"), true);
    assert_eq!(evidence(finding, "seconds_without_ack"), 101.0);
}

#[test]
fn a_page_of_a_lossy_connection_takes_eight_probes_too() {
    let mut story = Story::on(azure());
    for _ in 0..3 {
        story.wait(1.0).transfers(10, 3).sweep();
    }
    story.peer_acks();
    story.socket.packets_out = 0;
    story.socket.snd_una = story.socket.snd_nxt;
    story.socket.retrans_out = 0;
    for probes in 1..=8 {
        story.wait(10.0).probes_in_vain().sweep();
        let page = story.said().contains(&"blackholed page".into());
        assert_eq!(page, probes == 8, "{probes} probes: {:?}", story.said());
    }
}

#[test]
fn timeouts_are_counted_whatever_the_next_one_waits() {
    let mut story = Story::on(azure());
    // A kernel whose backoff is capped at 300 ms.
    story.sends(400);
    for _ in 0..3 {
        story.wait(0.3).times_out();
        story.socket.rto_jiffies = 75;
    }
    story.sweep();
    assert_eq!(story.said(), [""; 0], "600 ms since the first");
    story.wait(0.4).sweep();
    assert_eq!(story.said(), ["blackholed page"]);
}

#[test]
fn segments_that_got_smaller_after_timeouts_and_pass_tell_the_mtu() {
    let mut story = Story::on(azure());
    story.sends_bulk().times_out_thrice().wait(0.2).sweep();
    story.wait(1.7).times_out();
    story.socket.mss_cache = 1_000;
    story.wait(0.1).peer_acks().next_snapshot();
    assert_eq!(
        story.said(),
        ["blackholed page", "moves", "mtu ticket", "moves"]
    );
    let finding = story.finding("mtu");
    assert_eq!(evidence(finding, "mtu"), "observed");
    assert_eq!(evidence(finding, "segment_bytes_before"), 1_448);
    assert_eq!(evidence(finding, "segment_bytes"), 1_000);
}

#[test]
fn a_route_whose_mtu_is_found_without_timeouts_is_healthy() {
    let mut story = Story::on(azure());
    story.sends_bulk().wait(0.01).sweep();
    story.socket.mss_cache = 1_000;
    story.wait(0.01).peer_acks().next_snapshot();
    let silent = |verdict: &Verdict| !matches!(verdict, Verdict::Finding(_));
    assert!(story.verdicts.iter().all(silent), "{:?}", story.said());
    assert!(story.now > SECOND);
}
