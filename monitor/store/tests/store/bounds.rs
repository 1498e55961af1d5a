//! The bounds hold at every moment, and what they drop is counted.

use crate::common::{BOUND, Place, all, at, fill, noise};
use monitor_store::{AppendError, Kind, MOST_PAYLOAD, OpenError, Settings, Writer};
use proptest::prelude::*;
use std::time::Duration;

const HOUR: u64 = 3_600;

#[test]
fn the_bound_holds_after_every_record_and_the_newest_are_kept() {
    let place = Place::new();
    let mut writer = place.writer();
    for number in 0..900 {
        fill(&mut writer, number..number + 1, 6_000);
        assert!(place.bytes() <= BOUND, "{} bytes", place.bytes());
        assert_eq!(writer.stats().bytes, place.bytes());
    }
    let stats = writer.stats();
    let kept = all(&place.dir());
    assert_eq!(stats.written, 900);
    assert_eq!(stats.records_dropped + kept.len() as u64, 900);
    assert!(
        kept.len() as u64 * 6_000 > BOUND * 14 / 16,
        "{} kept",
        kept.len()
    );
    assert_eq!(kept.last().map(|record| record.at), Some(at(899)));
    assert!(
        stats.segments_dropped > 20 && stats.segments <= 16,
        "{stats:?}"
    );
    assert_eq!(stats.segments, place.files().len() as u64);
    assert!(
        stats
            .oldest
            .is_some_and(|oldest| oldest.boot_ns <= kept[0].at.boot_ns)
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_written_opened_and_bounded_anew(
        steps in prop::collection::vec((0..65_536_usize, any::<bool>(), 0..4_u64), 1..80),
    ) {
        let place = Place::new();
        let mut bound = BOUND;
        let mut writer = place.writer();
        let mut written = 0;
        let mut dropped = 0;
        for (number, (bytes, again, more)) in (0..).zip(steps) {
            if again {
                dropped += writer.stats().records_dropped;
                drop(writer);
                bound = BOUND + (more << 20);
                let settings = Settings { max_bytes: bound, ..place.settings() };
                writer = Writer::open(settings, &at(number)).unwrap();
            }
            fill(&mut writer, number..number + 1, bytes);
            written += 1;
            prop_assert!(place.bytes() <= bound);
            prop_assert_eq!(writer.stats().bytes, place.bytes());
        }
        dropped += writer.stats().records_dropped;
        let kept = all(&place.dir());
        prop_assert_eq!(kept.len() as u64 + dropped, written);
        let seconds: Vec<u64> = kept.iter().map(|record| record.at.boot_ns / 1_000_000_000).collect();
        prop_assert_eq!(seconds, (dropped..written).collect::<Vec<_>>());
    }
}

#[test]
fn a_record_that_no_segment_takes_is_refused_and_costs_nothing() {
    let place = Place::new();
    let mut writer = place.writer();
    let long = noise(1, MOST_PAYLOAD + 1);
    let refused = writer.append(Kind::Finding, &long, &at(1));
    assert!(matches!(refused, Err(AppendError::TooLong { .. })));
    writer
        .append(Kind::Finding, &noise(1, MOST_PAYLOAD), &at(1))
        .unwrap();
    assert_eq!(all(&place.dir()).len(), 1);
}

#[test]
fn nothing_is_kept_beyond_the_age_and_almost_all_within_it() {
    let place = Place::new();
    let settings = place.aged(Duration::from_secs(16 * HOUR));
    let mut writer = Writer::open(settings.clone(), &at(0)).unwrap();
    for minute in (0..60 * 40).step_by(10) {
        let now = at(minute * 60);
        writer.append(Kind::Finding, "x", &now).unwrap();
        let kept = all(&place.dir());
        let oldest = now.since(&kept[0].at) / 1_000_000_000;
        assert!(oldest <= 16 * HOUR, "{oldest}");
        if minute >= 60 * 17 {
            assert!(oldest >= 14 * HOUR, "{oldest} after {minute} min");
        }
    }
    // Nobody writes for long: what is too old goes all the same, also the segment that was written last.
    writer.expire(&at(90 * HOUR)).unwrap();
    assert_eq!(all(&place.dir()), []);
    writer.append(Kind::Finding, "x", &at(90 * HOUR)).unwrap();
    drop(writer);
    let writer = Writer::open(settings, &at(200 * HOUR)).unwrap();
    assert_eq!((all(&place.dir()).len(), writer.stats().segments), (0, 0));
}

#[test]
fn a_step_of_the_wall_clock_makes_nothing_old_within_a_boot() {
    let place = Place::new();
    let settings = place.aged(Duration::from_secs(HOUR));
    let mut writer = Writer::open(settings, &at(0)).unwrap();
    writer.append(Kind::Finding, "before", &at(10)).unwrap();
    let mut stepped = at(20);
    stepped.wall_unix_ns += 400 * 86_400 * 1_000_000_000;
    writer.append(Kind::Finding, "after", &stepped).unwrap();
    assert_eq!(all(&place.dir()).len(), 2);
}

#[test]
fn one_writes_and_the_next_one_when_it_has_gone() {
    let place = Place::new();
    let first = place.writer();
    let second = Writer::open(place.settings(), &at(0)).map(drop);
    let refused = second.unwrap_err();
    assert!(matches!(refused, OpenError::Locked { .. }), "{refused}");
    assert!(
        refused.to_string().contains("name another folder"),
        "{refused}"
    );
    drop(first);
    drop(place.writer());
}

#[test]
fn many_starts_make_no_more_files() {
    let place = Place::new();
    for start in 0..300 {
        place
            .writer()
            .append(Kind::Agent, "started", &at(start))
            .unwrap();
    }
    assert_eq!(place.files().len(), 1);
    assert_eq!(all(&place.dir()).len(), 300);
}
