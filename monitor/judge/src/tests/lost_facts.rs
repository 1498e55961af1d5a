//! The ring was full, a fact came late, or came twice.

use super::story::{SECOND, Story, azure, evidence};
use crate::{Judge, JudgedPath, Limits};
use monitor_common::{FactKind, TcpState};

#[test]
fn sweeps_alone_tell_a_black_hole() {
    let mut story = Story::on(azure());
    story.wait(250.0).sweep();
    story.ring_is_full = true;
    story
        .wait(2.0)
        .sends(10)
        .wait(1.0)
        .sweep_without()
        .times_out()
        .times_out()
        .wait(4.0);
    story.times_out().sweep();
    assert_eq!(story.said(), ["crossed ticket", "ended", "blackholed page"]);
    let finding = story.finding("blackholed");
    assert_eq!(evidence(finding, "timeouts"), 3);
    assert!(finding.gap_seconds >= 250.0);
    story.wait(5.0).sweep().peer_acks().wait(5.0).sweep();
    assert_eq!(story.said()[3..], ["recovered none"]);
}

#[test]
fn a_row_that_the_ring_has_outdated_still_shows_the_connection() {
    let mut story = Story::on(azure());
    story.wait(250.0).sends(10).times_out_thrice();
    story.wait(1.0).sweep();
    // The sweep reads the socket, it times out, and only then the sweep is over.
    let row = story.wait(1.0).fact(FactKind::Swept);
    story.wait(0.01).times_out();
    story.deliver(row);
    story.sweep_is_over(row.time_ns);
    story.wait(1.0).peer_acks();
    assert_eq!(
        story.said(),
        ["crossed none", "blackholed page", "recovered none"]
    );
}

#[test]
fn a_black_hole_that_the_sweep_no_longer_shows_is_over() {
    let mut story = Story::on(azure());
    story.wait(250.0).sweep();
    story.ring_is_full = true;
    story
        .sends(10)
        .times_out()
        .times_out()
        .times_out()
        .wait(5.0)
        .sweep();
    assert_eq!(story.said(), ["crossed ticket", "ended", "blackholed page"]);
    story.wait(5.0).sweep_without().peer_acks();
    assert_eq!(story.said()[3..], ["over Badly"], "nobody knows how");
}

#[test]
fn a_black_hole_is_told_although_the_end_of_the_gap_was_lost() {
    let mut story = Story::on(azure());
    story.wait(250.0).sweep();
    story.ring_is_full = true;
    story.sends(10);
    story.ring_is_full = false;
    story.times_out_thrice();
    assert_eq!(story.said(), ["crossed ticket", "ended", "blackholed page"]);
}

#[test]
fn an_answer_whose_fact_was_lost_shows_in_the_counters() {
    let mut story = Story::on(azure());
    story.wait(250.0).sends(10);
    story.ring_is_full = true;
    story.wait(0.1).peer_sends(10);
    story.ring_is_full = false;
    story.probation_over();
    assert_eq!(story.said(), ["crossed none", "survived none"]);
}

#[test]
fn an_answer_whose_fact_was_lost_is_told_with_the_next_gap() {
    let mut story = Story::on(azure());
    story.wait(250.0).sends(10);
    story.ring_is_full = true;
    story.wait(0.1).peer_sends(10);
    story.ring_is_full = false;
    story.wait(245.0).sends(10).times_out_thrice();
    assert_eq!(
        story.said(),
        [
            "crossed none",
            "survived none",
            "crossed none",
            "blackholed page"
        ]
    );
    let gaps: Vec<f64> = story
        .findings()
        .map(|finding| finding.gap_seconds)
        .collect();
    assert_eq!(gaps, [250.0, 250.0, 245.0, 245.0]);
}

#[test]
fn a_reset_leaves_its_error_where_its_own_fact_was_lost() {
    let mut story = Story::on(azure());
    story
        .wait(250.0)
        .sends(10)
        .wait(0.01)
        .becomes(TcpState::Close, 104);
    assert_eq!(story.said(), ["crossed none", "reset page"]);
}

#[test]
fn a_reset_in_a_silence_known_from_sweeps_needs_no_other_fact() {
    let mut story = Story::on(azure());
    story.wait(250.0).sweep().wait(3.0);
    story.socket.segs_in += 1;
    let mut reset = story.fact(FactKind::ResetReceived);
    // The stack refreshed its clock on arrival.
    reset.packet_idle_ns = 0;
    story.deliver(reset);
    assert_eq!(story.said(), ["crossed ticket", "ended", "reset ticket"]);
    assert_eq!(story.finding("reset").gap_seconds, 253.0);
}

#[test]
fn repeated_facts_change_nothing() {
    let mut story = Story::on(azure());
    story
        .wait(250.0)
        .sends(10)
        .again()
        .wait(0.1)
        .peer_sends(5)
        .again()
        .again();
    assert_eq!(story.said(), ["crossed none", "survived none"]);
}

