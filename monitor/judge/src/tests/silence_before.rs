//! What the silence before a failure has to do with it.

use super::story::{MS, SECOND, Story, azure, evidence};
use crate::JudgedPath;
use monitor_common::{Fact, FactKind};
use monitor_model::finding::{Finding, Scope};

fn of_20() -> JudgedPath {
    JudgedPath {
        timeout_ns: 20 * SECOND,
        warn_ns: 15 * SECOND,
        ..azure()
    }
}

/// The row of sibling `cookie`, heard so long ago, with so many timeouts; at two they took 0.6 s.
fn row(story: &Story, cookie: u64, heard_ns: u64, timeouts: u8) -> Fact {
    let mut row = story.fact(FactKind::Swept);
    let socket = &mut row.socket;
    socket.cookie = cookie;
    socket.local_port = 1_000 + cookie as u16;
    let heard = socket.jiffies.wrapping_sub((heard_ns / (4 * MS)) as u32);
    (socket.rcv_tstamp, socket.lrcvtime) = (heard, heard);
    socket.lsndtime = if timeouts > 0 { socket.jiffies } else { heard };
    let in_flight = u32::from(timeouts > 0);
    socket.snd_una = 10_000;
    socket.snd_nxt = 10_000 + 400 * in_flight;
    socket.write_seq = socket.snd_nxt;
    (socket.retransmits, socket.packets_out) = (timeouts, in_flight);
    socket.rto_jiffies = 50 << timeouts;
    row
}

/// A connection that was silent for 12 s asks into a dead path, with siblings that were heard so long ago and
/// met so many timeouts.
fn asks(mut story: Story, siblings: &[(u64, u8)]) -> Finding {
    story.is_answered(2, 0.012).wait(12.0).sends(100);
    story.times_out_twice();
    for (index, (heard_ns, timeouts)) in siblings.iter().enumerate() {
        let row = row(&story, 0x100 + index as u64, *heard_ns, *timeouts);
        story.judge.note_sibling(&row);
    }
    story.sweep().wait(0.34).times_out().wait(0.1).sweep();
    story.finding("blackholed").clone()
}

/// Siblings that were silent for 12 s too, and fail.
const SILENT: [(u64, u8); 4] = [(12 * SECOND + 600 * MS, 2); 4];

/// One that works.
const WORKS: (u64, u8) = (20 * MS, 0);

fn silence_of(finding: &Finding) -> f64 {
    evidence(finding, "preceding_silence_seconds")
        .as_f64()
        .unwrap_or(0.0)
}

#[test]
fn connections_that_all_were_silent_do_not_make_the_peer_down() {
    for story in [Story::on(of_20()), Story::without_path()] {
        let finding = asks(story, &SILENT);
        assert_eq!(finding.scope, None);
        assert!(
            (11.9..13.2).contains(&silence_of(&finding)),
            "{:?}",
            finding.evidence
        );
        let advice = finding.advice.as_deref().unwrap_or_default();
        assert!(
            advice.contains("s of silence went before, in which a box may have forgotten it"),
            "{advice}"
        );
        assert!(!finding.summary.contains("quicker"), "{}", finding.summary);
    }
}

#[test]
fn beside_others_that_work_the_path_is_quicker_than_stated() {
    let siblings = [&SILENT[..], &[WORKS]].concat();
    let finding = asks(Story::on(of_20()), &siblings);
    assert_eq!(finding.scope, None);
    assert!(
        finding
            .summary
            .contains("the path is quicker than stated, by 8s (a silence of 12s was fatal)"),
        "{}",
        finding.summary
    );
    let advice = finding.advice.as_deref().unwrap_or_default();
    assert!(
        advice.starts_with(
            "keepalive is off, the path forgets sooner than the 20 s stated, after 12"
        ) && advice.contains("TCP_KEEPIDLE of at most 6 s, and TCP_USER_TIMEOUT"),
        "{advice}"
    );
    let finding = asks(Story::without_path(), &siblings);
    assert_eq!(finding.scope, None);
    assert!(
        finding
            .summary
            .contains("it was the silence: the path forgets after 12s at most"),
        "{}",
        finding.summary
    );
    let advice = finding.advice.as_deref().unwrap_or_default();
    assert!(
        advice.contains("state a path with this timeout"),
        "{advice}"
    );
}

#[test]
fn one_that_was_not_silent_clears_the_silence() {
    let siblings = [&SILENT[..], &[(SECOND + 600 * MS, 2)]].concat();
    let finding = asks(Story::on(of_20()), &siblings);
    assert_eq!(finding.scope, Some(Scope::PeerOrNetwork));
    let siblings = [&siblings[..], &[WORKS]].concat();
    let finding = asks(Story::on(of_20()), &siblings);
    assert_eq!(finding.scope, None);
    assert!(!finding.summary.contains("quicker"), "{}", finding.summary);
}

