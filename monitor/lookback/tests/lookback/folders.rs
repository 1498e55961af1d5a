//! Histories on disk: whole, cut, damaged, hostile, and written while they are read.

use crate::common::*;
use monitor_lookback::{Past, told};
use monitor_model::agent::AgentChange;
use monitor_model::finding::{FindingKind, Outcome};
use monitor_model::format::told_line;
use monitor_model::report::Why;
use monitor_store::{Contents, Kind, Kinds, Moment, ReadError, Settings, Writer, record_bytes};
use serde_json::Value;
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process;
use tempfile::TempDir;

struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn dir(&self) -> PathBuf {
        self.0.path().join("history")
    }

    fn writer(&self, at: &Moment) -> Writer {
        let settings = Settings {
            dir: self.dir(),
            max_bytes: 2 << 20,
            max_age: None,
        };
        Writer::open(settings, at).unwrap()
    }

    fn past(&self, second: i64) -> Past {
        Past::new(self.dir(), at(second, 1))
    }

    fn newest(&self) -> PathBuf {
        let entries = fs::read_dir(self.dir()).unwrap();
        let files = entries.map(|entry| entry.unwrap().path());
        let files = files.filter(|file| file.extension().is_some_and(|end| end == "history"));
        files.max().unwrap()
    }
}

fn write(writer: &mut Writer, at: &Moment, contents: &Contents) {
    let (kind, line) = match contents {
        Contents::Finding(finding) => (Kind::Finding, told_line(finding.as_ref())),
        Contents::Alert(change) => (Kind::Alert, told_line(change)),
        Contents::Gaps(summary) => (Kind::Gaps, told_line(summary)),
        Contents::Agent(event) => (Kind::Agent, told_line(event)),
    };
    writer.append(kind, &line.unwrap(), at).unwrap();
}

fn crossed(second: i64) -> Contents {
    Contents::Finding(Box::new(finding(
        second,
        FindingKind::Crossed,
        240.0,
        "nat",
        "api",
    )))
}

fn values(past: &Past, from: i64, until: i64) -> Vec<Value> {
    let lines = past.lines(ns(from), ns(until), Kinds::ALL).unwrap();
    lines
        .map(|line| serde_json::from_str(&line.unwrap()).unwrap())
        .collect()
}

#[test]
fn lines_come_in_order_with_their_form_and_go_on_when_more_is_written() {
    let place = Place::new();
    let mut writer = place.writer(&at(0, 1));
    write(&mut writer, &at(1, 1), &started(1));
    write(&mut writer, &at(2, 1), &crossed(2));
    write(&mut writer, &at(3, 1), &firing("crossed", "api", 2));
    write(&mut writer, &at(4, 1), &gaps(4, "nat", 3));
    let past = place.past(100);
    let names: Vec<Value> = values(&past, 0, 100)
        .into_iter()
        .map(|line| line["schema"].clone())
        .collect();
    assert_eq!(
        names,
        [
            "tcplull.agent_event/1",
            "tcplull.finding/1",
            "tcplull.alert_change/1",
            "tcplull.gaps/1"
        ]
    );
    assert_eq!(values(&past, 2, 4).len(), 2);
    let findings = Kinds::of(&[Kind::Finding]);
    let mut lines = past.lines(ns(0), i64::MAX, findings).unwrap();
    assert!(lines.next().is_some() && lines.next().is_none());
    write(&mut writer, &at(5, 1), &crossed(5));
    assert!(lines.next().unwrap().unwrap().contains("00:00:05"));
    assert!(lines.next().is_none());
}