#[test]
fn a_look_that_the_ring_has_outdated_opens_no_silence() {
    let mut story = Story::on(azure());
    story.wait(250.0);
    let late = story.fact(FactKind::Swept);
    story.wait(0.001).sends(10).wait(0.1).peer_sends(5);
    story.deliver(late);
    assert_eq!(story.said(), ["crossed none", "survived none"]);
}

#[test]
fn a_gap_told_after_the_sweep_saw_its_outcome_is_not_told_again() {
    let mut story = Story::on(azure());
    story.wait(250.0).sweep().wait(1.0);
    let end = story.fact(FactKind::GapEndedBySend);
    story.ring_is_full = true;
    story
        .sends(10)
        .times_out()
        .times_out()
        .times_out()
        .wait(2.0)
        .sweep();
    story.deliver(end);
    story.wait(5.0);
    assert_eq!(story.said(), ["crossed ticket", "ended", "blackholed page"]);
}

#[test]
fn a_gap_soon_after_one_that_only_sweeps_saw_is_another() {
    let short = JudgedPath {
        timeout_ns: 4 * SECOND,
        warn_ns: 3 * SECOND,
        ..azure()
    };
    let mut story = Story::on(short);
    story.wait(5.0).sweep().wait(1.0);
    story.ring_is_full = true;
    story.peer_sends(10).wait(2.0).sweep();
    story.ring_is_full = false;
    story.wait(2.5).sends(1).times_out_thrice();
    assert_eq!(
        story.said(),
        [
            "crossed ticket",
            "ended",
            "survived none",
            "crossed none",
            "blackholed page"
        ]
    );
    assert_eq!(story.finding("blackholed").gap_seconds, 4.5);
}

#[test]
fn a_look_that_the_ring_has_outdated_does_not_pass_for_an_ack() {
    let mut story = Story::on(azure());
    story.wait(250.0).sends(10).wait(0.1).peer_acks().wait(0.1);
    let late = story.fact(FactKind::Swept);
    story.wait(0.1).sends(10);
    story.deliver(late);
    story.wait(10.0);
    assert_eq!(story.said(), ["crossed none"]);
}

#[test]
fn a_connection_without_news_is_forgotten_in_the_end() {
    let mut story = Story::on(azure());
    story.wait(250.0).sends(10).wait(1_199.0);
    assert_eq!(story.judge.stats().tracked, 1);
    story.wait(2.0);
    assert_eq!(story.said(), ["crossed none"]);
    assert_eq!(
        (
            story.judge.stats().tracked,
            story.judge.stats().expired_total
        ),
        (0, 1)
    );
}

#[test]
fn a_full_table_counts_what_it_refuses_and_keeps_room_for_gaps() {
    let mut story = Story::on(azure());
    let limits = Limits {
        max_connections: 8,
        ..Limits::new(super::story::JIFFY_NS)
    };
    story.judge = Judge::new(vec![azure()], limits);
    story.wait(250.0);
    for cookie in 1..=10 {
        story.socket.cookie = cookie;
        let fact = story.fact(FactKind::Swept);
        story.deliver(fact);
    }
    assert_eq!(story.judge.stats().tracked, 6, "two places stay free");
    for cookie in 21..=23 {
        story.socket.cookie = cookie;
        let fact = story.fact(FactKind::GapEndedBySend);
        story.deliver(fact);
    }
    let stats = story.judge.stats();
    assert_eq!((stats.tracked, stats.table_full_total), (8, 5));
}

#[test]
fn a_socket_used_again_is_another_connection() {
    let mut story = Story::on(azure());
    story.wait(250.0).sends(1).wait(0.01).peer_resets();
    story.socket.state = TcpState::SynSent as u32;
    story.socket.remote[3] = 9;
    story.becomes(TcpState::Established, 0);
    story.now += 250 * SECOND;
    story.sends(1).wait(0.01).peer_resets();
    let remotes: Vec<&str> = story
        .findings()
        .map(|finding| finding.connection.remote.as_str())
        .collect();
    assert_eq!(
        story.said(),
        ["crossed none", "reset page", "crossed none", "reset page"]
    );
    assert_eq!(remotes[0], "20.1.2.3:443");
    assert_eq!(remotes[3], "20.1.2.9:443");
}

#[test]
fn a_socket_used_again_towards_the_same_peer_shows_by_its_port() {
    let mut story = Story::on(azure());
    story.wait(250.0).sweep();
    // Its old end and its new beginning were lost.
    story.socket.local_port = 51_235;
    story.wait(5.0).sweep();
    assert_eq!(story.said(), ["crossed ticket", "ended", "crossed ticket"]);
    let locals: Vec<&str> = story
        .findings()
        .map(|finding| finding.connection.local.as_str())
        .collect();
    assert_eq!(locals, ["10.0.0.4:51234", "10.0.0.4:51235"]);
}