#[test]
fn one_connection_alone_does_not_convict_its_silence() {
    let finding = asks(Story::on(of_20()), &[WORKS]);
    assert!(!finding.summary.contains("quicker"), "{}", finding.summary);
}

#[test]
fn one_that_works_after_a_longer_silence_acquits_it() {
    let mut story = Story::on(of_20());
    let rested = row(&story, 0x200, 13 * SECOND, 0);
    story.judge.note_sibling(&rested);
    story.is_answered(2, 0.012).wait(12.0).sends(100);
    story.times_out_twice();
    for cookie in 0..4 {
        story
            .judge
            .note_sibling(&row(&story, 0x100 + cookie, 12 * SECOND, 2));
    }
    story.judge.note_sibling(&row(&story, 0x200, 20 * MS, 0));
    story.sweep().wait(0.34).times_out().wait(0.1).sweep();
    let finding = story.finding("blackholed");
    assert_eq!(evidence(finding, "siblings_moving"), 1);
    assert!(!finding.summary.contains("quicker"), "{}", finding.summary);
}

fn of_8() -> JudgedPath {
    JudgedPath {
        timeout_ns: 8 * SECOND,
        warn_ns: 6 * SECOND,
        ..azure()
    }
}

const CLEARED: &str = "a longer one survived: a fixed timeout does not explain it; eviction under load, a restarted \
                       box, failover or policy do";

#[test]
fn a_longer_silence_that_was_survived_clears_this_one() {
    let mut story = Story::on(of_8());
    story.wait(9.15).sends(1).wait(0.02).peer_sends(1);
    story.wait(8.5).sends(1).times_out_thrice();
    let finding = story.finding("blackholed").clone();
    assert!(finding.summary.ends_with(CLEARED), "{}", finding.summary);
    let advice = finding.advice.as_deref().unwrap_or_default();
    assert!(
        advice.starts_with("a longer silence was survived here"),
        "{advice}"
    );
    assert!(!advice.contains("SO_KEEPALIVE"), "{advice}");
    // It is no measure of what is fatal, either.
    story
        .wait(9.0)
        .peer_acks()
        .wait(9.0)
        .sends(1)
        .wait(0.02)
        .peer_sends(1);
    let survived = story.findings().last().expect("a finding");
    let learned = |fact: &str| survived.evidence.iter().any(|known| known.fact == fact);
    assert!(!learned("shortest_failed_gap_seconds"));
}

#[test]
fn it_clears_only_where_the_same_side_spoke_first() {
    let mut story = Story::on(of_8());
    story.wait(9.15).peer_sends(1);
    story.wait(8.5).sends(1).times_out_thrice();
    let finding = story.finding("blackholed");
    assert!(
        !finding.summary.contains("a longer one survived"),
        "{}",
        finding.summary
    );
    let advice = finding.advice.as_deref().unwrap_or_default();
    assert!(
        advice.contains("the path forgets after 8 s: set SO_KEEPALIVE"),
        "{advice}"
    );
}

#[test]
fn a_silence_below_the_timeout_is_not_blamed_on_it() {
    for reset in [false, true] {
        let mut story = Story::on(of_8());
        story.wait(7.2).sends(1);
        if reset {
            story.wait(0.002).peer_resets();
        } else {
            story.times_out_thrice();
        }
        let finding = story.finding(if reset { "reset" } else { "blackholed" });
        assert!(
            finding
                .summary
                .contains("7.2s of silence, within azure-snat's 8s")
                && finding
                    .summary
                    .contains("below the timeout, which does not explain it"),
            "{}",
            finding.summary
        );
        let advice = finding.advice.as_deref().unwrap_or_default();
        assert!(
            advice.starts_with("the silence was shorter than the timeout"),
            "{advice}"
        );
        assert_eq!(advice.contains("hangs for about"), !reset, "{advice}");
    }
}

#[test]
fn where_the_peer_is_heard_all_the_same_the_silence_is_not_the_matter() {
    let mut story = Story::on(of_8());
    story.wait(7.2).sends(1);
    for _ in 0..4 {
        story
            .wait(0.42)
            .times_out()
            .wait(0.01)
            .is_heard()
            .wait(0.1)
            .sweep();
    }
    let finding = story.finding("blackholed");
    assert!(
        finding
            .evidence
            .iter()
            .any(|known| known.fact == "peer_heard")
    );
    assert!(!finding.summary.contains("below"), "{}", finding.summary);
    let advice = finding.advice.as_deref().unwrap_or_default();
    assert!(!advice.contains("shorter than the timeout"), "{advice}");
}
