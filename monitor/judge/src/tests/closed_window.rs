//! What happens under a peer's closed window: its probes are answered, and who does not read is killed.

use super::story::{SECOND, Story, azure, evidence};
use crate::JudgedPath;
use monitor_common::{FactKind, Segment, tcp_flags};
use monitor_model::finding::{Certainty, Clock};

fn path(seconds: u64) -> JudgedPath {
    JudgedPath {
        timeout_ns: seconds * SECOND,
        warn_ns: seconds * SECOND * 3 / 4,
        ..azure()
    }
}

/// A request was answered, and then the peer's application stopped reading what it was sent.
fn hung(story: Story) -> Story {
    let mut story = story;
    story.sends(100).peer_acks().peer_window(0).queues(12_800);
    story
}

/// The peer's application has not read for so many seconds, its kernel answered a probe each second.
fn hung_for(story: Story, seconds: u32) -> Story {
    let mut story = hung(story);
    for _ in 0..seconds {
        story.wait(0.97).window_probe_is_answered(0.03).sweep();
    }
    story
}

/// This host accepted the connection.
fn accepted(mut story: Story) -> Story {
    story.socket.accepted = 1;
    story.socket.bytes_acked = story.socket.bytes_sent;
    story
}

#[test]
fn a_peer_that_is_killed_while_it_does_not_read_is_suspected_and_what_is_lost_is_told() {
    for story in [Story::on(azure()), Story::without_path()] {
        let mut story = hung_for(story, 20);
        story.peer_resets().wait(20.0).sweep_without();
        assert_eq!(story.said(), ["zero_window none", "reset ticket"]);
        let finding = story.finding("reset");
        assert_eq!(finding.certainty, Certainty::Suspected);
        assert_eq!(evidence(finding, "reset_came"), "under_closed_window");
        assert_eq!(evidence(finding, "lost_bytes_at_most"), 12_800);
        assert_eq!(evidence(finding, "queued_bytes"), 12_800);
        assert_eq!(
            finding.summary,
            "api (pid 1234) → 20.1.2.3:443: had not moved for 19.8s; RST from the peer under its closed window: \
             suspect its application, ended while it did not read; 12 KiB are lost, and what it had not read"
        );
        let advice = finding.advice.clone().unwrap_or_default();
        assert!(advice.starts_with("the peer's application did not read"));
        assert!(!advice.to_lowercase().contains("keepalive"), "{advice}");
    }
}

#[test]
fn a_client_that_walks_away_from_its_download_is_a_record_at_the_server() {
    let mut story = hung_for(accepted(Story::on(azure())), 20);
    story.peer_resets();
    assert_eq!(story.said(), ["zero_window none", "reset none"]);
}

#[test]
fn a_reset_under_a_window_that_was_open_is_none_of_this() {
    let mut story = Story::on(azure());
    story.sends(12_800).wait(0.5).peer_resets();
    assert!(story.said().is_empty());
}

#[test]
fn a_peer_that_is_killed_before_it_was_told_not_to_read_is_no_news() {
    let mut story = hung_for(Story::on(azure()), 3);
    story.peer_resets();
    assert!(story.said().is_empty());
}

/// Between two probes it is silent past the timeout of this path.
fn slow_probes() -> Story {
    hung_for(Story::on(path(20)), 7)
}

/// So many silences of 25 s, each ended by a window probe that is answered.
fn probes_slowly(story: &mut Story, times: u32) {
    for _ in 0..times {
        story.snapshots(25);
        // The kernel side takes each for another gap.
        story.suspect = false;
        story.window_probe_is_answered(0.03).next_snapshot();
    }
}

#[test]
fn an_answered_window_probe_ends_a_gap_and_the_gap_was_survived() {
    let mut story = slow_probes();
    probes_slowly(&mut story, 3);
    let once = ["at_risk none", "crossed ticket", "ended", "survived none"];
    let mut all = vec!["zero_window none"];
    all.extend([once; 3].concat());
    assert_eq!(story.said(), all);
    let finding = story.finding("survived");
    assert!(finding.gap_seconds > 25.0, "{}", finding.gap_seconds);
    assert_eq!(evidence(finding, "window_probe_answered"), true);
    assert_eq!(evidence(finding, "gap_ended_by"), "probe");
    assert!(
        finding
            .summary
            .ends_with("a window probe was answered: the way works, the peer does not read"),
        "{}",
        finding.summary
    );
}

