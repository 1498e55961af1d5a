//! Silence that will cross, and silence that keepalive ends in time.

use super::story::{Story, azure, evidence};
use crate::JudgedPath;
use monitor_common::flags;
use monitor_model::finding::Clock;

fn with_keepalive(seconds: u32, path: JudgedPath) -> Story {
    let mut story = Story::on(path);
    story.flags |= flags::KEEPALIVE;
    story.socket.keepalive_time = seconds * 250;
    story
}

#[test]
fn silence_past_the_warning_share_is_told_once_and_wakes_nobody() {
    let mut story = Story::on(azure());
    story.wait(179.0).sweep();
    assert!(story.said().is_empty());
    story.wait(5.0).sweep().wait(5.0).sweep().sweep();
    assert_eq!(story.said(), ["at_risk none"]);
    let finding = story.finding("at_risk");
    assert_eq!(finding.gap_seconds, 184.0);
    assert_eq!(evidence(finding, "time_left_seconds"), 56.0);
    assert_eq!(evidence(finding, "keepalive"), false);
    assert_eq!(
        finding.summary,
        "api (pid 1234) → 20.1.2.3:443: 3m4s of silence will cross azure-snat's 4m; 56s left"
    );
}

#[test]
fn a_probe_due_before_the_timeout_saves_the_connection() {
    // Jiffies wrap in the midst of it.
    let mut story = with_keepalive(200, azure());
    story.wait(185.0).sweep().wait(10.0).sweep();
    assert!(story.said().is_empty());
}

#[test]
fn a_probe_due_after_the_timeout_does_not() {
    let mut story = with_keepalive(7_200, azure());
    story.wait(185.0).sweep();
    assert_eq!(story.said(), ["at_risk none"]);
    assert_eq!(
        evidence(story.finding("at_risk"), "keepalive_time_seconds"),
        7_200.0
    );
}

#[test]
fn keepalive_counts_from_the_last_receipt_not_from_our_last_send() {
    // Our own data left 100 s after the last receipt, and was acknowledged never
    // so late: the probe is due 300 s after that receipt, 200 s into the silence.
    let mut story = with_keepalive(300, azure());
    let receipt = story.socket.rcv_tstamp;
    story.wait(100.0).sends(1).peer_acks();
    story.socket.rcv_tstamp = receipt;
    story.wait(185.0).sweep();
    assert!(story.said().is_empty());
}

#[test]
fn a_bare_ack_is_a_receipt_too() {
    let mut story = with_keepalive(300, azure());
    story.wait(100.0).sends(1).peer_acks().wait(185.0).sweep();
    assert_eq!(
        story.said(),
        ["at_risk none"],
        "the probe is due 300 s after that ACK"
    );
}

#[test]
fn keepalive_does_not_help_against_a_box_that_counts_payload() {
    let mut story = with_keepalive(
        60,
        JudgedPath {
            clock: Clock::Payload,
            ..azure()
        },
    );
    story.wait(185.0).sweep();
    assert_eq!(story.said(), ["at_risk none"]);
}

#[test]
fn probes_that_stay_unanswered_are_not_relied_on() {
    let mut story = with_keepalive(200, azure());
    story.socket.probes_out = 1;
    story.wait(185.0).sweep();
    assert_eq!(story.said(), ["at_risk none"]);
}

#[test]
fn keepalive_does_not_run_while_data_waits() {
    let mut story = with_keepalive(200, azure());
    story.socket.write_seq += 10;
    story.wait(185.0).sweep();
    assert_eq!(story.said(), ["at_risk none"]);
}

#[test]
fn risk_that_passes_is_told_to_have_ended() {
    let mut story = Story::on(azure());
    story
        .wait(185.0)
        .sweep()
        .wait(5.0)
        .sweep_without()
        .wait(5.0)
        .sweep_without();
    assert_eq!(story.said(), ["at_risk none", "ended"]);
}
