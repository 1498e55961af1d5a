//! A polite FIN at the timeout.

use super::story::{SECOND, Story, azure, evidence};
use monitor_common::TcpState;

#[test]
fn a_fin_at_the_timeout_is_closed_once_this_host_closes_too() {
    let mut story = Story::on(azure());
    story.wait(241.0).peer_closes().wait(1.0);
    assert_eq!(story.said(), ["crossed none"], "a write may still meet RST");
    story
        .becomes(TcpState::LastAck, 0)
        .wait(0.1)
        .becomes(TcpState::Close, 0)
        .wait(30.0);
    assert_eq!(story.said(), ["crossed none", "closed none"]);
    assert_eq!(
        evidence(story.finding("closed"), "fin_from_timeout_seconds"),
        1.0
    );
    assert_eq!(evidence(story.finding("closed"), "write_met_reset"), false);
}

#[test]
fn a_write_after_it_that_meets_rst_makes_it_a_ticket_and_the_only_outcome() {
    let mut story = Story::on(azure());
    story
        .wait(239.0)
        .peer_closes()
        .wait(3.0)
        .sends(10)
        .wait(0.05)
        .peer_resets()
        .wait(30.0);
    assert_eq!(story.said(), ["closed ticket"]);
    assert_eq!(evidence(story.finding("closed"), "write_met_reset"), true);
}

#[test]
fn a_write_whose_fact_was_lost_counts_all_the_same() {
    let mut story = Story::on(azure());
    story.wait(239.0).peer_closes().wait(3.0);
    story.ring_is_full = true;
    story.sends(10);
    story.ring_is_full = false;
    story.wait(0.05).peer_resets();
    assert_eq!(story.said(), ["closed ticket"]);
}

#[test]
fn a_reset_that_nobody_wrote_for_loses_nothing() {
    let mut story = Story::on(azure());
    story.wait(239.0).peer_closes().wait(3.0).peer_resets();
    assert_eq!(story.said(), ["closed none"]);

    let mut untold = Story::on(azure());
    untold
        .wait(239.0)
        .peer_closes()
        .wait(3.0)
        .becomes(TcpState::Close, 32);
    assert_eq!(untold.said(), ["closed none"]);
}

#[test]
fn the_rst_may_come_after_this_host_closed_in_haste() {
    let mut story = Story::on(azure());
    story
        .wait(239.0)
        .peer_closes()
        .wait(3.0)
        .sends(10)
        .becomes(TcpState::LastAck, 0);
    assert!(story.said().is_empty());
    story.wait(0.05).peer_resets();
    assert_eq!(story.said(), ["closed ticket"]);
}

#[test]
fn data_outstanding_at_the_fin_is_a_ticket_at_once() {
    let mut story = Story::on(azure());
    story.wait(239.5);
    // Queued behind a closed window: nothing is in flight.
    story.socket.write_seq += 7;
    story.peer_closes();
    assert_eq!(story.said(), ["closed ticket"]);
    assert_eq!(evidence(story.finding("closed"), "unacknowledged_bytes"), 7);
}

#[test]
fn an_application_that_never_notices_settles_after_the_grace() {
    let mut story = Story::on(azure());
    story.wait(240.0).peer_closes().wait(59.0);
    assert_eq!(story.said(), ["crossed none"]);
    story.wait(2.0);
    assert_eq!(story.said(), ["crossed none", "closed none"]);
}

#[test]
fn a_fin_far_from_the_timeout_is_no_outcome() {
    for seconds in [200.0, 260.0] {
        let mut story = Story::on(azure());
        story
            .wait(190.0)
            .sweep()
            .wait(seconds - 190.0)
            .peer_closes();
        let said: Vec<String> = story
            .said()
            .into_iter()
            .filter(|what| !what.starts_with("crossed"))
            .collect();
        assert_eq!(said, ["at_risk none", "ended"], "after {seconds} s");
        story.sends(1).wait(0.1).peer_resets().wait(3.0);
        assert!(
            !story.said().iter().any(|what| what.starts_with("reset")),
            "RST after FIN is manners"
        );
    }
}

#[test]
fn the_window_is_five_percent_or_two_seconds() {
    for (timeout, gap, closed) in [
        (240, 251.9, true),
        (240, 252.1, false),
        (10, 11.9, true),
        (10, 12.1, false),
    ] {
        let mut path = azure();
        path.timeout_ns = timeout * SECOND;
        path.warn_ns = timeout * SECOND * 3 / 4;
        let mut story = Story::on(path);
        story.wait(gap).peer_closes().becomes(TcpState::LastAck, 0);
        let reported = story.said().contains(&"closed none".into());
        assert_eq!(reported, closed, "{gap} s of {timeout} s");
    }
}

#[test]
fn a_goodbye_after_an_acknowledged_send_is_acknowledged() {
    let mut story = Story::on(azure());
    story
        .wait(238.0)
        .sends(5)
        .wait(0.05)
        .peer_acks()
        .wait(0.1)
        .peer_closes();
    assert_eq!(story.said(), ["acknowledged none"]);
    story.sends(5).wait(0.05).peer_resets();
    assert_eq!(story.said().len(), 1);
}
