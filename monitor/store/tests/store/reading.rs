//! Readers, at any time.

use crate::common::{Place, all, at, fill, noise, read, texts};
use monitor_store::{
    Backwards, BootId, Filter, Forwards, Kind, Kinds, Moment, Range, Record, Writer,
};
use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

#[test]
fn a_reader_beside_the_writer_sees_whole_records_in_their_order_and_misses_none_that_is_kept() {
    const COUNT: u64 = 4_000;
    let place = Place::new();
    let dir = place.dir();
    let mut writer = place.writer();
    fill(&mut writer, 0..1, 700);
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut reader = Forwards::open(&dir, Filter::ALL).unwrap();
                let mut last = None;
                loop {
                    let ends = over.load(Ordering::Acquire);
                    match reader.next() {
                        Some(record) => {
                            let record = record.unwrap();
                            let number = record.at.boot_ns / 1_000_000_000;
                            assert_eq!(record.text, noise(number, 700));
                            // Whole segments may have gone before it came to them.
                            assert!(last.is_none_or(|last| number > last));
                            last = Some(number);
                        }
                        None if ends => break,
                        None => thread::yield_now(),
                    }
                }
                assert_eq!(last, Some(COUNT - 1));
                assert_eq!(reader.stats().damaged, 0);
            });
        }
        scope.spawn(|| {
            while !over.load(Ordering::Acquire) {
                let backwards = Backwards::open(&dir, Filter::ALL).unwrap();
                let times: Vec<u64> = backwards.map(|record| record.unwrap().at.boot_ns).collect();
                assert!(times.is_sorted_by(|later, earlier| later > earlier));
            }
        });
        fill(&mut writer, 1..COUNT, 700);
        over.store(true, Ordering::Release);
    });
    assert!(writer.stats().segments_dropped > 5, "{:?}", writer.stats());
}

#[test]
fn what_is_asked_for_by_time_and_kind_is_what_is_shown() {
    let place = Place::new();
    let mut writer = place.writer();
    for second in 0..400 {
        let kind = Kind::ALL[second as usize % 4];
        writer
            .append(kind, &noise(second, 2_000), &at(second))
            .unwrap();
    }
    assert!(place.files().len() > 5);
    let whole = all(&place.dir());
    let [from, until] = [at(100), at(300)].map(|moment| moment.wall_unix_ns);
    for now in [None, Some(at(400))] {
        for kinds in [
            Kinds::ALL,
            Kinds::of(&[Kind::Alert]),
            Kinds::of(&[Kind::Gaps, Kind::Agent]),
        ] {
            let range = Range { from, until, now };
            let shown = read(&place.dir(), Filter { range, kinds });
            let wanted = whole.iter().filter(|record| kinds.contains(record.kind));
            let wanted = wanted.filter(|record| (from..until).contains(&record.at.wall_unix_ns));
            assert_eq!(shown, wanted.cloned().collect::<Vec<Record>>());
            assert!(!shown.is_empty());
        }
    }
}

#[test]
fn a_clock_that_was_set_reorders_nothing_and_hides_nothing() {
    let place = Place::new();
    let mut writer = place.writer();
    let before_1971 = |second: u64| Moment {
        wall_unix_ns: second as i64 * 1_000_000_000,
        ..at(second)
    };
    // The host boots without a clock, and is told the time after 50 seconds.
    for second in 0..50 {
        writer
            .append(Kind::Finding, &second.to_string(), &before_1971(second))
            .unwrap();
    }
    for second in 50..60 {
        writer
            .append(Kind::Finding, &second.to_string(), &at(second))
            .unwrap();
    }
    let range = Range::since(30_000_000_000, at(60));
    let shown = read(
        &place.dir(),
        Filter {
            range,
            kinds: Kinds::ALL,
        },
    );
    let wanted: Vec<String> = (30..60).map(|second: u64| second.to_string()).collect();
    assert_eq!(texts(&shown), wanted);
    // Asked for in another boot, there is only what the clock said.
    let next_boot = Moment {
        boot_id: BootId([2; 16]),
        boot_ns: 5,
        ..at(60)
    };
    let range = Range::since(30_000_000_000, next_boot);
    let shown = read(
        &place.dir(),
        Filter {
            range,
            kinds: Kinds::ALL,
        },
    );
    assert_eq!(shown.len(), 10);
}

