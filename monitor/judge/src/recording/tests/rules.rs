//! The rules of a path in a recording: they come with the paths, and the time at which an `ignore` ends with the ticks, so a
//! replay wakes whom the daemon woke, at the moment at which it did.

use super::{SECOND, nat, replayed, silence};
use crate::alerts::{self, Alerts};
use crate::recording::entry::Entry;
use crate::recording::header::Header;
use crate::{Ignore, Judge, JudgedPath, Limits, PathRules, Verdict};
use monitor_model::alert::{Alert, AlertChange, AlertState};
use monitor_model::finding::{Finding, Severity};
use monitor_model::time::Timestamp;

/// When the recording begins, in ns since 1970: the moment of all facts in it.
const BEGIN: i64 = 1_800_000_000_000_000_000;

/// The path is ignored until this second, which lies behind its timeout of 4 s.
const UNTIL: i64 = 7;

fn ignored() -> Vec<JudgedPath> {
    let mut paths = nat();
    let end = Timestamp::of(BEGIN + UNTIL * SECOND as i64);
    paths[0].rules = PathRules {
        ignore: Some(Ignore::Until(end)),
        ..PathRules::default()
    };
    paths
}

/// Twelve seconds of silence, in which the wall clock goes on.
fn passing() -> Vec<Entry> {
    let mut entries = silence(12);
    for entry in &mut entries {
        if let Entry::Tick {
            now_ns,
            wall_unix_ns,
        }
        | Entry::SweepDone {
            now_ns,
            wall_unix_ns,
            ..
        } = entry
        {
            *wall_unix_ns = BEGIN + (*now_ns - 100 * SECOND) as i64;
        }
    }
    entries
}

/// What a daemon said that was told this: findings, the second and the change of each alert, and how alerts stand at the end.
fn lived(paths: &[JudgedPath], entries: &[Entry]) -> (Vec<Finding>, Vec<String>, Vec<Alert>) {
    let mut judge = Judge::new(paths.to_vec(), Limits::new(4_000_000));
    let mut alerts = Alerts::new(alerts::Limits::default());
    let (mut findings, mut changes, mut verdicts) = (Vec::new(), Vec::new(), Vec::new());
    let mut now_ns = 0;
    for entry in entries {
        let input = entry.input().unwrap();
        now_ns = now_ns.max(entry.moment_ns().unwrap_or(0));
        judge.take(&input, &mut verdicts);
        let mut told = Vec::new();
        for verdict in verdicts.drain(..) {
            told.extend(alerts.apply(&verdict, now_ns));
            if let Verdict::Finding(finding) = verdict {
                findings.push(*finding);
            }
        }
        if matches!(entry, Entry::Tick { .. }) {
            told.extend(alerts.tick(now_ns));
        }
        let second = now_ns / SECOND - 100;
        changes.extend(told.iter().map(|change| match change {
            AlertChange::Pending(alert) => format!("{second} {} pending", alert.name),
            AlertChange::Firing(alert) => format!("{second} {} fires", alert.name),
            AlertChange::Over(alert) => format!("{second} {} over", alert.name),
        }));
    }
    (findings, changes, alerts.all().collect())
}

fn written(paths: &[JudgedPath], entries: &[Entry]) -> String {
    let header = Header::new(Limits::new(4_000_000), paths);
    let mut text = serde_json::to_string(&header).unwrap() + "\n";
    for entry in entries {
        text += &(serde_json::to_string(entry).unwrap() + "\n");
    }
    text
}

#[test]
fn where_an_ignore_ends_amid_a_recording_its_replay_says_the_same() {
    let (paths, entries) = (ignored(), passing());
    let (findings, changes, _) = lived(&paths, &entries);
    let said: Vec<_> = findings
        .iter()
        .map(|finding| (finding.kind.name(), finding.severity))
        .collect();
    let nobody = Severity::None;
    assert_eq!(said, [("at_risk", nobody), ("crossed", nobody)]);
    assert_eq!(findings[1].severity_before_rules, Some(Severity::Ticket));
    assert_eq!(changes, [format!("{UNTIL} crossed fires")]);
    // Wherever the recording is cut, so that the moment lies before its end, at it, or behind it.
    for cut in 0..=entries.len() {
        let entries = &entries[..cut];
        let (findings, _, alerts) = lived(&paths, entries);
        let (again, replayed) = replayed(written(&paths, entries).as_bytes()).unwrap();
        assert_eq!(again, findings, "{cut}");
        assert_eq!(replayed.alerts, alerts, "{cut}");
    }
}

#[test]
fn an_ignore_that_comes_and_goes_with_reloads_is_replayed_at_its_time() {
    // Nothing is ignored at first; it is once the fifth second is over, and by then the ticket fires.
    let mut entries = passing();
    entries.insert(3 * 6, Entry::Paths(ignored()));
    let (findings, changes, alerts) = lived(&nat(), &entries);
    let expected = ["4 crossed fires", "5 crossed over", "7 crossed fires"];
    assert_eq!(changes, expected);
    assert_eq!(alerts[0].state, AlertState::Firing);
    let (again, replayed) = replayed(written(&nat(), &entries).as_bytes()).unwrap();
    assert_eq!((again, replayed.alerts), (findings, alerts));
}
