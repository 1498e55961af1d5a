//! Alerts as they stood.

use crate::common::*;
use monitor_lookback::{Standing, Stood};
use monitor_model::agent::AgentChange;
use monitor_store::{Contents, Moment, ReadStats};

fn stood(records: &[(Moment, Contents)], second: i64) -> Stood {
    let mut standing = Standing::default();
    for (at, contents) in records {
        if at.wall_unix_ns <= ns(second) {
            standing.take(at, at.wall_unix_ns, contents.clone());
        }
    }
    standing.at(ns(second), Some(ns(0)), &ReadStats::default())
}

fn words(stood: &Stood) -> Vec<String> {
    let alerts = stood.alerts.iter();
    alerts
        .map(|alert| format!("{} {}", alert.owner, alert.state.name()))
        .collect()
}

#[test]
fn each_moment_has_what_stood_then() {
    let records = [
        (at(0, 1), started(0)),
        (at(10, 1), pending("blackholed", "api", 10)),
        (at(20, 1), firing("blackholed", "api", 10)),
        (at(30, 1), pending("blackholed", "db", 30)),
        (at(40, 1), over("blackholed", "api", 10, 40)),
        (at(50, 1), pending("blackholed", "api", 50)),
    ];
    for (second, expected) in [
        (5, &[][..]),
        (10, &["api pending"][..]),
        (25, &["api firing"]),
        (35, &["api firing", "db pending"]),
        (45, &["db pending", "api over"]),
        (50, &["db pending", "api pending", "api over"]),
        // What is over is shown for an hour.
        (3_639, &["db pending", "api pending", "api over"]),
        (3_640, &["db pending", "api pending"]),
    ] {
        let stood = stood(&records, second);
        assert_eq!(words(&stood), expected, "{second}");
        assert_eq!(stood.notes, [""; 0], "{second}");
    }
}

#[test]
fn alerts_outlive_a_daemon_and_no_boot() {
    let records = [
        (at(0, 1), started(0)),
        (at(20, 1), firing("blackholed", "api", 10)),
        (at(30, 1), event(30, AgentChange::Stopped)),
        (at(60, 1), started(60)),
        (at(100, 2), started(100)),
    ];
    let stopped = stood(&records, 40);
    assert_eq!(words(&stopped), ["api firing"]);
    assert!(
        stopped.notes[0].contains("no daemon ran then"),
        "{stopped:?}"
    );
    assert_eq!(words(&stood(&records, 70)), ["api firing"]);
    let after = stood(&records, 200);
    assert_eq!(words(&after), ["api over"]);
    assert_eq!(after.alerts[0].ended, Some(time(100)));
}

#[test]
fn one_whose_end_nobody_saw_is_over_when_another_begins() {
    let records = [
        (at(0, 1), started(0)),
        (at(20, 1), firing("blackholed", "api", 10)),
        (at(60, 1), started(60)),
        (at(70, 1), pending("blackholed", "api", 70)),
    ];
    assert_eq!(words(&stood(&records, 60)), ["api firing"]);
    assert_eq!(words(&stood(&records, 70)), ["api pending", "api over"]);
}

#[test]
fn before_the_first_record_nothing_is_known() {
    let stood = Standing::default().at(ns(-10), Some(ns(0)), &ReadStats::default());
    assert!(
        stood.notes[0].contains("the history begins at 2027-01-01T00:00:00.000Z"),
        "{stood:?}"
    );
    let empty = Standing::default().at(ns(0), None, &ReadStats::default());
    assert_eq!(empty.notes, ["the history is empty"]);
}

#[test]
fn more_alerts_than_any_daemon_has_are_left_out_and_counted() {
    let mut standing = Standing::default();
    for number in 0..10_000 {
        let change = firing("blackholed", &number.to_string(), 1);
        standing.take(&at(1, 1), ns(1), change);
    }
    standing.take(&at(2, 1), ns(2), started(2));
    let stood = standing.at(ns(2), Some(ns(0)), &ReadStats::default());
    assert_eq!(stood.alerts.len(), 4_096);
    assert!(stood.notes[0].contains("5904 changes"), "{:?}", stood.notes);
}
