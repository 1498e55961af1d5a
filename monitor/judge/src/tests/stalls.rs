//! Stalls that are explained: by a reader, by the network, by the sender.

use super::story::{Story, azure, evidence};
use monitor_model::finding::Certainty;

const NOTHING: [&str; 0] = [];

fn stuck_behind_a_closed_window() -> Story {
    let mut story = Story::on(azure());
    story.sends(100).peer_acks().peer_window(0).queues(12_800);
    story
}

#[test]
fn a_peer_that_stops_reading_is_told_once_and_resolved() {
    let mut story = stuck_behind_a_closed_window();
    story.next_snapshot().probes().snapshots(4);
    assert_eq!(story.said(), NOTHING, "it may be its pace");
    story.next_snapshot().probes();
    assert_eq!(story.said(), ["zero_window none"]);
    story.snapshots(10);
    assert_eq!(story.said().len(), 1);
    let finding = story.finding("zero_window");
    assert_eq!(
        finding.summary,
        "api (pid 1234) → 20.1.2.3:443: has not moved for 5.8s; the peer's window is closed, 12 KiB \
         wait, its kernel answers"
    );
    assert_eq!(finding.certainty, Certainty::Observed);
    assert_eq!(evidence(finding, "waiting_bytes"), 12_800);
    assert_eq!(evidence(finding, "peer_window_bytes"), 0);
    assert!(finding.advice.is_some());
    story.drains().next_snapshot();
    assert_eq!(story.said(), ["zero_window none", "moves"]);
}

#[test]
fn a_stall_needs_no_path() {
    let mut story = Story::without_path();
    story.peer_window(0).queues(12_800);
    story.next_snapshot().probes().snapshots(6);
    assert_eq!(story.said(), ["zero_window none"]);
    assert_eq!(story.finding("zero_window").path, None);
}

#[test]
fn a_stall_that_the_sweep_shows_no_more_is_over() {
    let mut story = stuck_behind_a_closed_window();
    story
        .next_snapshot()
        .probes()
        .snapshots(6)
        .wait(1.0)
        .sweep_without();
    assert_eq!(story.said(), ["zero_window none", "moves"]);
    assert_eq!(story.judge.stats().stalls, 0);
}

#[test]
fn a_probe_answered_after_a_long_pause_does_not_begin_the_stall_anew() {
    let hasty = crate::JudgedPath {
        timeout_ns: 4 * super::story::SECOND,
        warn_ns: 3 * super::story::SECOND,
        ..azure()
    };
    let mut story = Story::on(hasty);
    story.peer_window(0).queues(12_800);
    story.next_snapshot().probes().snapshots(2);
    for _ in 0..3 {
        // The answer ends a silence past its threshold.
        story
            .wait(3.5)
            .peer_acks()
            .probation_over()
            .probes()
            .snapshots(3);
    }
    assert_eq!(story.stalls(), ["zero_window none"]);
}

#[test]
fn a_window_that_opens_again_within_a_second_is_no_stall() {
    let mut story = Story::on(azure());
    for _ in 0..20 {
        story.sends(100).peer_acks().peer_window(0).queues(5_000);
        story.next_snapshot().probes().drains();
    }
    assert_eq!(story.said(), NOTHING);
}

#[test]
fn a_window_too_small_for_a_segment_is_closed_all_the_same() {
    let mut story = Story::on(azure());
    story.peer_window(400).queues(12_800);
    story.next_snapshot().probes().snapshots(6);
    assert_eq!(story.said(), ["zero_window none"]);
}

#[test]
fn a_closed_window_whose_probes_nobody_answers_is_a_black_hole() {
    let mut story = stuck_behind_a_closed_window();
    story.next_snapshot();
    for _ in 0..2 {
        story.wait(1.0).probes_in_vain().sweep();
    }
    assert_eq!(story.said(), NOTHING);
    story.wait(1.0).probes_in_vain().sweep();
    assert_eq!(story.said(), ["blackholed page"]);
}

#[test]
fn a_path_that_dies_under_a_closed_window_is_blackholed() {
    let mut story = stuck_behind_a_closed_window();
    story.next_snapshot().probes().snapshots(6);
    for _ in 0..3 {
        story.wait(1.0).probes_in_vain().sweep();
    }
    assert_eq!(
        story.said(),
        ["zero_window none", "moves", "blackholed page"]
    );
    let finding = story.finding("blackholed");
    assert_eq!(evidence(finding, "unanswered_probes"), 3);
}