#[test]
fn a_line_that_was_told_is_a_record_again() {
    let stop = event(9, AgentChange::Stopped);
    let records = [
        (1, started(1)),
        (2, crossed(2)),
        (13, firing("crossed", "api", 3)),
        (4, pending("crossed", "api", 4)),
        (8, over("crossed", "api", 3, 8)),
        (5, gaps(5, "nat", 3)),
        (9, stop),
    ];
    let place = Place::new();
    let mut writer = place.writer(&at(0, 1));
    for (second, contents) in &records {
        write(&mut writer, &at(*second, 1), contents);
    }
    let mut lines = place.past(100).lines(ns(0), ns(100), Kinds::ALL).unwrap();
    for (second, contents) in records {
        let (moment, read) = told(&lines.next().unwrap().unwrap()).unwrap();
        assert_eq!((moment.wall_unix_ns, read), (ns(second), contents));
    }
    for line in [
        "",
        "{}",
        "{\"schema\":\"tcplull.finding/1\"}",
        "{\"schema\":7}",
    ] {
        assert_eq!(told(line), None);
    }
}

#[test]
fn records_of_the_first_version_get_the_name_of_their_form() {
    let place = Place::new();
    let mut writer = place.writer(&at(0, 1));
    let old = "{\"change\":\"firing\",\"name\":\"crossed\"}";
    writer.append(Kind::Alert, old, &at(1, 1)).unwrap();
    writer.append(Kind::Gaps, "{}", &at(2, 1)).unwrap();
    writer.append(Kind::Agent, "no object", &at(3, 1)).unwrap();
    writer
        .append(Kind::Agent, "{\"a\":1}\n{}", &at(4, 1))
        .unwrap();
    let mut lines = place.past(100).lines(ns(0), ns(10), Kinds::ALL).unwrap();
    let first = lines.next().unwrap().unwrap();
    assert_eq!(
        first,
        "{\"schema\":\"tcplull.alert_change/1\",\"change\":\"firing\",\"name\":\"crossed\"}"
    );
    assert_eq!(
        lines.next().unwrap().unwrap(),
        "{\"schema\":\"tcplull.gaps/1\"}"
    );
    assert!(lines.next().is_none());
    assert_eq!(lines.stats().unknown, 2);
}

#[test]
fn a_killed_writers_last_record_is_missing_and_no_other() {
    let place = Place::new();
    let mut writer = place.writer(&at(0, 1));
    write(&mut writer, &at(1, 1), &started(1));
    for second in 2..10 {
        write(&mut writer, &at(second, 1), &crossed(second));
    }
    drop(writer);
    let file = place.newest();
    let length = fs::metadata(&file).unwrap().len();
    let record = record_bytes(Kind::Agent, &at(10, 1), "{}").unwrap();
    for cut in [1, 30, 60] {
        let open = fs::OpenOptions::new().write(true).open(&file).unwrap();
        open.set_len(length).unwrap();
        let mut open = fs::OpenOptions::new().append(true).open(&file).unwrap();
        open.write_all(&record[..record.len().min(cut).min(record.len() - 1)])
            .unwrap();
        let report = place.past(100).report(ns(0), ns(50)).unwrap();
        assert_eq!((report.findings, report.damaged), (8, 0), "{cut}");
    }
    // The next daemon cuts it, and says by starting that the one before was killed.
    let mut writer = place.writer(&at(60, 1));
    write(&mut writer, &at(60, 1), &started(60));
    let report = place.past(100).report(ns(0), ns(90)).unwrap();
    let killed = report.not_seen.iter().find(|not| not.why == Why::Killed);
    let killed = killed.unwrap();
    assert_eq!(
        (killed.since, killed.until),
        (Some(time(9)), Some(time(60)))
    );
}

#[test]
fn of_a_boot_whose_clock_was_set_later_records_are_found_by_todays() {
    let place = Place::new();
    let mut writer = place.writer(&at(0, 1));
    // Written while the clock stood a day before.
    let early = Moment {
        wall_unix_ns: ns(50 - 86_400),
        ..at(50, 1)
    };
    write(&mut writer, &early, &crossed(50));
    let past = place.past(100);
    assert_eq!(values(&past, 40, 60).len(), 1);
    assert_eq!(values(&past, -90_000, 40).len(), 0);
}

