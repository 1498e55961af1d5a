//! Reports of made-up days, by number, as text and as a page.

use crate::common::*;
use jiff::tz::TimeZone;
use monitor_lookback::{Reporter, html, text};
use monitor_model::agent::AgentChange;
use monitor_model::alert::AlertState;
use monitor_model::finding::{Finding, FindingKind, Outcome, Scope};
use monitor_model::report::{OTHER, Report, Why};
use monitor_store::{Contents, Moment};
use proptest::prelude::*;
use std::fs;
use std::path::Path;

fn zone() -> TimeZone {
    TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap()
}

fn found(second: i64, kind: FindingKind, gap: f64, path: &str, comm: &str) -> (Moment, Contents) {
    let finding = finding(second, kind, gap, path, comm);
    (at(second, 1), Contents::Finding(Box::new(finding)))
}

/// A day as it may be.
fn day() -> Vec<(Moment, Contents)> {
    let api = "api";
    vec![
        (at(100, 1), started(100)),
        found(3_600, FindingKind::Crossed, 240.0, "nat", api),
        found(4_000, outcome(Outcome::Survived), 250.0, "nat", api),
        found(7_200, outcome(Outcome::Blackholed), 270.1, "nat", api),
        (at(7_200, 1), pending("blackholed", api, 7_200)),
        found(
            7_203,
            outcome(Outcome::Blackholed),
            300.0,
            "nat",
            "worker|`x`",
        ),
        (at(7_210, 1), firing("blackholed", api, 7_200)),
        found(7_300, outcome(Outcome::Recovered), 270.1, "nat", api),
        (at(8_000, 1), over("blackholed", api, 7_200, 8_000)),
        (at(9_000, 1), gaps(9_000, "nat", 40)),
        (
            at(9_100, 1),
            event(9_100, AgentChange::FactsLost { facts: 7 }),
        ),
        (
            at(9_200, 1),
            event(
                9_200,
                AgentChange::Watching {
                    level: "sweeps".to_owned(),
                    less: true,
                },
            ),
        ),
        (
            at(9_800, 1),
            event(
                9_800,
                AgentChange::Watching {
                    level: "snapshots".to_owned(),
                    less: false,
                },
            ),
        ),
        (at(10_000, 1), started(10_000)),
        found(20_000, outcome(Outcome::Reset), 3_600.0, "gateway", "batch"),
        (at(20_010, 1), firing("reset", "batch", 20_000)),
        (at(80_000, 1), event(80_000, AgentChange::Stopped)),
    ]
}

#[test]
fn a_day_reads_as_it_was_kept() {
    let text = text(&report(day()), "web-1", &zone());
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lookback/golden/day.md");
    if std::env::var_os("TCPLULL_GOLDEN").is_some_and(|wish| wish == "write") {
        fs::write(&file, &text).unwrap();
    }
    let kept = fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(text, kept, "where it is meant: TCPLULL_GOLDEN=write");
}

#[test]
fn what_survived_and_failed_is_held_against_the_timeout() {
    let report = report(day());
    let nat = &report.paths[0];
    assert_eq!((nat.path.as_str(), nat.findings), ("nat", 5));
    assert_eq!((nat.survived, nat.failed, nat.gaps), (1, 2, 40));
    assert_eq!(nat.longest_survived_seconds, Some(250.0));
    assert_eq!(nat.shortest_failed_seconds, Some(270.1));
    assert_eq!((report.findings, report.pages, report.tickets), (6, 2, 2));
}

#[test]
fn a_failure_that_others_share_says_nothing_of_the_silence() {
    let blackholed = outcome(Outcome::Blackholed);
    let down = Finding {
        scope: Some(Scope::PeerOrNetwork),
        ..finding(10, blackholed, 100.0, "nat", "api")
    };
    let report = report([(at(10, 1), Contents::Finding(Box::new(down)))]);
    let nat = &report.paths[0];
    assert_eq!((nat.findings, nat.failed), (1, 0));
    assert_eq!(nat.shortest_failed_seconds, None);
}

