//! What the judge learns of a path's timeout by what it is told: from facts to bounds.

use super::siblings::{Fares, lost, lost_in};
use super::story::{JIFFY_NS, SECOND, Story, azure, evidence};
use crate::learn::{Bears, Learned};
use crate::peers::contrast::{Ended, First};
use crate::thresholds::MAX_LEARNED_RISKS;
use crate::{Input, JudgedPath, LearnedBefore};
use monitor_common::{FactKind, flags};
use monitor_model::finding::{Clock, Finding, Severity};
use monitor_model::learned::LearnedTimeout;

/// What is learned of the path to the story's peer, with this host's word first.
fn learned(story: &Story) -> Option<LearnedTimeout> {
    let learned = story.judge.learned(Some(&azure().name));
    assert!(learned.len() <= 1, "{learned:?}");
    learned.into_iter().next()
}

#[test]
fn a_silence_that_was_survived_is_a_lower_bound() {
    let mut story = Story::on(azure());
    story.wait(245.0).sends(1).wait(0.1).peer_sends(1);
    let learned = learned(&story).expect("it is learned");
    assert_eq!(learned.at_least_seconds, Some(245.0));
    assert_eq!((learned.survived, learned.died), (1, 0));
    assert_eq!(learned.prefix.as_deref(), Some("20.1.2.0/24"));
    assert!(learned.since.is_some() && learned.changed.is_none());
}

#[test]
fn a_death_counts_where_others_there_are_fine() {
    let story = lost(&[(3, Fares::StallEnded)]);
    let learned = learned(&story).expect("it is learned");
    assert_eq!((learned.died, learned.occasions), (1, 1));
    assert_eq!(learned.at_most_seconds, None, "one death is no bound");
}

#[test]
fn what_died_alone_or_with_others_is_not_learned_from() {
    for siblings in [&[][..], &[(3, Fares::Fails)]] {
        let story = lost(siblings);
        assert_eq!(learned(&story), None);
    }
}

#[test]
fn a_death_that_was_none_is_taken_back() {
    let mut story = lost(&[(3, Fares::StallEnded)]);
    story.wait(5.0).peer_acks();
    story.finding("recovered");
    assert_eq!(learned(&story).map(|learned| learned.died), Some(0));
}

#[test]
fn a_reload_keeps_what_was_learned_unless_the_path_is_another() {
    let mut story = Story::on(azure());
    story.wait(245.0).sends(1).wait(0.1).peer_sends(1);
    story.judge.set_paths(vec![azure()]);
    assert!(learned(&story).is_some());
    story.judge.set_paths(vec![JudgedPath {
        clock: Clock::Payload,
        ..azure()
    }]);
    assert_eq!(
        learned(&story),
        None,
        "silences of another clock are others"
    );
}

#[test]
fn a_close_says_nothing() {
    let mut story = Story::on(azure());
    story.wait(245.0).peer_closes().wait(70.0);
    assert_eq!(learned(&story), None);
}

/// Data into a path that has forgotten after 270 s at most, where 300 s are stated, or guessed, and for half a day so many
/// silences of 260 s were survived and of 265 s fatal in turn: what is told of the path.
fn after_turns(stated: bool, turns: u32) -> Option<Finding> {
    let path = JudgedPath {
        timeout_ns: 300 * SECOND,
        stated,
        ..azure()
    };
    let turns = serde_json::json!({
        "stated_ns": if stated { 300 * SECOND } else { 0 },
        "lived_ns": 260 * SECOND, "lived_since_ns": 260 * SECOND, "died_ns": 265 * SECOND,
        "turns": turns, "lasted_ns": 12 * 3_600 * SECOND, "last": "2001-01-01T00:00:00.000Z",
    });
    let before = serde_json::json!({
        "path": path.name, "by_payload": false, "prefix": "20.1.2.0", "by_peer": false, "lived": {"turns": turns},
    });
    let before: LearnedBefore = serde_json::from_value(before).expect("it is read");
    let mut story = Story::on(path);
    let now_ns = story.now;
    let learned = Input::Learned {
        now_ns,
        before: Box::new(before),
    };
    story.judge.take(&learned, &mut Vec::new());
    let story = lost_in(story, &[(3, Fares::StallEnded)]);
    let mut told = story.findings();
    told.find(|finding| finding.kind.name() == "misstated")
        .cloned()
}

