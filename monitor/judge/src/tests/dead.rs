//! Stalls that nothing on this host explains: nothing comes back, or what comes
//! acknowledges nothing.

use super::story::{Story, azure, evidence};
use monitor_common::{FactKind, TcpState};
use monitor_model::finding::FindingKind;
use nix::errno::Errno;

const NOTHING: [&str; 0] = [];

#[test]
fn a_path_that_dies_in_mid_transfer_is_told_by_the_first_look_after_three_timeouts() {
    let mut story = Story::on(azure());
    story
        .wait(20.0)
        .sends(400)
        .times_out_thrice()
        .wait(0.1)
        .sweep();
    assert_eq!(story.said(), ["blackholed page"]);
    let finding = story.finding("blackholed");
    assert_eq!(evidence(finding, "timeouts"), 3);
    assert_eq!(evidence(finding, "unacknowledged_bytes"), 400);
    assert_eq!(
        finding.summary,
        "api (pid 1234) → 20.1.2.3:443: has not moved for 1.4s; 3 timeouts, no ACK since"
    );
    assert!(
        finding
            .advice
            .as_deref()
            .is_some_and(|advice| advice.contains("TCP_USER_TIMEOUT"))
    );
    story.snapshots(3).times_out().snapshots(3);
    assert_eq!(story.said().len(), 1);
    story.peer_acks().wait(1.0).sweep_without();
    assert_eq!(story.said(), ["blackholed page", "moves"]);
}

#[test]
fn a_client_that_is_gone_when_the_way_is_back_leaves_nobody_in_trouble() {
    for (at_server, end) in [(true, "over ByClient"), (false, "over Badly")] {
        let mut story = Story::on(azure());
        if at_server {
            // The listener's child acknowledges no SYN of its own.
            story.socket.bytes_acked = 500;
        }
        story.sends(400).times_out_thrice().wait(0.1).sweep();
        // The way is back, and the peer's kernel answers what is sent again: it knows no such connection.
        story
            .wait(1.0)
            .becomes(TcpState::Close, Errno::ECONNRESET as u32);
        assert_eq!(story.said(), ["blackholed page", end]);
    }
}

#[test]
fn two_timeouts_are_no_black_hole() {
    let mut story = Story::on(azure());
    story
        .sends(400)
        .wait(0.42)
        .times_out()
        .wait(0.42)
        .times_out();
    story.wait(0.1).sweep().peer_acks().next_snapshot();
    assert_eq!(story.said(), NOTHING);
}

#[test]
fn timeouts_of_a_few_milliseconds_need_a_second_look() {
    let mut story = Story::on(azure());
    story.socket.rto_jiffies = 2;
    story.sends(400);
    story
        .wait(0.012)
        .times_out()
        .wait(0.016)
        .times_out()
        .wait(0.032)
        .times_out();
    story.sweep();
    assert_eq!(story.said(), NOTHING);
    story.wait(1.0).sweep();
    assert_eq!(story.said(), ["blackholed page"]);
}

#[test]
fn where_icmp_takes_the_backoff_back_time_decides() {
    let mut story = Story::on(azure());
    story.sends(400);
    for _ in 0..9 {
        story.wait(0.2).times_out();
        story.socket.rto_jiffies = 50;
        story.sweep();
    }
    assert_eq!(story.said(), ["blackholed page"]);
}

#[test]
fn a_peer_that_speaks_and_covers_nothing_is_heard_one_way() {
    let mut story = Story::on(azure());
    story
        .sends(400)
        .times_out_thrice()
        .wait(0.2)
        .is_heard()
        .sweep();
    assert_eq!(story.said(), ["blackholed page"]);
    assert_eq!(
        evidence(story.finding("blackholed"), "peer_heard"),
        "one_way"
    );
    story.is_heard().next_snapshot();
    assert_eq!(
        story.said().len(),
        1,
        "only an ACK that covers some of it ends it"
    );
    story.peer_acks().next_snapshot();
    assert_eq!(story.said(), ["blackholed page", "moves"]);
}