#[test]
fn what_was_not_seen_is_said_with_its_reason() {
    let why: Vec<(Why, Option<_>, Option<_>)> = report(day())
        .not_seen
        .iter()
        .map(|not| (not.why, not.since, not.until))
        .collect();
    let some = |second| Some(time(second));
    assert_eq!(
        why,
        [
            (Why::FactsLost, some(9_000), some(9_100)),
            (Why::WatchedLess, some(9_200), some(9_800)),
            // Nothing was heard after that, and it started anew without having stopped.
            (Why::Killed, some(9_800), some(10_000)),
            (Why::Stopped, some(80_000), None),
        ]
    );
}

#[test]
fn what_lasts_from_before_is_said_and_what_was_over_is_not() {
    let report = report(
        [
            (at(0, 1), started(-4_000)),
            (
                Moment {
                    wall_unix_ns: ns(-3_000),
                    ..at(1_000, 1)
                },
                firing("blackholed", "old", -3_000),
            ),
            (
                Moment {
                    wall_unix_ns: ns(-2_000),
                    ..at(2_000, 1)
                },
                event(-2_000, AgentChange::Stopped),
            ),
            (
                Moment {
                    wall_unix_ns: ns(500),
                    ..at(4_500, 1)
                },
                started(500),
            ),
        ]
        .map(|(mut at, contents)| {
            // The first is at 2027's beginning less 4000 s.
            if at.boot_ns == 0 {
                at.wall_unix_ns = ns(-4_000);
            }
            (at, contents)
        }),
    );
    let stopped: Vec<(Why, Option<_>)> = report
        .not_seen
        .iter()
        .map(|not| (not.why, not.since))
        .collect();
    assert_eq!(stopped, [(Why::Stopped, Some(time(-2_000)))]);
    assert_eq!(report.clock_steps, []);
    assert_eq!(report.alerts.len(), 1);
    assert_eq!(report.alerts[0].state, AlertState::Firing);
}

#[test]
fn a_range_before_the_first_record_says_so() {
    let mut reporter = Reporter::new(ns(0), ns(3_600), Some(ns(600)));
    let (at, contents) = found(600, FindingKind::Crossed, 240.0, "nat", "api");
    reporter.take(&at, at.wall_unix_ns, contents);
    let report = reporter.finish(0, 0);
    let not = &report.not_seen[0];
    assert_eq!(
        (not.why, not.since, not.until),
        (Why::BeforeHistory, Some(time(0)), Some(time(600)))
    );
    let empty = Reporter::new(ns(0), ns(3_600), None).finish(0, 0);
    assert_eq!(empty.not_seen[0].until, Some(time(3_600)));
    assert!(text(&empty, "web-1", &zone()).contains("Nothing was found."));
}

#[test]
fn a_clock_that_steps_is_said_to() {
    let step = |wall: i64, boot_s: i64, boot| Moment {
        wall_unix_ns: ns(wall),
        ..at(boot_s, boot)
    };
    let crossed = |second| {
        let finding = finding(second, FindingKind::Crossed, 240.0, "nat", "api");
        Contents::Finding(Box::new(finding))
    };
    let report = report([
        (step(1_000, 1_000, 1), crossed(1_000)),
        // An hour ahead while a minute passed; then another boot, an hour before.
        (step(4_660, 1_060, 1), crossed(4_660)),
        (step(1_060, 10, 2), crossed(1_060)),
        (step(1_070, 20, 2), crossed(1_070)),
    ]);
    let steps: Vec<f64> = report.clock_steps.iter().map(|step| step.seconds).collect();
    assert_eq!(steps, [3_600.0, -3_600.0]);
    let text = text(&report, "web-1", &zone());
    assert!(
        text.contains("set forward by 1h") && text.contains("set back by 1h"),
        "{text}"
    );
}

