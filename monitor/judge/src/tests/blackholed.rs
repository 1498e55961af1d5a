//! Nothing comes back, and what does not count as that.

use super::story::{Story, azure, evidence};
use monitor_common::{FactKind, TcpState, flags, tcp_flags};
use monitor_model::finding::Clock;

#[test]
fn data_into_a_dead_path_is_blackholed_by_the_third_timeout() {
    let mut story = Story::on(azure());
    story
        .wait(270.1)
        .sends(100)
        .wait(0.42)
        .times_out()
        .wait(0.42)
        .times_out();
    assert_eq!(story.said(), ["crossed none"], "two timeouts may be loss");
    story.wait(0.84).times_out();
    assert_eq!(story.said(), ["crossed none", "blackholed page"]);
    let finding = story.finding("blackholed");
    assert_eq!(finding.time.to_string(), "2026-01-31T12:04:31.780Z");
    assert_eq!(
        (finding.gap_seconds, finding.timeout_seconds),
        (270.1, Some(240.0))
    );
    assert_eq!(finding.clock, Clock::Packets);
    assert_eq!(evidence(finding, "timeouts"), 3);
    assert_eq!(evidence(finding, "ack_progress_bytes"), 0);
    assert_eq!(evidence(finding, "unacknowledged_bytes"), 100);
    assert_eq!(evidence(finding, "seconds_without_ack"), 1.68);
    assert_eq!(evidence(finding, "gap_ended_by"), "send");
    assert_eq!(evidence(finding, "keepalive"), false);
    assert_eq!(
        finding.summary,
        "api (pid 1234) → 20.1.2.3:443: 4m30s of silence crossed azure-snat's 4m; 3 timeouts, no ACK since"
    );
    assert_eq!(
        finding.advice,
        Some(format!(
            "keepalive is off, the path forgets after 240 s: set SO_KEEPALIVE with TCP_KEEPIDLE of at \
             most 120 s, and TCP_USER_TIMEOUT, or the application hangs for about 15 min; to end it now: \
             `tcplull cut {}`, or `ss -tK src 10.0.0.4 sport = :51234 dst 20.1.2.3 dport = :443` (root, in its network \
             namespace; matches this connection alone)",
            finding.connection.id
        ))
    );
    story.wait(1.7).times_out().wait(3.4).times_out().sends(10);
    assert_eq!(story.said().len(), 2, "it is said once");
}

#[test]
fn advice_names_the_settings_that_the_connection_has() {
    let mut story = Story::on(azure());
    story.flags |= flags::KEEPALIVE;
    story.socket.user_timeout_ms = 30_000;
    story.wait(270.0).sends(1).times_out_thrice();
    let advice = story
        .finding("blackholed")
        .advice
        .clone()
        .unwrap_or_default();
    assert!(
        advice.starts_with("keepalive starts after 7200 s, the path forgets after 240 s"),
        "{advice}"
    );
    assert!(
        advice.contains("; TCP_USER_TIMEOUT already ends a hang after 30 s; "),
        "{advice}"
    );
}

#[test]
fn acks_that_come_again_are_a_recovery() {
    let mut story = Story::on(azure());
    story
        .wait(250.0)
        .sends(10)
        .times_out_thrice()
        .wait(1.7)
        .times_out()
        .wait(2.0)
        .peer_acks();
    assert_eq!(
        story.said(),
        ["crossed none", "blackholed page", "recovered none"]
    );
    assert_eq!(
        evidence(story.finding("recovered"), "ack_progress_bytes"),
        10
    );
    assert_eq!(
        evidence(story.finding("recovered"), "blackholed_for_seconds"),
        3.7
    );
    story.peer_sends(5).wait(10.0);
    assert_eq!(
        story.said().len(),
        3,
        "a recovery is the last word on its gap"
    );
}

#[test]
fn loss_without_a_gap_before_it_is_no_matter_of_silence() {
    let mut story = Story::on(azure());
    story
        .sends(10)
        .times_out_thrice()
        .wait(1.7)
        .times_out()
        .sweep();
    // Between two late attempts it is silent for long, and still no silence.
    story
        .wait(200.0)
        .sweep()
        .sends(5)
        .times_out()
        .wait(250.0)
        .sweep();
    // A stall is told, once, and no gap.
    assert_eq!(story.said(), ["blackholed page"]);
    assert_eq!(story.stalls(), story.said());
}

#[test]
fn whatever_the_peer_says_does_not_stop_the_clock_of_what_it_does_not_acknowledge() {
    let mut story = Story::on(azure());
    story
        .wait(250.0)
        .sends(10)
        .wait(0.42)
        .times_out()
        .wait(0.42)
        .times_out();
    story.socket.segs_in += 1;
    story.wait(0.84).times_out();
    assert_eq!(story.said(), ["crossed none", "blackholed page"]);
    assert_eq!(
        evidence(story.finding("blackholed"), "peer_heard"),
        "one_way"
    );
    story.wait(6.7).times_out();
    assert_eq!(
        story.said()[1..],
        ["blackholed page"],
        "three more and not a sound"
    );
}

#[test]
fn where_icmp_takes_the_backoff_back_time_counts() {
    let mut story = Story::on(azure());
    story.wait(250.0).sends(10).wait(0.2).times_out();
    story.wait(1.5);
    story.socket.retransmits = 0;
    story.times_out();
    assert_eq!(
        story.said(),
        ["crossed none"],
        "1.7 s are not nine times 200 ms"
    );
    story.wait(0.1);
    story.socket.retransmits = 0;
    story.times_out();
    assert_eq!(story.said()[1..], ["blackholed page"]);
    assert!(
        story
            .finding("blackholed")
            .summary
            .ends_with("no ACK for 1.8s")
    );
}