#[test]
fn three_timeouts_in_a_row_mean_little_where_a_third_is_lost() {
    let mut story = Story::on(azure());
    for _ in 0..3 {
        story.wait(1.0).transfers(10, 3).sweep();
    }
    story.times_out_thrice();
    story.socket.total_retrans += 3;
    story.wait(0.1).sweep();
    assert_eq!(story.said(), NOTHING);
    for wait in [1.6, 3.2, 6.4, 12.8, 25.6] {
        story.wait(wait).times_out();
        story.socket.total_retrans += 1;
    }
    story.sweep();
    assert_eq!(story.said(), ["blackholed page"]);
}

#[test]
fn after_a_gap_the_outcome_speaks_and_no_stall_besides() {
    let mut story = Story::on(azure());
    story.wait(270.0).sends(400).times_out_thrice().sweep();
    story.wait(1.0).times_out().snapshots(5);
    assert_eq!(story.stalls(), NOTHING);
    assert_eq!(
        story
            .said()
            .iter()
            .filter(|said| *said == "blackholed page")
            .count(),
        1
    );
}

#[test]
fn a_connection_given_up_while_it_stalls_was_blackholed() {
    let mut story = Story::on(azure());
    story.socket.user_timeout_ms = 1_000;
    story.sends(400).wait(0.42).times_out().wait(0.1).sweep();
    assert_eq!(story.said(), NOTHING);
    story.wait(0.5).becomes(TcpState::Close, 110);
    assert_eq!(story.said(), ["blackholed page"]);
    assert_eq!(evidence(story.finding("blackholed"), "error"), "ETIMEDOUT");
}

#[test]
fn a_connection_that_is_closed_or_reset_while_it_stalls_just_ends() {
    for error in [0, 104] {
        let mut story = Story::on(azure());
        story.sends(400).times_out_thrice().wait(0.1).sweep();
        story.becomes(TcpState::Close, error);
        assert_eq!(story.said(), ["blackholed page", "over Badly"]);
    }
}

#[test]
fn a_look_from_before_the_close_does_not_start_the_story_again() {
    let mut story = Story::on(azure());
    story.sends(400).times_out_thrice().wait(0.1).sweep();
    let late = story.wait(0.5).fact(FactKind::Swept);
    story.wait(0.1).becomes(TcpState::Close, 0).deliver(late);
    assert_eq!(story.said(), ["blackholed page", "over Badly"]);
    story.wait(1.0).sweep_without();
    assert_eq!(story.judge.stats().stalls, 0);
}

#[test]
fn a_connection_given_up_while_its_peer_is_heard_was_blackholed_one_way() {
    let mut story = Story::on(azure());
    story.sends(400).wait(0.42).times_out().wait(0.1).sweep();
    story
        .wait(0.5)
        .is_heard()
        .wait(0.5)
        .becomes(TcpState::Close, 110);
    assert_eq!(story.said(), ["blackholed page"]);
    assert_eq!(
        evidence(story.finding("blackholed"), "peer_heard"),
        "one_way"
    );
}

#[test]
fn time_counts_whatever_the_peer_says() {
    let mut story = Story::on(azure());
    story.sends(400);
    for _ in 0..10 {
        story.is_heard().next_snapshot();
    }
    story
        .wait(0.3)
        .is_heard()
        .wait(0.3)
        .times_out()
        .wait(0.1)
        .sweep();
    assert_eq!(story.said(), ["blackholed page"]);
}

#[test]
fn a_closed_window_given_up_although_the_peer_answers_is_no_black_hole() {
    let mut story = Story::on(azure());
    story.peer_window(0).queues(5_000).next_snapshot().probes();
    story.wait(0.5).becomes(TcpState::Close, 110);
    assert_eq!(story.said(), NOTHING);
}

#[test]
fn unanswered_keepalive_probes_show_a_dead_peer_and_its_silence_is_no_news() {
    let mut story = Story::on(azure());
    story.wait(20.0);
    for _ in 0..3 {
        story.wait(1.0).probes_in_vain();
    }
    story.sweep();
    assert_eq!(story.said(), ["blackholed page"]);
    for _ in 0..30 {
        story.wait(10.0).sweep();
    }
    assert_eq!(story.said(), ["blackholed page"]);
}