#[test]
fn no_name_from_outside_becomes_markup() {
    let hostile = "<img src=x onerror=alert(1)>\u{202e}\n\u{1b}[2J\"'&`|";
    let mut finding = finding(10, outcome(Outcome::Blackholed), 300.0, hostile, hostile);
    finding.advice = Some(hostile.to_owned());
    finding.settings = Some(hostile.to_owned());
    let mut records = vec![(at(10, 1), Contents::Finding(Box::new(finding)))];
    records.push((at(11, 1), firing(hostile, hostile, 10)));
    records.push((at(12, 1), gaps(12, hostile, 3)));
    let report = report(records);
    let page = html(&report, hostile, &zone());
    assert!(
        !page.contains("<img") && !page.contains("onerror=alert(1)>\""),
        "{page}"
    );
    assert!(
        page.contains("&lt;img src=x onerror=alert(1)&gt;"),
        "{page}"
    );
    assert!(
        !page.contains("<script") && page.contains("default-src 'none'"),
        "{page}"
    );
    assert!(!page.contains(['\u{202e}', '\u{1b}']), "{page}");
    let text = text(&report, hostile, &zone());
    assert!(!text.contains(['\u{202e}', '\u{1b}']), "{text}");
    // In a span of code, or with its brackets escaped.
    for line in text.lines().filter(|line| line.contains("<img")) {
        let before = line.split("<img").next().unwrap();
        assert!(before.contains('`') || before.ends_with('\\'), "{line}");
    }
}

/// Sums of what a report tells apart are what it says of all.
fn adds_up(report: &Report) {
    let paths = || report.paths.iter();
    assert_eq!(
        paths().map(|path| path.findings).sum::<u64>(),
        report.findings
    );
    let slots = report.over_time.iter();
    let slots = slots.map(|slot| slot.pages + slot.tickets + slot.others);
    assert_eq!(slots.sum::<u64>(), report.findings);
    for path in paths() {
        let found: u64 = path.found.iter().map(|found| found.count).sum();
        let owners: u64 = path.owners.iter().map(|owner| owner.findings).sum();
        let failed: u64 = path.owners.iter().map(|owner| owner.failed).sum();
        assert_eq!((found, owners), (path.findings, path.findings), "{path:?}");
        assert_eq!(failed, path.failed, "{path:?}");
        let lengths: u64 = path.lengths.iter().map(|length| length.count).sum();
        assert_eq!(lengths, path.gaps, "{path:?}");
        assert!(path.owners.len() <= 6 && path.advice.len() <= 3, "{path:?}");
    }
    assert!(report.paths.len() <= 25 && report.alerts.len() <= 64);
}

#[test]
fn many_paths_owners_and_alerts_are_counted_together_beyond_a_bound() {
    let mut records = Vec::new();
    for number in 0..2_000 {
        let (path, owner) = (format!("p{}", number % 700), format!("o{number}"));
        let blackholed = outcome(Outcome::Blackholed);
        records.push(found(number, blackholed, 300.0, &path, &owner));
        records.push((at(number, 1), firing("blackholed", &owner, number)));
        records.push((at(number, 1), gaps(number, &path, 2)));
    }
    let report = report(records);
    adds_up(&report);
    assert_eq!((report.findings, report.paths.len()), (2_000, 25));
    assert_eq!(report.paths[24].path, OTHER);
    assert_eq!(
        report.paths.iter().map(|path| path.gaps).sum::<u64>(),
        4_000
    );
    assert_eq!((report.alerts.len(), report.alerts_left_out), (64, 1_936));
}

fn kind() -> impl Strategy<Value = FindingKind> {
    let outcomes = (0..Outcome::ALL.len()).prop_map(|place| outcome(Outcome::ALL[place]));
    prop_oneof![
        Just(FindingKind::AtRisk),
        Just(FindingKind::Crossed),
        outcomes
    ]
}

proptest! {
    #[test]
    fn sums_agree_whatever_was_found(
        findings in proptest::collection::vec((0_i64..86_400, kind(), 0_u32..400, 0_u32..40, any::<bool>()), 0..200),
    ) {
        let mut records = Vec::new();
        for (second, kind, owner, path, gap) in findings {
            let path = format!("p{path}");
            if gap {
                records.push((at(second, 1), gaps(second, &path, 5)));
            }
            records.push(found(second, kind, 300.0, &path, &owner.to_string()));
        }
        let report = report(records);
        adds_up(&report);
        let (text, page) = (text(&report, "h", &zone()), html(&report, "h", &zone()));
        prop_assert!(text.len() < 200_000 && page.len() < 400_000);
    }
}
