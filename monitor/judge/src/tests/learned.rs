//! What the judge learns of a path's timeout by what it is told: from facts to bounds.

use super::siblings::{Fares, lost};
use super::story::{Story, azure};
use crate::JudgedPath;
use monitor_model::finding::Clock;
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
