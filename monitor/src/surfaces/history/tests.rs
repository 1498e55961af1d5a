//! What is kept, and what a disk that refuses costs.

use super::*;
use crate::text::tests::{blackholed, firing};
use monitor_model::gaps::GapLength;
use monitor_store::{BootId, Contents, Filter, Forwards};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tempfile::TempDir;

struct Place {
    dir: TempDir,
    second: Arc<AtomicU64>,
    counters: HistoryCounters,
}

impl Place {
    fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
            second: Arc::default(),
            counters: HistoryCounters::default(),
        }
    }

    fn folder(&self) -> PathBuf {
        self.dir.path().join("history")
    }

    fn history(&self) -> History {
        let second = Arc::clone(&self.second);
        let clock = move || {
            let second = second.load(Ordering::Relaxed);
            Some(Moment {
                wall_unix_ns: 1_798_761_600_000_000_000 + second as i64 * 1_000_000_000,
                boot_ns: second * 1_000_000_000,
                boot_id: BootId([1; 16]),
            })
        };
        let settings = Settings {
            dir: self.folder(),
            max_bytes: 2 << 20,
            max_age: None,
        };
        History::new(settings, Box::new(clock), self.counters.clone())
    }

    fn pass(&self, seconds: u64) {
        self.second.fetch_add(seconds, Ordering::Relaxed);
    }

    fn read(&self) -> Vec<Contents> {
        let records = Forwards::open(&self.folder(), Filter::ALL).unwrap();
        let contents = records.map(|record| record.unwrap().contents().unwrap());
        contents.collect()
    }
}

/// What was told of the daemon, in words.
fn events(contents: &[Contents]) -> Vec<String> {
    let words = contents.iter().map(|one| match one {
        Contents::Agent(event) => format!("{:?}", event.change),
        Contents::Finding(finding) => format!("{} s", finding.gap_seconds),
        other => format!("{other:?}"),
    });
    words.collect()
}

fn finding(gap_seconds: f64) -> Finding {
    Finding {
        gap_seconds,
        ..blackholed()
    }
}

#[test]
fn all_that_is_told_is_kept_as_users_read_it() {
    let place = Place::new();
    let mut history = place.history();
    history.begin();
    history.on_finding(&blackholed()).unwrap();
    let change = AlertChange::Firing(firing());
    history.on_alert(&change).unwrap();
    let summary = GapSummary {
        time: "2026-01-31T13:00:00Z".parse().unwrap(),
        since: "2026-01-31T12:00:00Z".parse().unwrap(),
        path: "nat".to_owned(),
        count: 3,
        seconds: 12.5,
        lengths: vec![GapLength {
            up_to: Some(8.0),
            count: 3,
        }],
    };
    history.on_gaps(std::slice::from_ref(&summary)).unwrap();
    history.end();
    let kept = place.read();
    assert_eq!(kept.len(), 5);
    assert_eq!(kept[1], Contents::Finding(Box::new(blackholed())));
    assert_eq!(kept[2], Contents::Alert(change));
    assert_eq!(kept[3], Contents::Gaps(summary));
    let started = format!("Started {{ version: {:?} }}", env!("CARGO_PKG_VERSION"));
    assert_eq!(events(&kept)[0], started);
    assert_eq!(events(&kept)[4], "Stopped");
    let numbers = place.counters.numbers();
    assert!(numbers.kept && numbers.refused == 0, "{numbers:?}");
    assert_eq!((numbers.stats.written, numbers.stats.segments), (5, 1));
    assert_eq!(
        numbers.oldest(),
        Some("2027-01-01T00:00:00Z".parse().unwrap())
    );
}

#[test]
fn a_folder_that_cannot_be_used_costs_the_history_and_it_goes_on_when_it_can() {
    let place = Place::new();
    fs::create_dir(place.folder()).unwrap();
    fs::set_permissions(place.folder(), Permissions::from_mode(0o777)).unwrap();
    let mut history = place.history();
    history.begin();
    for _ in 0..3 {
        place.pass(4);
        history.on_finding(&finding(1.0)).unwrap_err();
    }
    let numbers = place.counters.numbers();
    // At the start, and once 10 s had passed.
    assert_eq!((numbers.kept, numbers.refused), (false, 2));
    fs::set_permissions(place.folder(), Permissions::from_mode(0o700)).unwrap();
    place.pass(5);
    history.on_finding(&finding(2.0)).unwrap_err();
    place.pass(5);
    history.on_finding(&finding(3.0)).unwrap();
    history.on_finding(&finding(4.0)).unwrap();
    // The start itself is one of them.
    assert_eq!(
        events(&place.read()),
        ["HistoryResumed { lacks: 5 }", "3 s", "4 s"]
    );
    let numbers = place.counters.numbers();
    assert_eq!(
        (numbers.kept, numbers.refused, numbers.stats.written),
        (true, 2, 3)
    );
}

#[test]
fn files_that_somebody_removes_are_begun_anew() {
    let place = Place::new();
    let mut history = place.history();
    history.on_finding(&finding(1.0)).unwrap();
    fs::remove_dir_all(place.folder()).unwrap();
    history.on_finding(&finding(2.0)).unwrap_err();
    place.pass(10);
    history.on_finding(&finding(3.0)).unwrap();
    assert_eq!(
        events(&place.read()),
        ["HistoryResumed { lacks: 1 }", "3 s"]
    );
    assert_eq!(place.counters.numbers().stats.written, 3);
}

#[test]
fn of_two_daemons_one_writes_and_the_other_waits_for_it() {
    let place = Place::new();
    let mut first = place.history();
    first.on_finding(&finding(1.0)).unwrap();
    let mut second = place.history();
    second.on_finding(&finding(2.0)).unwrap_err();
    drop(first);
    place.pass(10);
    second.on_finding(&finding(3.0)).unwrap();
    assert_eq!(
        events(&place.read()),
        ["1 s", "HistoryResumed { lacks: 1 }", "3 s"]
    );
}

#[test]
fn a_finding_that_no_record_takes_is_left_out_alone() {
    let place = Place::new();
    let mut history = place.history();
    let long = Finding {
        summary: "x".repeat(70_000),
        ..blackholed()
    };
    history.on_finding(&long).unwrap_err();
    history.on_finding(&finding(1.0)).unwrap();
    assert_eq!(events(&place.read()), ["1 s"]);
    assert_eq!(place.counters.numbers().refused, 0);
}