#[test]
fn a_connection_given_up_by_the_kernel_is_blackholed() {
    for (error, name) in [
        (110, "ETIMEDOUT"),
        (113, "EHOSTUNREACH"),
        (101, "ENETUNREACH"),
        (111, "ECONNREFUSED"),
        (92, "ENOPROTOOPT"),
        (112, "EHOSTDOWN"),
        (64, "ENONET"),
        (13, "EACCES"),
        (71, "EPROTO"),
    ] {
        let mut story = Story::on(azure());
        story
            .wait(250.0)
            .sends(10)
            .wait(0.3)
            .becomes(TcpState::Close, error)
            .wait(5.0);
        assert_eq!(story.said(), ["crossed none", "blackholed page"]);
        assert_eq!(evidence(story.finding("blackholed"), "error"), name);
    }
}

#[test]
fn a_window_that_stayed_closed_until_the_kernel_gave_up_is_no_black_hole() {
    let mut story = Story::on(azure());
    story.wait(250.0).sends(10).wait(60.0);
    // The peer answered a window probe, and took nothing.
    story.socket.snd_wnd = 0;
    story.socket.segs_in += 1;
    story.becomes(TcpState::Close, 110).wait(20.0);
    assert_eq!(story.said(), ["crossed none"]);

    let mut uncounted = Story::on(azure());
    uncounted.wait(250.0).sends(10).wait(60.0);
    uncounted.socket.snd_wnd = 0;
    uncounted.socket.rcv_tstamp = uncounted.socket.jiffies;
    uncounted.becomes(TcpState::Close, 110).wait(20.0);
    assert_eq!(
        uncounted.said(),
        ["crossed none"],
        "the time of the last ACK tells it too"
    );
}

#[test]
fn timeouts_that_follow_within_a_blink_wait_for_a_second() {
    let mut story = Story::on(azure());
    // tcp_rto_min_us of 10 ms: 12, 24 and 48 ms.
    story.socket.rto_jiffies = 3;
    story.wait(250.0).sends(10);
    story.wait(0.012).times_out();
    story.wait(0.024).times_out();
    story.wait(0.048).times_out();
    story.wait(0.906).sweep();
    assert_eq!(story.said(), ["crossed none"], "990 ms may be a reroute");
    story.wait(0.01).sweep();
    assert_eq!(story.said()[1..], ["blackholed page"]);
    assert_eq!(evidence(story.finding("blackholed"), "timeouts"), 3);
}

#[test]
fn the_reset_that_a_dying_connection_sends_hides_nothing() {
    let mut story = Story::on(azure());
    story
        .wait(250.0)
        .sends(10)
        .wait(0.3)
        .resets()
        .becomes(TcpState::Close, 110);
    assert_eq!(story.said(), ["crossed none", "blackholed page"]);
}

#[test]
fn three_unanswered_keepalive_probes_after_the_silence_are_a_black_hole() {
    let mut story = Story::on(azure());
    story.flags |= flags::KEEPALIVE;
    story.wait(250.0).sweep();
    story
        .probes_in_vain()
        .wait(5.0)
        .sweep()
        .probes_in_vain()
        .wait(5.0)
        .sweep();
    assert_eq!(story.said(), ["crossed ticket"]);
    story.probes_in_vain().wait(5.0).sweep();
    assert_eq!(story.said(), ["crossed ticket", "blackholed page"]);
    assert!(
        story
            .finding("blackholed")
            .summary
            .ends_with("3 probes unanswered")
    );
    story.wait(200.0).sends(1).times_out_thrice();
    assert_eq!(
        story.said().len(),
        2,
        "a send into it is the same black hole"
    );
    story.peer_acks();
    assert_eq!(story.said()[2..], ["recovered none"]);
}

#[test]
fn probes_that_are_answered_again_are_a_recovery() {
    for told_by in [FactKind::Swept, FactKind::AckArrived] {
        let mut story = Story::on(azure());
        story.flags |= flags::KEEPALIVE;
        story.wait(250.0).sweep();
        for _ in 0..3 {
            story.probes_in_vain().wait(5.0).sweep();
        }
        story.socket.segs_in += 1;
        if told_by == FactKind::Swept {
            story.socket.probes_out = 0;
        }
        let answer = story.wait(5.0).fact(told_by);
        story.deliver(answer);
        assert_eq!(
            story.said(),
            ["crossed ticket", "blackholed page", "recovered none"],
            "{told_by:?}"
        );
    }
}

#[test]
fn an_ack_for_what_was_never_sent_is_no_recovery() {
    let mut story = Story::on(azure());
    story.wait(250.0).sends(10).times_out_thrice();
    let mut forged = story.wait(1.0).fact(FactKind::AckArrived);
    forged.segment.ack = story.socket.snd_nxt.wrapping_add(1);
    forged.segment.tcp_flags = tcp_flags::ACK;
    story.deliver(forged);
    assert_eq!(story.said(), ["crossed none", "blackholed page"]);
}

#[test]
fn a_row_from_before_the_recovery_that_the_ring_told_first_starts_no_stall() {
    let mut story = Story::on(azure());
    story.wait(250.0).sends(400).times_out_thrice();
    story.wait(1.68).times_out().wait(1.0);
    let row = story.fact(FactKind::Swept);
    story.wait(0.01).peer_acks();
    story.judge.note_sibling(&row);
    story.report(row);
    story.snapshots(3);
    assert_eq!(
        story.said(),
        ["crossed none", "blackholed page", "recovered none"]
    );
}
