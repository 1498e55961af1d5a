//! Whatever byte is the last one that was written, or is another than was written: what was whole before it is there, and
//! the history goes on.

use crate::common::{Place, all, at, noise, texts};
use monitor_store::{Kind, Record, Settings, Writer, record_bytes};
use proptest::prelude::*;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

const HEADER: usize = 64;

/// A segment with these texts, and where each of its records ends.
fn written(place: &Place, written: &[String]) -> (Vec<u8>, Vec<usize>) {
    let mut writer = place.writer();
    let mut ends = Vec::new();
    let mut end = HEADER;
    for (second, text) in (1..).zip(written) {
        writer.append(Kind::Finding, text, &at(second)).unwrap();
        end += record_bytes(Kind::Finding, &at(second), text)
            .unwrap()
            .len();
        ends.push(end);
    }
    drop(writer);
    let bytes = fs::read(&place.files()[0]).unwrap();
    assert_eq!(bytes.len(), end);
    (bytes, ends)
}

/// Reads the history, opens it to write, writes one more, and reads again. Answers what was read first.
fn goes_on(place: &Place, bytes: &[u8]) -> Vec<Record> {
    let dir = place.dir();
    for file in place.files() {
        fs::remove_file(file).unwrap();
    }
    fs::write(dir.join("00000000000000000001.history"), bytes).unwrap();
    let before = all(&dir);
    let mut writer = place.writer();
    assert_eq!(all(&dir), before, "opening it shows the same");
    writer.append(Kind::Alert, "one more", &at(99)).unwrap();
    let after = all(&dir);
    assert_eq!(after[..before.len()], before);
    assert_eq!(texts(&after[before.len()..]), ["one more"]);
    before
}

fn holds(place: &Place, shown: &[String]) {
    let (whole, ends) = written(place, shown);
    for length in 0..=whole.len() {
        let kept = ends.iter().filter(|end| **end <= length).count();
        let read = goes_on(place, &whole[..length]);
        assert_eq!(texts(&read), shown[..kept], "cut at {length}");
    }
    for byte in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[byte] ^= 0x10;
        // Those before the one that the byte is of; none where it is of the header, unless nothing rests on it.
        let kept = ends.iter().filter(|end| **end <= byte).count();
        let kept = if byte < HEADER { 0 } else { kept };
        assert_eq!(texts(&goes_on(place, &bytes)), shown[..kept], "byte {byte}");
    }
}

#[test]
fn a_history_that_was_cut_anywhere_loses_the_record_that_was_cut_and_goes_on() {
    let shown = ["{\"a\":1}", "", "{\"time\":\"2026-01-31T12:00:00.123Z\"}"].map(str::to_owned);
    holds(&Place::new(), &shown);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4, ..ProptestConfig::default() })]

    #[test]
    fn so_does_any_other(lengths in prop::collection::vec(0..300_usize, 1..4), seed: u64) {
        let shown: Vec<String> = lengths.iter().map(|length| noise(seed, *length)).collect();
        holds(&Place::new(), &shown);
    }

    #[test]
    fn long_records_are_cut_and_read_as_short_ones_are(lengths in prop::collection::vec(3_000..66_000_usize, 1..4), seed: u64, cuts in prop::collection::vec(0.0..1.0_f64, 40)) {
        let place = Place::new();
        let lengths = lengths.iter().map(|length| (*length).min(38_000));
        let shown: Vec<String> = lengths.map(|length| noise(seed, length)).collect();
        let (whole, ends) = written(&place, &shown);
        for cut in cuts {
            let length = (whole.len() as f64 * cut) as usize;
            let kept = ends.iter().filter(|end| **end <= length).count();
            let read = goes_on(&place, &whole[..length]);
            prop_assert_eq!(texts(&read), &shown[..kept]);
        }
    }
}

#[test]
fn what_is_cut_and_what_is_damaged_is_counted() {
    let place = Place::new();
    let (whole, _) = written(&place, &["a".to_owned(), "b".to_owned()]);
    let opened = |bytes: &[u8]| {
        let name = place.dir().join("00000000000000000001.history");
        fs::write(name, bytes).unwrap();
        place.writer().stats()
    };
    let sound = opened(&whole);
    assert_eq!(
        (sound.cut, sound.damaged, sound.bytes),
        (0, 0, whole.len() as u64)
    );
    assert_eq!(opened(&whole[..whole.len() - 1]).cut, 1);
    assert_eq!(opened(&whole[..HEADER - 1]).cut, 1);
    let mut damaged = whole;
    damaged[3] = 0;
    assert_eq!(opened(&damaged).damaged, 1);
}

#[test]
fn a_disk_that_takes_half_a_record_loses_that_record_only() {
    let place = Place::new();
    let mut writer = place.writer();
    writer.append(Kind::Finding, "before", &at(1)).unwrap();
    // As a full disk would leave it.
    let file = &place.files()[0];
    let mut bytes = fs::read(file).unwrap();
    bytes.extend([7; 30]);
    fs::write(file, bytes).unwrap();
    let refused = writer
        .append(Kind::Finding, "not written", &at(2))
        .unwrap_err();
    assert!(
        refused
            .to_string()
            .contains("somebody removed or changed it"),
        "{refused}"
    );
    drop(writer);
    let mut writer = place.writer();
    writer.append(Kind::Finding, "after", &at(3)).unwrap();
    assert_eq!(texts(&all(&place.dir())), ["before", "after"]);
}

#[test]
fn a_folder_that_is_removed_while_it_is_written_to_is_told_and_made_again() {
    let place = Place::new();
    let mut writer = place.writer();
    writer.append(Kind::Finding, "gone", &at(1)).unwrap();
    fs::remove_dir_all(place.dir()).unwrap();
    writer
        .append(Kind::Finding, "not written", &at(2))
        .unwrap_err();
    let mut writer = place.writer();
    writer.append(Kind::Finding, "after", &at(3)).unwrap();
    assert_eq!(texts(&all(&place.dir())), ["after"]);
}

#[test]
fn what_is_made_is_for_this_user_alone() {
    let place = Place::new();
    let mut writer = Writer::open(
        Settings {
            dir: place.dir().join("below"),
            ..place.settings()
        },
        &at(0),
    )
    .unwrap();
    writer.append(Kind::Finding, "x", &at(1)).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o777;
    let dir = place.dir().join("below");
    assert_eq!((mode(&place.dir()), mode(&dir)), (0o700, 0o700));
    for file in fs::read_dir(dir).unwrap() {
        assert_eq!(mode(&file.unwrap().path()), 0o600);
    }
}