#[test]
fn a_folder_that_is_none_is_an_error_and_a_strange_one_is_read_as_far_as_it_goes() {
    let place = Place::new();
    let missing = place.past(1).report(ns(0), ns(1)).unwrap_err();
    assert!(matches!(missing, ReadError::Folder { .. }), "{missing}");
    fs::create_dir(place.dir()).unwrap();
    assert_eq!(place.past(1).report(ns(0), ns(1)).unwrap().findings, 0);
    let mut writer = place.writer(&at(0, 1));
    write(&mut writer, &at(1, 1), &crossed(1));
    // Whole records whose text is anything.
    for text in [
        "",
        "{",
        "[]",
        "{\"schema\":7}",
        "\u{1b}[2J",
        "{\"time\":\"x\"}",
    ] {
        for kind in Kind::ALL {
            writer.append(kind, text, &at(2, 1)).unwrap();
        }
    }
    write(&mut writer, &at(3, 1), &crossed(3));
    let report = place.past(100).report(ns(0), ns(50)).unwrap();
    assert_eq!(report.findings, 2);
    assert!(report.unknown >= 24, "{}", report.unknown);
    let stood = place.past(100).alerts_at(ns(50)).unwrap();
    assert_eq!(stood.alerts, []);
    let lines = place.past(100).lines(ns(0), ns(50), Kinds::ALL).unwrap();
    for line in lines {
        assert!(!line.unwrap().contains('\u{1b}'));
    }
    // A name that the daemon would write next is a folder, a loop, or noise.
    drop(writer);
    let file = place.newest();
    let bytes = fs::read(&file).unwrap();
    fs::write(&file, vec![0xff; bytes.len()]).unwrap();
    let report = place.past(100).report(ns(0), ns(50)).unwrap();
    assert_eq!(report.findings, 0);
}

/// A report over a full history, a small one; with the variable `TCPLULL_SLOW` over the usual 64 MiB. Prints what it costs:
/// not judged, for a busy machine has its own time.
#[test]
fn full() {
    const USUAL: u64 = 64 << 20;
    let max_bytes = match std::env::var_os("TCPLULL_SLOW") {
        Some(_) => USUAL,
        None => USUAL / 16,
    };
    let place = Place::new();
    let settings = Settings {
        dir: place.dir(),
        max_bytes,
        max_age: None,
    };
    let mut writer = Writer::open(settings, &at(0, 1)).unwrap();
    let mut second = 0;
    while writer.stats().segments_dropped == 0 {
        second += 1;
        let kind = match second % 3 {
            0 => FindingKind::Crossed,
            1 => FindingKind::Outcome {
                outcome: Outcome::Blackholed,
            },
            _ => FindingKind::Outcome {
                outcome: Outcome::Survived,
            },
        };
        let mut finding = finding(
            second,
            kind,
            300.0,
            "nat",
            &format!("worker{}", second % 3_000),
        );
        finding.connection.id = format!("{:x}-{:x}", second * 77_773, second * 1_000_003);
        finding.connection.flow_id = format!("{:x}", second * 1_000_003);
        write(
            &mut writer,
            &at(second, 1),
            &Contents::Finding(Box::new(finding)),
        );
    }
    let cpu = || {
        let stat = fs::read_to_string("/proc/self/stat").unwrap();
        let after = stat.rsplit(')').next().unwrap().to_owned();
        // utime, in ticks of 10 ms (proc_pid_stat(5)).
        after
            .split_whitespace()
            .nth(11)
            .unwrap()
            .parse::<u64>()
            .unwrap()
            * 10
    };
    let memory = || {
        let status = fs::read_to_string(format!("/proc/{}/status", process::id())).unwrap();
        let line = status
            .lines()
            .find(|line| line.starts_with("VmHWM"))
            .unwrap();
        line.to_owned()
    };
    let (before, peak) = (cpu(), memory());
    let report = place
        .past(second + 1)
        .report(ns(0), ns(second + 1))
        .unwrap();
    let spent = cpu() - before;
    eprintln!(
        "{} findings of {second}, {spent} ms of user time; {peak} before, {} after",
        report.findings,
        memory()
    );
    // Some 300 bytes each, and at least fifteen sixteenths of the bound.
    let least = max_bytes / 600;
    assert!(report.findings > least, "{}", report.findings);
}
