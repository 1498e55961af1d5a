//! What was learned outlasts the daemon, and whatever is in its file harms nobody.

use super::super::{Bears, Learned, LearnedBefore};
use crate::peers::contrast::{Ended, First};
use crate::thresholds::SECOND;
use proptest::prelude::*;
use serde_json::json;
use std::net::SocketAddr;

fn ended(cookie: u64, seconds: u64, at_s: u64) -> Ended {
    Ended {
        cookie,
        first: First::Us,
        ns: seconds * SECOND,
        at_ns: at_s * SECOND,
    }
}

fn remote() -> SocketAddr {
    "192.0.2.1:443".parse().expect("an address")
}

/// The same as it comes out of its file.
fn read_again(learned: &Learned, now_s: u64) -> Learned {
    let mut again = Learned::new(8);
    for before in learned.to_keep() {
        let line = serde_json::to_string(&before).expect("it is a line");
        let before: LearnedBefore = serde_json::from_str(&line).expect("it is read");
        again.take_up(&before, [], now_s * SECOND);
    }
    again
}

#[test]
fn it_says_the_same_after_a_restart_and_learns_on() {
    let mut learned = Learned::new(8);
    for (number, seconds) in [(1, 100), (2, 110)] {
        learned.note(
            Bears::Survived,
            None,
            remote(),
            &ended(number, seconds, 0),
            0,
        );
    }
    learned.note(Bears::Died, None, remote(), &ended(3, 125, 200), 0);
    learned.note(Bears::Died, None, remote(), &ended(4, 120, 400), 0);
    let before = learned.of_path(None);
    let mut again = read_again(&learned, 9);
    assert_eq!(again.of_path(None), before);
    assert_eq!(before[0].at_most_seconds, Some(125.0));
    again.note(Bears::Died, None, remote(), &ended(5, 115, 900), 0);
    assert_eq!(again.of_path(None)[0].at_most_seconds, Some(120.0));
}

#[test]
fn a_death_within_a_minute_of_the_start_may_be_of_the_occasion_before() {
    let mut learned = Learned::new(8);
    learned.note(Bears::Survived, None, remote(), &ended(1, 100, 0), 0);
    learned.note(Bears::Died, None, remote(), &ended(2, 120, 200), 0);
    let mut again = read_again(&learned, 1_000);
    again.note(Bears::Died, None, remote(), &ended(3, 121, 1_030), 0);
    assert_eq!(again.of_path(None)[0].at_most_seconds, None);
    again.note(Bears::Died, None, remote(), &ended(4, 121, 1_061), 0);
    assert_eq!(again.of_path(None)[0].at_most_seconds, Some(121.0));
}

#[test]
fn what_is_of_no_path_any_more_or_has_no_room_is_left_aside() {
    let mut learned = Learned::new(8);
    learned.note(Bears::Survived, None, remote(), &ended(1, 100, 0), 0);
    let line = serde_json::to_string(&learned.to_keep()[0]).expect("it is a line");
    let of_another = line.replace("\"path\":null", "\"path\":\"gone\"");
    let before: LearnedBefore = serde_json::from_str(&of_another).expect("it is read");
    let mut again = Learned::new(8);
    again.take_up(&before, [], 0);
    assert_eq!(again.len(), 0);
    let mut full = Learned::new(0);
    full.take_up(&learned.to_keep()[0], [], 0);
    assert_eq!(full.len(), 0);
}

proptest! {
    /// Whatever numbers stand there, it stays within its bounds and says nothing that contradicts itself.
    #[test]
    fn any_numbers_in_the_file(
        numbers in proptest::collection::vec(any::<u64>(), 0..300),
        occasion in any::<u32>(),
    ) {
        let lengths: std::collections::BTreeMap<u16, serde_json::Value> = numbers
            .chunks_exact(3)
            .map(|three| (three[0] as u16, json!({"count": three[1], "longest_ns": three[2]})))
            .collect();
        let deaths: Vec<serde_json::Value> = numbers
            .chunks_exact(2)
            .map(|two| json!({"over_ns": two[0], "up_to_ns": two[1], "occasion": occasion, "stands": true}))
            .collect();
        let line = json!({
            "path": null, "by_payload": false, "prefix": "192.0.2.9", "by_peer": false,
            "lived": {
                "occasion": occasion, "survived": u64::MAX, "dropped": u64::MAX,
                "turns": {"turns": occasion, "lasted_ns": u64::MAX},
                "kept": {"made_room": u64::MAX, "survived": lengths, "deaths": deaths},
            },
        });
        let before: LearnedBefore = serde_json::from_str(&line.to_string()).expect("it is read");
        let mut learned = Learned::new(8);
        learned.take_up(&before, [], u64::MAX);
        for says in [Bears::Survived, Bears::Died, Bears::Retracted, Bears::Doubted] {
            learned.note(says, None, remote(), &ended(1, 100, 0), 0);
        }
        for known in learned.of_path(None) {
            if let (Some(least), Some(most)) = (known.at_least_seconds, known.at_most_seconds) {
                prop_assert!(least < most, "{known:?}");
            }
        }
        let kept = serde_json::to_string(&learned.to_keep()[0]).expect("it is a line");
        prop_assert!(kept.len() < 64 << 10, "{}", kept.len());
    }
}
