//! The silence is known between two bounds: local timers and reads shorten the
//! lower one.

use super::story::{Story, azure, evidence};
use monitor_common::{FactKind, TcpState, tcp_flags};

/// 200 s of silence, of which 100 s are sure: less than the path's threshold.
fn doubtful() -> Story {
    let mut story = Story::on(azure());
    story.wait(100.0).touches_the_clock().wait(100.0);
    story
}

#[test]
fn a_local_timer_hides_no_black_hole() {
    let mut story = doubtful();
    story.sends(10).times_out_thrice();
    assert_eq!(story.said(), ["blackholed page"]);
    let finding = story.finding("blackholed");
    assert_eq!(finding.gap_seconds, 100.0);
    assert_eq!(evidence(finding, "gap_at_most_seconds"), 200.0);
}

#[test]
fn a_recovery_from_it_is_told_too() {
    let mut story = doubtful();
    story.sends(10).times_out_thrice().wait(2.0).peer_acks();
    assert_eq!(story.said(), ["blackholed page", "recovered none"]);
}

#[test]
fn of_a_doubtful_gap_nothing_else_is_worth_telling() {
    let mut answered = doubtful();
    answered.sends(10).wait(0.1).peer_sends(10);
    assert!(answered.said().is_empty(), "{:?}", answered.said());

    let mut acknowledged = doubtful();
    acknowledged.sends(10).wait(0.1).peer_acks().wait(10.0);
    assert!(acknowledged.said().is_empty(), "{:?}", acknowledged.said());

    let mut reset = doubtful();
    reset.sends(10).wait(0.1).peer_resets();
    assert!(reset.said().is_empty(), "{:?}", reset.said());

    let mut closed = Story::on(azure());
    closed.wait(100.0).touches_the_clock().wait(140.0);
    closed
        .peer_closes()
        .wait(1.0)
        .becomes(TcpState::LastAck, 0)
        .wait(0.1)
        .becomes(TcpState::Close, 0);
    assert!(closed.said().is_empty(), "{:?}", closed.said());
}

#[test]
fn a_gap_is_sure_from_the_threshold_on_and_shows_both_bounds() {
    for (sure, reported) in [(179.9, false), (180.0, true)] {
        let mut story = Story::on(azure());
        story.wait(30.0).touches_the_clock().wait(sure);
        story.sends(10).wait(0.1).peer_sends(10);
        assert_eq!(!story.said().is_empty(), reported, "{sure} s are sure");
        if reported {
            let finding = story.finding("survived");
            assert_eq!(finding.gap_seconds, 180.0);
            assert_eq!(evidence(finding, "gap_at_most_seconds"), 210.0);
        }
    }
}

#[test]
fn bounds_that_all_but_agree_are_shown_as_one() {
    let mut story = Story::on(azure());
    story.wait(0.05).touches_the_clock().wait(200.0);
    story.sends(10).wait(0.1).peer_sends(10);
    let finding = story.finding("survived");
    assert!(
        finding
            .evidence
            .iter()
            .all(|evidence| evidence.fact != "gap_at_most_seconds")
    );
}

#[test]
fn what_may_have_crossed_is_not_told_to_have_crossed() {
    let mut story = Story::on(azure());
    story.wait(100.0).touches_the_clock().wait(200.0);
    story.sends(10).wait(0.1).peer_sends(10);
    assert_eq!(story.said(), ["survived none"]);
}

#[test]
fn a_suspects_next_gap_is_found_by_its_upper_bound() {
    let mut story = Story::on(azure());
    story.wait(200.0).sends(10).wait(0.1).peer_acks().wait(5.0);
    story.wait(95.0).touches_the_clock().wait(100.0);
    story.sends(10).times_out_thrice();
    assert_eq!(story.said(), ["acknowledged none", "blackholed page"]);
    assert_eq!(story.finding("blackholed").gap_seconds, 100.0);
}

#[test]
fn a_timer_that_runs_again_and_again_hides_no_silence_from_the_sweep() {
    let mut story = doubtful();
    story.sweep();
    assert!(story.said().is_empty(), "100 s are sure");
    story.wait(50.0).touches_the_clock().wait(45.0).sweep();
    assert_eq!(story.said(), ["at_risk none"]);
    assert_eq!(story.finding("at_risk").gap_seconds, 195.0);
}

#[test]
fn what_sweeps_know_makes_a_doubtful_gap_sure() {
    let mut story = Story::on(azure());
    story.wait(190.0).sweep().wait(2.0).touches_the_clock();
    story.wait(3.0).sends(10).wait(0.1).peer_sends(10);
    assert_eq!(story.said(), ["at_risk none", "ended", "survived none"]);
    assert_eq!(story.finding("survived").gap_seconds, 195.0);
}

#[test]
fn a_probe_between_sweep_and_send_takes_nothing_from_the_known_silence() {
    let mut story = Story::on(azure());
    story.wait(220.0).sweep().wait(2.0).probes_in_vain();
    story.wait(100.0);
    // The kernel side missed the probe: it knows when data last passed.
    let mut end = story.fact(FactKind::GapEndedBySend);
    end.packet_idle_max_ns = end.payload_idle_ns;
    story.deliver(end);
    story.ring_is_full = true;
    story.sends(10);
    story.ring_is_full = false;
    story.wait(0.1);
    let mut answer = story.fact(FactKind::PayloadArrived);
    answer.segment.payload_len = 5;
    answer.segment.ack = answer.socket.snd_nxt;
    answer.segment.tcp_flags = tcp_flags::ACK;
    story.deliver(answer);
    assert_eq!(story.said(), ["at_risk none", "ended", "survived none"]);
    assert_eq!(story.finding("survived").gap_seconds, 220.0);
}
