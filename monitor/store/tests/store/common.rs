//! A history in a folder that goes with the test.

use monitor_store::{Backwards, BootId, Filter, Forwards, Kind, Moment, Record, Settings, Writer};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

/// The bound of most tests: a part has 128 KiB.
pub const BOUND: u64 = 2 << 20;

pub struct Place(TempDir);

impl Place {
    pub fn new() -> Self {
        // In memory where there is a place for files: a disk's syncs cost seconds, and show nothing here.
        let memory = Path::new("/dev/shm");
        let folder = if memory.is_dir() {
            tempfile::tempdir_in(memory)
        } else {
            tempfile::tempdir()
        };
        Self(folder.unwrap())
    }

    pub fn dir(&self) -> PathBuf {
        self.0.path().join("history")
    }

    pub fn settings(&self) -> Settings {
        Settings {
            dir: self.dir(),
            max_bytes: BOUND,
            max_age: None,
        }
    }

    pub fn aged(&self, max_age: Duration) -> Settings {
        Settings {
            max_age: Some(max_age),
            ..self.settings()
        }
    }

    pub fn writer(&self) -> Writer {
        Writer::open(self.settings(), &at(0)).unwrap()
    }

    /// The segments, the oldest first.
    pub fn files(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.dir()).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        let mut files: Vec<PathBuf> = paths
            .filter(|path| path.extension().is_some_and(|ending| ending == "history"))
            .collect();
        files.sort();
        files
    }

    /// What all segments have together.
    pub fn bytes(&self) -> u64 {
        let files = self.files();
        files
            .iter()
            .map(|file| fs::metadata(file).unwrap().len())
            .sum()
    }
}

/// So many seconds after the boot, and after 2027 began.
pub fn at(second: u64) -> Moment {
    Moment {
        wall_unix_ns: 1_798_761_600_000_000_000 + second as i64 * 1_000_000_000,
        boot_ns: second * 1_000_000_000,
        boot_id: BootId([1; 16]),
    }
}

pub fn all(dir: &Path) -> Vec<Record> {
    read(dir, Filter::ALL)
}

/// All that is read, the same from both ends.
pub fn read(dir: &Path, filter: Filter) -> Vec<Record> {
    let forwards: Vec<Record> = Forwards::open(dir, filter)
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let mut backwards: Vec<Record> = Backwards::open(dir, filter)
        .unwrap()
        .map(Result::unwrap)
        .collect();
    backwards.reverse();
    assert_eq!(forwards, backwards);
    forwards
}

pub fn texts(records: &[Record]) -> Vec<&str> {
    records.iter().map(|record| record.text.as_str()).collect()
}

/// A text of so many bytes that is not made shorter by packing, the same for the same number.
pub fn noise(number: u64, bytes: usize) -> String {
    let mut state = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let letters = (0..bytes).map(|_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        char::from(b'!' + (state % 90) as u8)
    });
    letters.collect()
}

pub fn fill(writer: &mut Writer, numbers: std::ops::Range<u64>, bytes: usize) {
    for number in numbers {
        let text = noise(number, bytes);
        writer.append(Kind::Finding, &text, &at(number)).unwrap();
    }
}