#[test]
fn an_application_that_leaves_its_data_unread_is_a_local_reader() {
    let mut story = Story::on(azure());
    story.leaves_unread(65_000).snapshots(5);
    assert_eq!(story.said(), NOTHING, "it may be its pace");
    story.next_snapshot();
    assert_eq!(story.said(), ["local_reader none"]);
    let finding = story.finding("local_reader");
    assert!(
        finding
            .summary
            .ends_with("has 63 KiB to read and reads nothing, our window is closed"),
        "{}",
        finding.summary
    );
    assert_eq!(evidence(finding, "unread_bytes"), 65_000);
    assert_eq!(evidence(finding, "own_window_bytes"), 535);
    story.reads(65_000).next_snapshot();
    assert_eq!(story.said(), ["local_reader none", "moves"]);
}

#[test]
fn a_slow_reader_is_no_stall() {
    let mut story = Story::on(azure());
    story.leaves_unread(65_000);
    for _ in 0..10 {
        story.next_snapshot();
        story.socket.copied_seq += 10;
    }
    assert_eq!(story.said(), NOTHING);
}

#[test]
fn unread_data_with_an_open_window_is_no_stall() {
    let mut story = Story::on(azure());
    story.leaves_unread(10_000).snapshots(10);
    assert_eq!(story.said(), NOTHING);
}

#[test]
fn a_third_of_all_segments_lost_is_network_loss() {
    let mut story = Story::on(azure());
    for second in 0..12 {
        story.wait(1.0).transfers(10, 3);
        if second % 3 == 1 {
            story.sweep_without();
        } else {
            story.sweep();
        }
    }
    assert_eq!(story.said(), ["network_loss none"]);
    let finding = story.finding("network_loss");
    assert_eq!(evidence(finding, "retransmitted_percent"), 30);
    assert!(
        finding
            .summary
            .contains("moves slowly; 30 % of what was sent"),
        "{}",
        finding.summary
    );
    // It heals.
    for _ in 0..12 {
        story.wait(1.0).transfers(50, 0).sweep();
    }
    assert_eq!(story.said(), ["network_loss none", "moves"]);
}

#[test]
fn a_lossy_connection_that_falls_silent_is_forgotten() {
    let mut story = Story::on(azure());
    for _ in 0..8 {
        story.wait(1.0).transfers(10, 3).sweep();
    }
    for _ in 0..10 {
        story.wait(1.0).sweep_without();
    }
    assert_eq!(story.said(), ["network_loss none"]);
    for _ in 0..10 {
        story.wait(1.0).sweep_without();
    }
    assert_eq!(story.said(), ["network_loss none", "moves"]);
    assert_eq!(story.judge.stats().stalls, 0);
}

#[test]
fn five_percent_of_loss_is_a_statistic() {
    let mut story = Story::on(azure());
    for second in 0..120 {
        // Spurious retransmissions of reordered segments on top, now and then.
        let again = if second % 5 == 0 { 6 } else { 2 };
        story.wait(1.0).transfers(40, again).sweep();
    }
    assert_eq!(story.said(), NOTHING);
}

#[test]
fn one_burst_of_loss_is_a_statistic() {
    let mut story = Story::on(azure());
    story.wait(1.0).transfers(100, 0).sweep();
    story.wait(1.0).transfers(100, 30).sweep();
    for _ in 0..20 {
        story.wait(1.0).transfers(100, 0).sweep();
    }
    assert_eq!(story.said(), NOTHING);
}

#[test]
fn data_that_pacing_holds_back_is_limited_by_the_sender() {
    let mut story = Story::on(azure());
    story.socket.pacing_rate = 100;
    story.sends(100).peer_acks().queues(50_000).snapshots(3);
    assert_eq!(story.said(), ["sender_limited none"]);
    let finding = story.finding("sender_limited");
    assert_eq!(evidence(finding, "pacing_bytes_per_second"), 100);
    assert!(
        finding.summary.ends_with(
            "48 KiB are queued, none in flight, the peer's window is open, paced at 100 bytes/s"
        ),
        "{}",
        finding.summary
    );
    story.drains().next_snapshot();
    assert_eq!(story.said(), ["sender_limited none", "moves"]);
}

#[test]
fn one_look_between_a_write_and_its_sending_says_nothing() {
    let mut story = Story::on(azure());
    for _ in 0..10 {
        story.wait(1.0).queues(500).sweep().drains();
    }
    assert_eq!(story.said(), NOTHING);
}

#[test]
fn a_trickle_is_no_stall() {
    let mut story = Story::on(azure());
    for _ in 0..30 {
        story.wait(1.0).sends(10).sweep().peer_acks();
    }
    assert_eq!(story.said(), NOTHING);
}

#[test]
fn a_full_table_counts_what_it_refuses() {
    let mut story = stuck_behind_a_closed_window();
    story.judge = crate::Judge::new(
        vec![azure()],
        crate::Limits {
            max_stalls: 0,
            ..crate::Limits::new(super::story::JIFFY_NS)
        },
    );
    story.snapshots(3);
    assert_eq!(story.said(), NOTHING);
    assert_eq!(story.judge.stats().stalls_full_total, 3);
}