#[test]
fn a_reader_at_the_end_goes_on_with_what_comes() {
    let place = Place::new();
    let mut writer = place.writer();
    fill(&mut writer, 0..3, 10);
    let mut reader = Forwards::open(&place.dir(), Filter::ALL).unwrap();
    assert_eq!(reader.by_ref().count(), 3);
    assert!(reader.next().is_none());
    // Over the end of the segment, and into the next.
    fill(&mut writer, 3..60, 6_000);
    assert_eq!(reader.by_ref().count(), 57);
    drop(writer);
    let mut writer = place.writer();
    fill(&mut writer, 60..61, 10);
    assert_eq!(reader.by_ref().count(), 1);
}

#[test]
fn a_half_record_at_the_end_is_on_its_way_and_one_in_the_middle_is_damage() {
    let place = Place::new();
    let mut writer = place.writer();
    fill(&mut writer, 0..40, 6_000);
    drop(writer);
    let files = place.files();
    let last = fs::read(&files[1]).unwrap();
    fs::write(&files[1], &last[..last.len() - 1]).unwrap();
    let count = |mut reader: Forwards| (reader.by_ref().count(), reader.stats().damaged);
    let open = || Forwards::open(&place.dir(), Filter::ALL).unwrap();
    assert_eq!(count(open()), (39, 0));
    let first = fs::read(&files[0]).unwrap();
    fs::write(&files[0], &first[..first.len() - 1]).unwrap();
    assert_eq!(count(open()), (38, 1));
    let mut backwards = Backwards::open(&place.dir(), Filter::ALL).unwrap();
    assert_eq!(
        (backwards.by_ref().count(), backwards.stats().damaged),
        (38, 1)
    );
}

#[test]
fn what_a_later_version_writes_is_passed_by_and_counted() {
    let place = Place::new();
    let mut writer = place.writer();
    fill(&mut writer, 0..3, 10);
    drop(writer);
    let file = &place.files()[0];
    let mut bytes = fs::read(file).unwrap();
    // The second record, all of one length: a kind that is not known, with the right CRC.
    let length = (bytes.len() - 64) / 3;
    let record = &mut bytes[64 + length..64 + 2 * length];
    record[8] = 200;
    let sum = crc32fast::hash(&[&record[..4], &record[8..]].concat());
    record[4..8].copy_from_slice(&sum.to_le_bytes());
    fs::write(file, bytes).unwrap();
    let mut reader = Forwards::open(&place.dir(), Filter::ALL).unwrap();
    assert_eq!((reader.by_ref().count(), reader.stats().unknown), (2, 1));
}

#[test]
fn who_asks_for_the_last_hours_does_not_read_what_is_older() {
    let place = Place::new();
    let mut writer = place.writer();
    fill(&mut writer, 0..200, 6_000);
    let files = place.files();
    assert!(files.len() > 8);
    // Were it read, it would be counted.
    for file in &files[..5] {
        fs::write(file, [7; 5_000]).unwrap();
    }
    let range = Range::since(40_000_000_000, at(200));
    let filter = Filter {
        range,
        kinds: Kinds::ALL,
    };
    let mut reader = Forwards::open(&place.dir(), filter).unwrap();
    assert_eq!((reader.by_ref().count(), reader.stats().damaged), (40, 0));
    let mut reader = Backwards::open(&place.dir(), filter).unwrap();
    assert_eq!((reader.by_ref().count(), reader.stats().damaged), (40, 0));
}

#[test]
fn a_folder_that_is_not_there_is_told() {
    let place = Place::new();
    let refused = Forwards::open(&place.dir(), Filter::ALL).map(drop);
    let text = refused.unwrap_err().to_string();
    assert!(text.contains("cannot read the history in"), "{text}");
    let _ = Writer::open(place.settings(), &at(0)).unwrap();
    assert_eq!(all(&place.dir()), []);
}
