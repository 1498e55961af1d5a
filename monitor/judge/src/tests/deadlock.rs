//! Both ends write, and neither reads.

use super::story::{SECOND, Story, azure, evidence};
use crate::JudgedPath;
use monitor_model::finding::{Certainty, Severity};

fn path(seconds: u64, stated: bool) -> JudgedPath {
    JudgedPath {
        timeout_ns: seconds * SECOND,
        warn_ns: seconds * SECOND * 3 / 4,
        stated,
        ..azure()
    }
}

/// Neither has read for so many seconds; both kernels answer probes.
fn stuck_for(story: Story, seconds: u32) -> Story {
    let mut story = story;
    story.sends(100).peer_acks();
    story.leaves_unread(65_000).peer_window(0).queues(122_504);
    for _ in 0..seconds {
        story.wait(0.97).window_probe_is_answered(0.03).sweep();
    }
    story
}

#[test]
fn a_deadlock_is_named_and_a_ticket_past_the_paths_timeout() {
    let mut story = stuck_for(Story::on(path(60, true)), 50);
    assert_eq!(story.said(), ["deadlock none"]);
    for _ in 0..30 {
        story.wait(0.97).window_probe_is_answered(0.03).sweep();
    }
    assert_eq!(story.said(), ["deadlock none", "deadlock ticket"]);
    let finding = story.findings().last().expect("a finding");
    assert_eq!(finding.certainty, Certainty::Observed);
    assert_eq!(evidence(finding, "unread_bytes"), 65_000);
    assert_eq!(evidence(finding, "waiting_bytes"), 122_504);
    assert_eq!(evidence(finding, "peer_window_bytes"), 0);
    assert_eq!(evidence(finding, "bytes_read"), 0);
    assert!(
        finding.summary.ends_with(
            "neither end reads: 63 KiB lie unread here and our window is closed, 119 KiB wait and the peer's is closed"
        ),
        "{}",
        finding.summary
    );
    story.reads(65_000).next_snapshot();
    let told = ["deadlock none", "deadlock ticket", "moves"];
    assert_eq!(story.said(), told);
    // The peer still does not read.
    story.wait(0.97).window_probe_is_answered(0.03).sweep();
    assert_eq!(story.said()[..3], told);
    assert_eq!(story.said()[3..], ["zero_window none"]);
}

#[test]
fn a_deadlock_that_ends_one_way_after_the_other_is_one_finding() {
    let mut here_first = stuck_for(Story::on(path(60, true)), 50);
    here_first.reads(65_000).next_snapshot();
    here_first.peer_window(64_000).drains().next_snapshot();
    let mut there_first = stuck_for(Story::on(path(60, true)), 50);
    there_first.peer_window(64_000).drains().next_snapshot();
    there_first.reads(65_000).next_snapshot();
    for mut story in [here_first, there_first] {
        story.snapshots(5);
        assert_eq!(story.said(), ["deadlock none", "moves"]);
    }
}

#[test]
fn without_a_stated_path_it_is_a_ticket_past_five_minutes() {
    for story in [Story::without_path(), Story::on(path(60, false))] {
        let mut story = stuck_for(story, 290);
        let tickets = |story: &Story| {
            let all = story.findings().filter(|one| one.kind.name() == "deadlock");
            all.filter(|one| one.severity == Severity::Ticket).count()
        };
        assert_eq!(tickets(&story), 0, "{:?}", story.said());
        for _ in 0..20 {
            story.wait(0.97).window_probe_is_answered(0.03).sweep();
        }
        assert_eq!(tickets(&story), 1, "{:?}", story.said());
    }
}

#[test]
fn a_closed_window_is_a_deadlock_once_ours_is_closed_too() {
    let mut story = Story::on(path(240, true));
    story.sends(100).peer_acks().peer_window(0).queues(12_800);
    for _ in 0..8 {
        story.next_snapshot().probes();
    }
    assert_eq!(story.said(), ["zero_window none"]);
    story.leaves_unread(65_000);
    for _ in 0..8 {
        story.next_snapshot().probes();
    }
    assert_eq!(story.said(), ["zero_window none", "moves", "deadlock none"]);
}

#[test]
fn what_is_unread_here_is_said_beside_the_peers_closed_window() {
    let mut story = Story::on(azure());
    story.sends(100).peer_acks().peer_window(0).queues(12_800);
    story.leaves_unread(2_000);
    for _ in 0..8 {
        story.next_snapshot().probes();
    }
    assert_eq!(story.said(), ["zero_window none"]);
    let finding = story.finding("zero_window");
    assert_eq!(evidence(finding, "unread_bytes"), 2_000);
    let advice = finding.advice.clone().unwrap_or_default();
    assert!(!advice.contains("do their part"), "{advice}");
}

#[test]
fn a_deadlock_that_one_end_is_killed_in_is_over() {
    let mut story = stuck_for(Story::on(path(20, true)), 40);
    story.peer_resets().wait(20.0).sweep_without();
    let said = story.said();
    assert_eq!(said, ["deadlock none", "deadlock ticket", "reset ticket"]);
}
