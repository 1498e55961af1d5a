//! What had been found by a moment.

use crate::common::*;
use monitor_lookback::Found;
use monitor_model::alert::AlertState;
use monitor_model::finding::FindingKind;
use monitor_store::Contents;

fn found(second: i64, path: &str) -> Contents {
    Contents::Finding(Box::new(finding(
        second,
        FindingKind::Crossed,
        9.0,
        path,
        "api",
    )))
}

#[test]
fn one_looks_back_to_the_first_alert_that_stands_at_least_an_hour_and_at_most_a_day() {
    let hour = 3_600;
    let at = 100 * hour;
    for (alerts, expected) in [
        (vec![], at - hour),
        (vec![(at - 60, AlertState::Firing)], at - hour),
        (
            vec![(at - 5 * hour, AlertState::Pending)],
            at - 5 * hour - 1,
        ),
        (vec![(at - 5 * hour, AlertState::Over)], at - hour),
        (vec![(at - 50 * hour, AlertState::Firing)], at - 24 * hour),
    ] {
        let alerts = alerts.into_iter();
        let alerts: Vec<_> = alerts
            .map(|(since, state)| alert("crossed", "api", since, state))
            .collect();
        assert_eq!(Found::since(ns(at), &alerts), ns(expected), "{alerts:?}");
    }
    Found::since(i64::MIN, &[]);
    Found::since(i64::MAX, &[alert("crossed", "api", -1, AlertState::Firing)]);
}

#[test]
fn the_newest_are_kept_and_what_is_left_out_is_counted() {
    let mut taken = Found::default();
    for second in 0..2_500 {
        taken.take(found(second, "nat"));
    }
    taken.take(gaps(10, "nat", 3));
    taken.take(gaps(20, "nat", 4));
    taken.take(firing("crossed", "api", 10));
    assert_eq!((taken.findings.len(), taken.left_out), (2_000, 500));
    assert_eq!(
        taken.findings.back().map(|last| last.time),
        Some(time(2_499))
    );
    assert_eq!(taken.gaps["nat"].count, 4);
    for second in 0..1_500 {
        taken.take(gaps(second, &second.to_string(), 1));
        taken.take(started(second));
    }
    assert_eq!((taken.gaps.len(), taken.agent.len()), (1_000, 1_000));
    assert_eq!(taken.left_out, 500 + 501 + 500);
}
