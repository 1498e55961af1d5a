//! The way of a fact through a line, and of lines through a judge.

use super::{SECOND, bytes_of, fact_of, nat, observation, replayed, silence, text};
use crate::Input;
use crate::recording::Ending;
use crate::recording::entry::Entry;
use monitor_common::{Fact, flags};
use proptest::collection::vec;
use proptest::prelude::*;

/// The fact after its way through a line.
fn read_again(fact: &Fact) -> Fact {
    let line = serde_json::to_string(&Entry::of(&Input::Fact(observation(fact)))).unwrap();
    let entry: Entry = serde_json::from_str(&line).unwrap();
    match entry.input() {
        Some(Input::Fact(observation)) => *observation.fact,
        other => panic!("{line} became {other:?}"),
    }
}

#[test]
fn a_fact_with_every_byte_set_is_read_again_byte_by_byte() {
    for salt in [1, 77, 200] {
        let bytes: Vec<u8> = (0..size_of::<Fact>())
            .map(|index| ((index * 31 + salt) % 255) as u8 + 1)
            .collect();
        let fact = fact_of(&bytes);
        assert_eq!(bytes_of(&read_again(&fact)), bytes);
    }
}

#[test]
fn what_is_zero_is_left_out_and_the_rest_reads_as_text() {
    assert!(matches!(silence(1)[0], Entry::Row(_)));
    let line = serde_json::to_string(&silence(1)[0]).unwrap();
    assert!(line.len() < 400, "{line}");
    for part in [
        r#""kind":"swept""#,
        r#""local":"10.0.0.4","remote":"20.1.2.3""#,
        r#""comm":"api""#,
    ] {
        assert!(line.contains(part), "{line}");
    }
    assert!(!line.contains("null") && !line.contains(":0"), "{line}");
}

#[test]
fn a_whole_recording_says_at_risk_and_crossed_and_the_alert() {
    let (findings, replayed) = replayed(text(&silence(8)).as_bytes()).unwrap();
    let said: Vec<&str> = findings.iter().map(|finding| finding.kind.name()).collect();
    assert_eq!(said, ["at_risk", "crossed"]);
    let firing: Vec<&str> = replayed.alerts.iter().map(|alert| &*alert.name).collect();
    assert_eq!(firing, ["crossed"]);
    assert_eq!((replayed.inputs, replayed.ending), (24, Ending::Silent));
}

#[test]
fn how_soon_the_next_look_comes_is_recorded_and_counts_from_there_on() {
    let mut entries = silence(8);
    for entry in &mut entries {
        if let Entry::Row(row) = entry {
            row.fact.flags |= flags::SOON;
        }
    }
    let first = |entries: &[Entry]| {
        let (findings, _) = replayed(text(entries).as_bytes()).unwrap();
        (findings[0].kind.name(), findings[0].gap_seconds)
    };
    assert_eq!(first(&entries), ("at_risk", 3.0));
    let next = Input::NextLook {
        within_ns: 2 * SECOND,
    };
    entries.insert(0, Entry::of(&next));
    let line = serde_json::to_string(&entries[0]).unwrap();
    assert_eq!(line, r#"{"next_look":{"within_ns":2000000000}}"#);
    assert_eq!(first(&entries), ("at_risk", 2.0));
}

#[test]
fn how_many_healthy_connections_are_shown_is_recorded() {
    let entry = Entry::of(&Input::Samples { one_in: 8 });
    let line = serde_json::to_string(&entry).unwrap();
    assert_eq!(line, r#"{"samples":{"one_in":8}}"#);
    let again: Entry = serde_json::from_str(&line).unwrap();
    assert!(matches!(again.input(), Some(Input::Samples { one_in: 8 })));
}

#[test]
fn whether_an_address_is_on_an_interface_is_recorded() {
    let answer = Input::OwnAddress {
        now_ns: 5,
        netns: 4_026_531_840,
        address: "10.0.0.4".parse().unwrap(),
        there: false,
    };
    let entry = Entry::of(&answer);
    let line = serde_json::to_string(&entry).unwrap();
    assert_eq!(
        line,
        r#"{"own_address":{"now_ns":5,"netns":4026531840,"address":"10.0.0.4","there":false}}"#
    );
    assert_eq!(entry.moment_ns(), Some(5));
    let again: Entry = serde_json::from_str(&line).unwrap();
    assert!(matches!(
        again.input(),
        Some(Input::OwnAddress {
            there: false,
            netns: 4_026_531_840,
            ..
        })
    ));
}

#[test]
fn a_reload_in_a_recording_counts_from_there_on() {
    let mut entries = silence(8);
    // The path forgets later than the silence lasts, from its third second on.
    let mut longer = nat();
    longer[0].timeout_ns = 60 * SECOND;
    longer[0].warn_ns = 50 * SECOND;
    entries.insert(6, Entry::Paths(longer));
    let (findings, _) = replayed(text(&entries).as_bytes()).unwrap();
    assert_eq!(findings, []);
}

proptest! {
    #[test]
    fn any_fact_is_read_again_byte_by_byte(bytes in vec(any::<u8>(), size_of::<Fact>())) {
        let fact = fact_of(&bytes);
        let again = read_again(&fact);
        prop_assert_eq!(bytes_of(&again), &bytes[..]);
    }
}