#[test]
fn sweeps_alone_show_that_a_window_probe_was_answered() {
    let mut story = slow_probes();
    story.ring_is_full = true;
    probes_slowly(&mut story, 3);
    // The outcome says that what was told of the silence is over.
    let once = ["at_risk none", "crossed ticket", "survived none"];
    let mut all = vec!["zero_window none"];
    all.extend([once; 3].concat());
    assert_eq!(story.said(), all);
    assert!(story.finding("survived").gap_seconds > 24.0);
}

#[test]
fn an_answer_whose_socket_was_read_after_it_is_one_all_the_same() {
    let mut story = slow_probes();
    story.snapshots(25);
    story.suspect = false;
    story.probes_in_vain().wait(0.03);
    story.socket.probes_out = 0;
    story.answers_window_probe().next_snapshot();
    let said = story.said();
    assert_eq!(
        said.last().map(String::as_str),
        Some("survived none"),
        "{said:?}"
    );
    assert!(story.finding("survived").gap_seconds > 24.0);
}

#[test]
fn an_answer_that_is_told_as_the_next_probe_leaves_shows_in_the_next_look() {
    let mut story = slow_probes();
    story.snapshots(25);
    // Watched socket by socket: the segment that came long ago, told by the callback of the next probe.
    let mut fact = story.fact(FactKind::GapEndedByReceive);
    fact.segment = Segment {
        seq: fact.socket.rcv_nxt,
        ack: fact.socket.snd_una,
        tcp_flags: tcp_flags::ACK,
        ..Segment::default()
    };
    fact.socket.segs_in += 1;
    story.deliver(fact);
    story.ring_is_full = true;
    story.window_probe_is_answered(0.03).next_snapshot();
    let said = story.said();
    assert_eq!(
        said.last().map(String::as_str),
        Some("survived none"),
        "{said:?}"
    );
    assert!(story.finding("survived").gap_seconds > 24.0);
}

#[test]
fn a_probe_that_is_answered_later_recovers_what_was_told_to_be_lost() {
    let mut story = slow_probes();
    story.snapshots(25);
    for _ in 0..3 {
        story.probes_in_vain().wait(5.0).sweep();
    }
    let said = story.said();
    assert!(said.contains(&"blackholed page".into()), "{said:?}");
    story
        .wait(5.0)
        .window_probe_is_answered(0.03)
        .next_snapshot();
    let said = story.said();
    assert!(said.contains(&"recovered none".into()), "{said:?}");
}

#[test]
fn a_killed_peer_whose_probes_were_answered_is_no_silence_that_crossed() {
    let mut story = slow_probes();
    probes_slowly(&mut story, 2);
    story.wait(3.0).peer_resets();
    let said = story.said();
    assert_eq!(said.last().map(String::as_str), Some("reset ticket"));
    let finding = story.finding("reset");
    assert_eq!(finding.certainty, Certainty::Suspected);
    assert!(!finding.summary.contains("crossed"), "{}", finding.summary);
}

#[test]
fn a_reset_in_answer_to_a_probe_past_the_timeout_may_be_a_boxs() {
    let mut story = slow_probes();
    story.snapshots(25);
    story.probes_in_vain().wait(0.03).peer_resets();
    let finding = story.finding("reset");
    assert_eq!(finding.certainty, Certainty::Observed);
}

#[test]
fn a_reset_at_the_very_timeout_may_be_a_boxs() {
    let mut story = slow_probes();
    story.snapshots(19);
    story.wait(1.2).peer_resets();
    let finding = story.finding("reset");
    assert_eq!(finding.certainty, Certainty::Observed);
}

#[test]
fn a_reset_long_after_the_timeout_in_answer_to_nothing_is_the_applications() {
    let mut story = slow_probes();
    story.snapshots(30);
    story.peer_resets();
    assert_eq!(story.finding("reset").certainty, Certainty::Suspected);
}

#[test]
fn a_proxy_that_counts_payload_is_suspected_beyond_its_timeout_only() {
    let proxy = JudgedPath {
        clock: Clock::Payload,
        ..path(20)
    };
    for (seconds, certainty) in [(19, Certainty::Observed), (40, Certainty::Suspected)] {
        let mut story = hung_for(Story::on(proxy.clone()), seconds);
        story.peer_resets();
        assert_eq!(story.finding("reset").certainty, certainty, "{seconds}");
    }
}
