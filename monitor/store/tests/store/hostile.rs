//! What others may have put into the folder.

use crate::common::{Place, all, at, fill, texts};
use monitor_store::{Filter, Forwards, Kind, OpenError, Settings, Writer, record_bytes};
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use std::fs::{self, File, Permissions};
use std::os::unix::fs::{FileExt, PermissionsExt, symlink};
use std::path::PathBuf;

fn segment(place: &Place, number: u64) -> PathBuf {
    place.dir().join(format!("{number:020}.history"))
}

#[test]
fn what_is_no_segment_is_left_alone_and_nobody_waits_for_it() {
    let place = Place::new();
    let mut writer = place.writer();
    fill(&mut writer, 0..2, 10);
    drop(writer);
    let dir = place.dir();
    fs::write(dir.join("notes.txt"), "mine").unwrap();
    fs::create_dir(segment(&place, 7)).unwrap();
    mkfifo(&segment(&place, 8), Mode::S_IRWXU).unwrap();
    mkfifo(&dir.join("9.history"), Mode::S_IRWXU).unwrap();
    symlink("/dev/zero", segment(&place, 10)).unwrap();
    symlink(segment(&place, 11), segment(&place, 11)).unwrap();
    assert_eq!(all(&dir).len(), 2);
    let mut writer = place.writer();
    assert_eq!(writer.stats().foreign, 6);
    fill(&mut writer, 2..800, 6_000);
    let kept = all(&dir);
    assert_eq!(kept.len() as u64 + writer.stats().records_dropped, 800);
    for left in ["notes.txt", "9.history"] {
        assert!(fs::symlink_metadata(dir.join(left)).is_ok(), "{left}");
    }
    for number in [7, 8, 10, 11] {
        assert!(
            fs::symlink_metadata(segment(&place, number)).is_ok(),
            "{number}"
        );
    }
}

#[test]
fn a_lock_that_is_no_file_is_told() {
    for kind in ["fifo", "link", "folder"] {
        let place = Place::new();
        fs::create_dir(place.dir()).unwrap();
        let lock = place.dir().join("lock");
        match kind {
            "fifo" => mkfifo(&lock, Mode::S_IRWXU).unwrap(),
            "link" => symlink("/dev/null", &lock).unwrap(),
            _ => fs::create_dir(&lock).unwrap(),
        }
        let refused = Writer::open(place.settings(), &at(0))
            .map(drop)
            .unwrap_err();
        assert!(refused.to_string().starts_with("cannot lock"), "{refused}");
    }
}

#[test]
fn a_folder_that_others_can_write_to_is_refused() {
    let place = Place::new();
    fs::create_dir(place.dir()).unwrap();
    fs::set_permissions(place.dir(), Permissions::from_mode(0o777)).unwrap();
    let refused = Writer::open(place.settings(), &at(0))
        .map(drop)
        .unwrap_err();
    assert!(matches!(refused, OpenError::NotOurs { .. }), "{refused}");
    assert!(refused.to_string().contains("chmod 700"), "{refused}");
    let file = Settings {
        dir: place.dir().join("x"),
        ..place.settings()
    };
    fs::write(&file.dir, "x").unwrap();
    assert!(Writer::open(file, &at(0)).is_err());
}

#[test]
fn files_without_end_are_not_read_to_the_end_and_go_first() {
    let place = Place::new();
    let mut writer = place.writer();
    fill(&mut writer, 0..2, 10);
    drop(writer);
    // Holes: they cost nothing until somebody reads them.
    File::create(segment(&place, 5))
        .unwrap()
        .set_len(1 << 40)
        .unwrap();
    let grown = File::options()
        .write(true)
        .open(segment(&place, 1))
        .unwrap();
    grown.set_len(1 << 40).unwrap();
    let mut reader = Forwards::open(&place.dir(), Filter::ALL).unwrap();
    assert_eq!(reader.by_ref().count(), 2);
    let writer = place.writer();
    assert_eq!((writer.stats().bytes, writer.stats().segments), (0, 0));
    assert_eq!(writer.stats().records_dropped, 2);
}

#[test]
fn lengths_that_lie_lead_nowhere() {
    let place = Place::new();
    let mut writer = place.writer();
    fill(&mut writer, 0..3, 10);
    drop(writer);
    let file = segment(&place, 1);
    let whole = fs::read(&file).unwrap();
    let length = (whole.len() - 64) / 3;
    for lie in [0, 1, length as u32, 65_536, 65_537, u32::MAX - 51, u32::MAX] {
        // Of the second record, once where it begins and once where it ends; each time with the right CRC.
        for place_of_lie in [0, 12, length - 4] {
            let mut bytes = whole.clone();
            let record = &mut bytes[64 + length..64 + 2 * length];
            record[place_of_lie..place_of_lie + 4].copy_from_slice(&lie.to_le_bytes());
            let sum = crc32fast::hash(&[&record[..4], &record[8..]].concat());
            record[4..8].copy_from_slice(&sum.to_le_bytes());
            fs::write(&file, bytes).unwrap();
            let read = all(&place.dir());
            assert!(
                (1..=3).contains(&read.len()),
                "{lie} at {place_of_lie}: {}",
                read.len()
            );
        }
    }
}

#[test]
fn a_segment_under_another_name_is_not_shown_twice() {
    let place = Place::new();
    let mut writer = place.writer();
    fill(&mut writer, 0..3, 10);
    drop(writer);
    fs::copy(segment(&place, 1), segment(&place, 2)).unwrap();
    let mut writer = place.writer();
    assert_eq!(writer.stats().damaged, 1);
    fill(&mut writer, 3..4, 10);
    assert_eq!(all(&place.dir()).len(), 4);
}

#[test]
fn a_great_many_files_are_neither_held_nor_walked_for_ever() {
    let place = Place::new();
    drop(place.writer());
    for number in 1..3_000 {
        File::create(segment(&place, number)).unwrap();
    }
    assert_eq!(all(&place.dir()), []);
    let mut writer = place.writer();
    assert!(writer.stats().segments <= 256, "{:?}", writer.stats());
    writer.append(Kind::Finding, "x", &at(1)).unwrap();
    assert_eq!(texts(&all(&place.dir())), ["x"]);
}

#[test]
fn a_file_that_would_end_all_counting_is_told() {
    let place = Place::new();
    drop(place.writer());
    let last = segment(&place, u64::MAX >> 1);
    File::create(&last).unwrap();
    File::create(segment(&place, u64::MAX)).unwrap();
    let refused = Writer::open(place.settings(), &at(0))
        .map(drop)
        .unwrap_err();
    assert!(refused.to_string().ends_with("remove it"), "{refused}");
    fs::remove_file(last).unwrap();
    assert_eq!(place.writer().stats().foreign, 1);
}

#[test]
fn text_that_is_none_is_passed_by() {
    let place = Place::new();
    drop(place.writer());
    let mut writer = place.writer();
    writer.append(Kind::Finding, "first", &at(1)).unwrap();
    drop(writer);
    let mut record = record_bytes(Kind::Finding, &at(2), "second").unwrap();
    record[48] = 0xff;
    let sum = crc32fast::hash(&[&record[..4], &record[8..]].concat());
    record[4..8].copy_from_slice(&sum.to_le_bytes());
    let file = File::options()
        .write(true)
        .open(segment(&place, 1))
        .unwrap();
    file.write_all_at(&record, file.metadata().unwrap().len())
        .unwrap();
    let mut reader = Forwards::open(&place.dir(), Filter::ALL).unwrap();
    assert_eq!((reader.by_ref().count(), reader.stats().unknown), (1, 1));
}