#[test]
fn a_stated_timeout_that_is_wrong_for_certain_is_told_with_the_death_that_made_it_so() {
    let told = after_turns(true, 23).expect("it is told");
    assert_eq!(told.severity, Severity::Ticket);
    assert_eq!(told.timeout_seconds, Some(300.0));
    assert!(
        told.summary
            .contains("forgets after 4m20s to 4m25s, and 5m is stated"),
        "{}",
        told.summary
    );
    assert!(
        told.summary.contains("24 times in turn"),
        "{}",
        told.summary
    );
    let advice = told.advice.expect("something is to be done");
    assert!(advice.contains("state at most 265 s"), "{advice}");
    assert_eq!(told.settings, None);
}

#[test]
fn before_that_and_of_a_guess_nothing_is_told() {
    assert_eq!(after_turns(true, 22), None);
    assert_eq!(after_turns(false, 100), None);
}

/// A connection without a path, to where silences of 110 s were survived, and those of 120 s or 125 s fatal on so many
/// occasions.
fn without_path(occasions: u64) -> Story {
    let ended = |cookie, seconds: u64, at_s: u64| Ended {
        cookie,
        first: First::Us,
        ns: seconds * SECOND,
        at_ns: at_s * SECOND,
    };
    let remote = "20.1.2.9:443".parse().expect("an address");
    let mut before = Learned::new(8);
    before.note(Bears::Survived, None, remote, &ended(1, 110, 0), 0);
    for number in 0..occasions {
        let death = ended(2 + number, 125 - 5 * number, 200 * (1 + number));
        before.note(Bears::Died, None, remote, &death, 0);
    }
    let mut story = Story::without_path();
    let now_ns = story.now;
    for before in before.to_keep() {
        let before = Box::new(before);
        let learned = Input::Learned { now_ns, before };
        story.judge.take(&learned, &mut Vec::new());
    }
    story
}

#[test]
fn without_a_path_a_silence_near_to_what_was_fatal_is_warned_of_once() {
    let mut story = without_path(2);
    story.wait(93.0).sweep();
    assert_eq!(story.said(), [""; 0]);
    story.wait(1.0).sweep().wait(10.0).sweep();
    let told: Vec<&Finding> = story.findings().collect();
    let [told] = told[..] else {
        panic!("{:?}", story.said())
    };
    assert_eq!(told.kind.name(), "at_risk");
    assert_eq!(told.severity, Severity::None);
    assert_eq!((&told.path, told.timeout_seconds), (&None, None));
    assert_eq!(evidence(told, "learned_at_most_seconds"), 125.0);
    assert_eq!(evidence(told, "learned_occasions"), 2);
    assert!(
        told.summary
            .contains("2m5s of it were fatal there on 2 occasions, 31s left"),
        "{}",
        told.summary
    );
    story.wait(40.0).sweep();
    assert_eq!(story.findings().count(), 1, "nothing is crossed");
}

#[test]
fn the_next_silence_is_warned_of_again() {
    let mut story = without_path(2);
    story.wait(100.0).sweep().sends(1).wait(0.1).peer_sends(1);
    story.wait(100.0).sweep();
    let warned = |finding: &&Finding| finding.kind.name() == "at_risk";
    assert_eq!(story.findings().filter(warned).count(), 2);
}

#[test]
fn one_death_carries_no_warning_and_a_probe_in_time_needs_none() {
    let mut story = without_path(1);
    story.wait(110.0).sweep();
    assert_eq!(story.said(), [""; 0]);
    let mut story = without_path(2);
    story.flags |= flags::KEEPALIVE;
    story.socket.keepalive_time = u32::try_from(115 * SECOND / JIFFY_NS).expect("it fits");
    story.wait(110.0).sweep();
    assert_eq!(story.said(), [""; 0]);
}

#[test]
fn beyond_their_bound_no_warning_comes_and_each_look_counts() {
    let mut story = without_path(2);
    story.wait(100.0);
    for cookie in 0..MAX_LEARNED_RISKS as u64 + 3 {
        story.socket.cookie = 10_000 + cookie;
        let row = story.fact(FactKind::Swept);
        story.deliver(row);
        story.deliver(row);
    }
    assert_eq!(story.findings().count(), MAX_LEARNED_RISKS);
    assert_eq!(story.judge.stats().warnings_full_total, 2 * 3);
}
