//! The files of a history.

use monitor_store::{
    Backwards, BootId, Filter, Forwards, Kind, LEAST_BYTES, Moment, Record, Settings, Writer,
};
use std::fs;
use std::path::Path;

/// Length of a segment's header, and what a record has before its text (monitor/store/src/segment.rs, record.rs).
const HEADER: usize = 64;
const HEAD: usize = 48;

/// Any bytes as a history: as they are, behind a header of ours, and as records with the right lengths and CRC. What is
/// read is the same from both ends; it can be written to, and what was read is there as before.
#[test]
fn read_and_go_on() {
    bolero::check!().for_each(|bytes| {
        // In memory where there is a place for files: a disk's syncs cost time, and show nothing here.
        let memory = Path::new("/dev/shm");
        let place = if memory.is_dir() {
            tempfile::tempdir_in(memory)
        } else {
            tempfile::tempdir()
        };
        let place = place.expect("a folder");
        let dir = place.path().join("history");
        let mut writer = open(&dir);
        writer
            .append(Kind::Agent, "{}", &Moment::default())
            .expect("a record");
        drop(writer);
        let file = dir.join("00000000000000000001.history");
        let ours = fs::read(&file).expect("a segment");
        let behind = |rest: &[u8]| [&ours[..HEADER], rest].concat();
        for segment in [bytes.to_vec(), behind(bytes), behind(&records(bytes))] {
            fs::write(&file, segment).expect("a file");
            goes_on(&dir);
            for other in 2..4 {
                let _ = fs::remove_file(dir.join(format!("{other:020}.history")));
            }
        }
    });
}

fn goes_on(dir: &Path) {
    let before = read(dir);
    let mut writer = open(dir);
    assert_eq!(read(dir), before);
    writer
        .append(Kind::Agent, "{}", &Moment::default())
        .expect("a record");
    let mut after = read(dir);
    assert_eq!(after.pop().map(|last| last.text).as_deref(), Some("{}"));
    assert_eq!(after, before);
}

fn open(dir: &Path) -> Writer {
    let settings = Settings {
        dir: dir.to_owned(),
        max_bytes: LEAST_BYTES,
        max_age: None,
    };
    let now = Moment {
        boot_id: BootId([1; 16]),
        ..Moment::default()
    };
    Writer::open(settings, &now).expect("a folder of our own")
}

fn read(dir: &Path) -> Vec<Record> {
    let forwards = Forwards::open(dir, Filter::ALL).expect("a folder");
    let forwards: Vec<Record> = forwards.map(|record| record.expect("a file")).collect();
    let backwards = Backwards::open(dir, Filter::ALL).expect("a folder");
    let mut backwards: Vec<Record> = backwards.map(|record| record.expect("a file")).collect();
    backwards.reverse();
    assert_eq!(forwards, backwards);
    for record in &forwards {
        let _ = record.contents();
    }
    forwards
}

/// Records of `bytes`: each takes its head, a byte for the length of its text, and the text. Their lengths and sums are
/// right, and nothing else need be.
fn records(mut bytes: &[u8]) -> Vec<u8> {
    let mut all = Vec::new();
    while let Some((head, rest)) = bytes.split_at_checked(HEAD) {
        let Some((length, rest)) = rest.split_first() else {
            break;
        };
        let (text, rest) = rest.split_at(rest.len().min(usize::from(*length)));
        let length = (text.len() as u32).to_le_bytes();
        let body = [&head[8..], text, &length].concat();
        let mut sum = crc32fast::Hasher::new();
        sum.update(&length);
        sum.update(&body);
        all.extend(length);
        all.extend(sum.finalize().to_le_bytes());
        all.extend(body);
        bytes = rest;
    }
    all
}