#[test]
fn probes_closer_than_the_timeout_leave_no_gap_between_them() {
    let hasty = crate::JudgedPath {
        timeout_ns: 4 * super::story::SECOND,
        warn_ns: 3 * super::story::SECOND,
        ..azure()
    };
    let mut story = Story::on(hasty);
    story.wait(1.2).probes_in_vain();
    for _ in 0..3 {
        story.wait(1.0).probes_in_vain().wait(0.8).sweep();
        story.wait(0.2);
    }
    assert_eq!(story.said(), ["blackholed page"]);
    let finding = story.finding("blackholed");
    assert!(matches!(finding.kind, FindingKind::Stall { .. }));
    assert!(finding.gap_seconds > 4.0, "{}", finding.summary);
}

#[test]
fn three_probes_within_a_second_may_still_be_answered() {
    let mut story = Story::on(azure());
    story.peer_window(0).queues(500);
    for _ in 0..3 {
        story.wait(0.2).probes_in_vain();
    }
    story.sweep();
    assert_eq!(story.said(), NOTHING);
    story.next_snapshot();
    assert_eq!(story.said(), ["blackholed page"]);
}

#[test]
fn timeouts_on_a_slow_path_count_up_to_a_black_hole_and_are_not_unexplained() {
    let mut story = Story::on(azure());
    story.socket.rto_jiffies = 2_500;
    story.sends(400).sweep().wait(10.0).times_out();
    story.snapshots(75);
    assert_eq!(story.said(), NOTHING);
    story.snapshots(10);
    assert_eq!(story.said(), ["blackholed page"]);
}

#[test]
fn handshakes_and_farewells_are_no_stalls() {
    for state in [TcpState::SynSent, TcpState::SynRecv, TcpState::FinWait2] {
        let mut story = Story::on(azure());
        story.socket.state = state as u32;
        story.sends(1).times_out_thrice().snapshots(40);
        assert_eq!(story.said(), NOTHING, "{state:?}");
    }
    // Nothing but the FIN is on its way.
    let mut story = Story::on(azure());
    story.socket.state = TcpState::LastAck as u32;
    story.sends(1).times_out_thrice().snapshots(40);
    assert_eq!(story.said(), NOTHING);
}

#[test]
fn a_peer_that_talks_and_acknowledges_nothing_is_unexplained() {
    let mut story = Story::on(azure());
    story.sends(400);
    for _ in 0..29 {
        story.is_heard().next_snapshot();
    }
    assert_eq!(story.said(), NOTHING);
    for _ in 0..5 {
        story.is_heard().next_snapshot();
    }
    assert_eq!(story.said(), ["unexplained ticket"]);
    let finding = story.finding("unexplained");
    assert!(
        finding
            .summary
            .ends_with("400 bytes are due; the peer is heard, but acknowledges nothing"),
        "{}",
        finding.summary
    );
    story.peer_acks().next_snapshot();
    assert_eq!(story.said(), ["unexplained ticket", "moves"]);
}

#[test]
fn an_idle_connection_is_never_unexplained() {
    let mut story = Story::without_path();
    story.sends(400).peer_acks().snapshots(300);
    assert_eq!(story.said(), NOTHING);
}

#[test]
fn a_peer_heard_before_its_path_died_does_not_take_the_page_back() {
    let mut story = Story::on(azure());
    story.wait(1.0).sends(400).next_snapshot();
    story.is_heard();
    for _ in 0..3 {
        story.wait(0.42).times_out();
    }
    story.snapshots(10);
    assert_eq!(story.stalls(), ["blackholed page"]);
}

#[test]
fn an_outage_that_is_over_does_not_make_the_next_one_look_like_loss() {
    let mut story = Story::on(azure());
    story.socket.total_retrans = 0;
    story.socket.data_segs_out = 10;
    for _ in 0..2 {
        story.wait(5.0).sends(400).times_out_thrice();
        // A tail-loss probe went before the timeouts.
        story.socket.total_retrans += 4;
        story
            .wait(0.1)
            .sweep()
            .wait(0.5)
            .peer_acks()
            .peer_sends(80)
            .next_snapshot();
    }
    let once = ["blackholed page", "moves"];
    assert_eq!(story.said(), [once, once].concat());
}

#[test]
fn timeouts_where_single_segments_were_lost_before_may_be_chance() {
    let mut story = Story::on(azure());
    story.socket.total_retrans = 4;
    story.socket.data_segs_out = 10;
    story.wait(5.0).sends(400).times_out_thrice();
    story.socket.total_retrans += 4;
    story.wait(0.1).sweep();
    assert_eq!(story.said(), NOTHING);
}
