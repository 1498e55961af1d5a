//! What is wrong with a recording is said in one line; no bytes make it worse.

use super::{replayed, silence, text};
use crate::recording::Ending;
use proptest::collection::vec;
use proptest::prelude::*;

/// A real one, with all that happens in a black hole.
const KEPT: &str = include_str!("../../../../tests/recordings/nat-silent-drop.facts");

fn refused(text: &str) -> String {
    let line = replayed(text.as_bytes()).unwrap_err().to_string();
    assert_eq!(line.lines().count(), 1, "{line}");
    assert!(line.len() < 400, "{line}");
    line
}

#[test]
fn a_last_line_that_is_cut_is_left_out_wherever_it_is_cut() {
    let whole = text(&silence(8));
    let (before, _) = replayed(text(&silence(7)).as_bytes()).unwrap();
    let last = whole.trim_end().rfind('\n').unwrap() + 1;
    for end in last + 1..whole.len() - 1 {
        let (findings, replayed) = replayed(&whole.as_bytes()[..end]).unwrap();
        assert_eq!(replayed.ending, Ending::Cut, "{end}");
        assert_eq!(findings.len(), before.len());
    }
    // Only its end is missing: it is whole.
    let (_, replayed) = replayed(whole.trim_end().as_bytes()).unwrap();
    assert_eq!((replayed.inputs, replayed.ending), (24, Ending::Silent));
}

#[test]
fn what_is_no_recording_is_refused_at_its_first_line() {
    for foreign in [
        "",
        "\n",
        "[[path]]\n",
        "{}\n",
        "\u{0}",
        "null\n",
        "{\"tick\":{}}\n",
    ] {
        let said = refused(foreign);
        assert!(said.starts_with("facts:1: this is no recording;"), "{said}");
    }
    let endless = vec![b'x'; 3 << 20];
    let said = replayed(&endless).unwrap_err().to_string();
    assert!(said.starts_with("facts:1: this is no recording;"), "{said}");
    let newer = text(&[]).replace("\"tcplull_recording\":2", "\"tcplull_recording\":3");
    assert!(refused(&newer).contains("format 3, and this build reads 2"));
    let jiffy = text(&[]).replace("\"jiffy_ns\":4000000", "\"jiffy_ns\":0");
    assert!(refused(&jiffy).contains("facts:1: limits.jiffy_ns is 0"));
    let unknown = text(&[]).replace("\"made_by\"", "\"made_in\"");
    assert!(refused(&unknown).contains("facts:1: unknown field `made_in`"));
}

#[test]
fn a_line_at_fault_is_named_with_what_to_do() {
    let whole = text(&silence(2));
    for (from, to, part) in [
        ("\"cookie\"", "\"cake\"", "facts:2: unknown field `cake`"),
        ("\"tick\"", "\"tock\"", "facts:4: unknown variant `tock`"),
        ("10.0.0.4", "10.0.0", "facts:2: no IP address"),
        ("\"swept\"", "\"slept\"", "facts:2: no kind of fact"),
        ("443", "99443", "facts:2: invalid value: integer `99443`"),
        ("100000000000", "1e300", "facts:2: invalid type"),
        (
            "100000000000",
            "99999999999999999999999",
            "facts:2: invalid type",
        ),
        (
            "\"time_ns\"",
            "\"x\\u001b[2J\\ny\"",
            "facts:2: unknown field",
        ),
        ("{\"tick\"", "garbage{\"tick\"", "facts:4: expected value"),
    ] {
        let broken = whole.replacen(from, to, 1);
        assert_ne!(broken, whole, "{from}");
        let said = refused(&broken);
        assert!(said.contains(part), "{said}");
        assert!(said.contains("take the line away"), "{said}");
        assert!(!said.contains('\u{1b}'), "{said:?}");
    }
    let two = format!("{whole}{whole}");
    assert!(refused(&two).contains("facts:8: another recording begins here"));
}

proptest! {
    #[test]
    fn no_bytes_make_a_replay_panic(
        changes in vec((any::<prop::sample::Index>(), any::<u8>(), 0..4_u8), 1..40),
    ) {
        let mut bytes = KEPT.as_bytes().to_vec();
        for (place, byte, how) in changes {
            let place = place.index(bytes.len());
            match how {
                0 => bytes[place] = byte,
                // A digit for a digit is a number as good as the one before.
                1 => if let Some(digit) = bytes[place..].iter_mut().find(|b| b.is_ascii_digit()) {
                    *digit = b'0' + byte % 10;
                },
                2 => { bytes.remove(place); }
                _ => bytes.insert(place, byte),
            }
        }
        if let Err(error) = replayed(&bytes) {
            prop_assert_eq!(error.to_string().lines().count(), 1);
        }
    }

    #[test]
    fn no_numbers_make_a_replay_panic(
        changes in vec((any::<prop::sample::Index>(), any::<u64>(), 0..64_u32), 1..40),
    ) {
        let mut text = KEPT.to_owned();
        for (place, number, shift) in changes {
            let at = place.index(text.len());
            let Some(start) = text[at..].find(|c: char| c.is_ascii_digit()).map(|i| at + i) else {
                continue;
            };
            let end = text[start..].find(|c: char| !c.is_ascii_digit()).map_or(text.len(), |i| start + i);
            text.replace_range(start..end, &(number >> shift).to_string());
        }
        if let Err(error) = replayed(text.as_bytes()) {
            prop_assert_eq!(error.to_string().lines().count(), 1);
        }
    }
}
