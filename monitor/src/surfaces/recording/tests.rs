//! What is written, and what a slow, a full and a small disk cost.

use super::{Recorder, Shared, Target};
use monitor_judge::Limits;
use monitor_judge::alerts;
use monitor_judge::recording::{
    Ending, Entry, Header, Recording, RecordingError, Replayed, Writer, replay,
};
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::Ordering;
use std::sync::{Arc, mpsc};

/// So many moments that the judge is told of.
fn moments(count: u64) -> Vec<Entry> {
    let moment = |second| Entry::Tick {
        now_ns: second * 1_000_000_000,
        wall_unix_ns: 1_800_000_000_000_000_000,
    };
    (100..100 + count).map(moment).collect()
}

fn limits() -> Limits {
    Limits::new(4_000_000)
}

fn text(entries: &[Entry]) -> String {
    let header = serde_json::to_string(&Header::new(limits(), &[])).unwrap();
    let lines = entries
        .iter()
        .map(|entry| serde_json::to_string(entry).unwrap());
    [header]
        .into_iter()
        .chain(lines)
        .map(|line| line + "\n")
        .collect()
}

fn replayed(bytes: &[u8]) -> Replayed {
    let mut recording = Recording::read("facts".to_owned(), bytes).unwrap();
    replay(&mut recording, alerts::Limits::default(), |_| {
        Ok::<_, RecordingError>(true)
    })
    .unwrap()
}

fn dropped(shared: &Shared) -> u64 {
    shared.dropped.load(Ordering::Relaxed)
}

#[test]
fn a_recorder_writes_what_a_replay_reads_for_its_owner_alone() {
    let place = tempfile::tempdir().unwrap();
    let target = Target {
        path: place.path().join("facts"),
        max_bytes: 1 << 20,
    };
    let start = || Recorder::start(&target, limits(), &[]);
    let mut recorder = start().unwrap();
    let entries = moments(24);
    for entry in &entries {
        recorder.take(&entry.input().unwrap());
    }
    // It is not overwritten.
    let said = start().unwrap_err().to_string();
    assert!(
        said.contains("exists; remove it, or name another"),
        "{said}"
    );
    assert_eq!(recorder.dropped(), 0);
    drop(recorder);
    let written = fs::read_to_string(&target.path).unwrap();
    assert_eq!(
        written,
        text(&entries) + "{\"end\":{\"reason\":\"stopped\"}}\n"
    );
    let mode = fs::metadata(&target.path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(replayed(written.as_bytes()).ending, Ending::Stopped);
}

#[test]
fn a_recording_stops_at_its_size_and_says_so() {
    let place = tempfile::tempdir().unwrap();
    let target = Target {
        path: place.path().join("facts"),
        max_bytes: 3_000,
    };
    let mut recorder = Recorder::start(&target, limits(), &[]).unwrap();
    for entry in &moments(150) {
        recorder.take(&entry.input().unwrap());
    }
    let shared = Arc::clone(&recorder.shared);
    drop(recorder);
    let written = fs::read(&target.path).unwrap();
    assert!(written.len() as u64 <= target.max_bytes);
    let replayed = replayed(&written);
    assert_eq!(replayed.ending, Ending::SizeLimit);
    assert!(replayed.inputs > 3);
    assert_eq!(replayed.inputs + dropped(&shared), 150);
}

/// A disk that takes so many bytes.
struct Disk(usize);

impl Write for Disk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self
            .0
            .checked_sub(bytes.len())
            .ok_or(io::ErrorKind::StorageFull)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_full_disk_ends_the_recording_and_what_it_lacks_is_counted() {
    let writer = Writer::new(Disk(0), u64::MAX);
    let mut recorder = Recorder::over(writer, "facts".to_owned(), 1024).unwrap();
    for entry in &moments(150) {
        recorder.take(&entry.input().unwrap());
    }
    let shared = Arc::clone(&recorder.shared);
    drop(recorder);
    assert_eq!(dropped(&shared), 150);
}

/// A disk that takes nothing until it is let.
struct Stuck(mpsc::Receiver<()>, mpsc::Sender<Vec<u8>>);

impl Write for Stuck {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Let once, it is let for ever: the other half is gone.
        let _ = self.0.recv();
        let _ = self.1.send(bytes.to_vec());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_disk_that_is_stuck_holds_up_nobody_and_the_recording_says_what_it_lacks() {
    let (let_go, stuck) = mpsc::channel();
    let (written, reads) = mpsc::channel();
    let mut writer = Writer::new(Stuck(stuck, written), u64::MAX);
    writer.write(&Header::new(limits(), &[])).unwrap();
    let mut recorder = Recorder::over(writer, "facts".to_owned(), 4).unwrap();
    for entry in &moments(150) {
        recorder.take(&entry.input().unwrap());
    }
    let shared = Arc::clone(&recorder.shared);
    assert!(dropped(&shared) > 100, "{}", dropped(&shared));
    drop(let_go);
    drop(recorder);
    let bytes: Vec<u8> = reads.iter().flatten().collect();
    let replayed = replayed(&bytes);
    assert_eq!(replayed.lost, dropped(&shared));
    assert_eq!(replayed.inputs + replayed.lost, 150);
    assert_eq!(replayed.ending, Ending::Stopped);
}
