//! Findings by workload: who is named, who is not, and how large that grows.

use super::*;
use monitor_model::finding::{Cause, FindingClass};
use monitor_model::owner::Owner;
use std::time::Instant;

/// What a scrape may have, in bytes.
const MOST_BYTES: usize = 2 << 20;

/// More than a node has.
const MANY: usize = 50_000;

const ALL_KINDS: [FindingClass; 5] = FindingClass::ALL;

fn counting(most: usize) -> Metrics {
    let mut metrics = metrics();
    metrics.count_by_workload(ByWorkload {
        kinds: ALL_KINDS.to_vec(),
        most,
    });
    metrics
}

/// Names that are all another, and fold to nothing less.
fn word(mut number: usize) -> String {
    let mut word = String::new();
    for _ in 0..4 {
        word.push((b'g' + (number % 20) as u8) as char);
        number /= 20;
    }
    word
}

fn of(owner: Owner, kind: FindingKind, path: &str) -> Finding {
    Finding {
        owner,
        ..finding(kind, Some(path))
    }
}

fn process(comm: &str) -> Owner {
    Owner {
        comm: Some(comm.to_owned()),
        ..Owner::default()
    }
}

const RESET: FindingKind = FindingKind::Outcome {
    outcome: Outcome::Reset,
};

fn shown_later(metrics: &mut Metrics) {
    let start = Instant::now();
    metrics.about_to_show(start);
    metrics.about_to_show(start + Duration::from_secs(70));
}

/// The series of `tcplull_findings_total`, each as its labels and value.
fn series(metrics: &Metrics) -> Vec<String> {
    let text = metrics.render();
    let lines = text.lines();
    let of_it = lines.filter_map(|line| line.strip_prefix("tcplull_findings_total"));
    of_it.map(str::to_owned).collect()
}

fn dropped(metrics: &Metrics, reason: &str) -> f64 {
    let series = format!("tcplull_workloads_dropped_total{{reason=\"{reason}\"}}");
    value(metrics, &series).unwrap()
}

#[test]
fn a_finding_counts_under_its_workload_where_its_kind_is_asked_for() {
    let mut metrics = counting(10);
    let api = Owner {
        unit: Some("api@eu-1.service".to_owned()),
        ..process("java")
    };
    for _ in 0..3 {
        metrics.on_finding(&of(api.clone(), RESET, "nat")).unwrap();
    }
    let deadlock = FindingKind::Stall {
        cause: Cause::Deadlock,
    };
    metrics
        .on_finding(&of(process("psql"), deadlock, "db"))
        .unwrap();
    // Whoever scrapes has seen the 0 before the count.
    metrics.about_to_show(Instant::now());
    let labels = [
        "{finding=\"deadlock\",kind=\"stall\",path=\"db\",severity=\"page\",workload=\"psql\"}",
        "{finding=\"reset\",kind=\"outcome\",path=\"nat\",severity=\"page\",workload=\"api@.service\"}",
    ];
    assert_eq!(series(&metrics), labels.map(|labels| format!("{labels} 0")));
    shown_later(&mut metrics);
    let counts = [format!("{} 1", labels[0]), format!("{} 3", labels[1])];
    assert_eq!(series(&metrics), counts);
    // What is counted without a workload goes on as it did.
    shows(
        &metrics,
        "tcplull_outcomes_total{outcome=\"reset\",path=\"nat\"}",
        3.0,
    );
    shows(&metrics, "tcplull_workloads", 2.0);

    metrics.count_by_workload(ByWorkload {
        kinds: vec![FindingClass::Stall],
        most: 10,
    });
    metrics.on_finding(&of(api, RESET, "nat")).unwrap();
    assert_eq!(series(&metrics), [format!("{} 1", labels[0])]);
    metrics.set_paths(paths(["nat"]));
    assert_eq!(series(&metrics), [""; 0], "its path is gone");
}

#[test]
fn without_a_kind_nothing_is_counted_by_workload() {
    let mut metrics = metrics();
    metrics
        .on_finding(&of(process("psql"), RESET, "nat"))
        .unwrap();
    shown_later(&mut metrics);
    assert_eq!(series(&metrics), [""; 0]);
    shows(&metrics, "tcplull_workloads", 0.0);
}

#[test]
fn of_fifty_thousand_workloads_a_hundred_are_named_and_the_rest_is_one() {
    let mut metrics = counting(100);
    for number in 0..MANY {
        let owner = process(&word(number));
        metrics.on_finding(&of(owner, RESET, "nat")).unwrap();
    }
    shown_later(&mut metrics);
    let series = series(&metrics);
    assert_eq!(series.len(), 101);
    let other = series.iter().find(|line| line.contains("\"~other\""));
    assert!(
        other.is_some_and(|line| line.ends_with(" 49900")),
        "{other:?}"
    );
    assert_eq!(dropped(&metrics, "too_many_workloads"), 49_900.0);
    shows(&metrics, "tcplull_workloads", 100.0);
}

#[test]
fn one_user_and_one_container_take_no_more_than_their_share() {
    let mut metrics = counting(80);
    for number in 0..MANY {
        let owner = Owner {
            uid: Some(1000),
            ..process(&word(number))
        };
        metrics.on_finding(&of(owner, RESET, "nat")).unwrap();
        let owner = Owner {
            uid: Some(0),
            container: Some("c".repeat(64)),
            ..process(&word(MANY + number))
        };
        metrics.on_finding(&of(owner, RESET, "nat")).unwrap();
    }
    shows(&metrics, "tcplull_workloads", 20.0);
    let refused = 2 * (MANY - 10);
    assert_eq!(dropped(&metrics, "too_many_of_one_owner"), refused as f64);
    let owner = Owner {
        uid: Some(0),
        unit: Some("api.service".to_owned()),
        ..Owner::default()
    };
    metrics.on_finding(&of(owner, RESET, "nat")).unwrap();
    shown_later(&mut metrics);
    let named = |line: &String| line.ends_with("workload=\"api.service\"} 1");
    assert!(series(&metrics).iter().any(named));
}

/// All that can be counted by workload, of 50,000 with hostile names, as often as there are kinds, on the most paths with
/// the longest names, with as many names as can be configured.
#[test]
fn a_scrape_of_fifty_thousand_hostile_workloads_stays_below_two_mebibytes() {
    let outcomes = Outcome::ALL.iter().copied();
    let causes = Cause::ALL.iter().copied();
    let kinds: Vec<FindingKind> = [FindingKind::AtRisk, FindingKind::Crossed]
        .into_iter()
        .chain(outcomes.map(|outcome| FindingKind::Outcome { outcome }))
        .chain(causes.map(|cause| FindingKind::Stall { cause }))
        .collect();
    for (path_count, most) in [(3, 100), (128, 250)] {
        let names: Vec<String> = (0..path_count)
            .map(|number| format!("{}{}", word(number), "p".repeat(59)))
            .collect();
        let paths = names.iter().map(|name| PathNumbers {
            name,
            timeout: Duration::from_secs(240),
        });
        let mut metrics = Metrics::new(paths);
        metrics.count_by_workload(ByWorkload {
            kinds: ALL_KINDS.to_vec(),
            most,
        });
        let begun = Instant::now();
        let hostile = |number| {
            let name = format!("{}\\\"\n\u{1b}[2J{}", word(number), "\\".repeat(10_000));
            process(&name)
        };
        // Each meets another trouble on another path, and the first ones many.
        let first = (0..13).flat_map(|round| (0..most).map(move |number| (number, round)));
        for (number, round) in (0..MANY).map(|number| (number, 0)).chain(first) {
            let kind = kinds[(number + round) % kinds.len()];
            let path = &names[(number / 7 + round) % names.len()];
            metrics
                .on_finding(&of(hostile(number), kind, path))
                .unwrap();
        }
        let counted = begun.elapsed();
        shown_later(&mut metrics);
        let begun = Instant::now();
        let text = metrics.render();
        println!(
            "{path_count} paths, {most} names: {} bytes, {} series, written in {:?}; findings counted in {counted:?}",
            text.len(),
            text.lines().filter(|line| !line.starts_with('#')).count(),
            begun.elapsed(),
        );
        assert!(text.len() < MOST_BYTES, "{} bytes", text.len());
        let named = |line: &&str| line.contains("workload=\"") && !line.contains("\"~other\"");
        assert_eq!(
            text.lines().filter(named).count(),
            most * 8,
            "as many as may be"
        );
        let plain = |c: char| c == '\n' || !c.is_control();
        assert!(text.chars().all(plain), "{text:?}");
        for line in text.lines().filter(|line| line.contains("workload=\"")) {
            assert!(line.len() < 512, "{line}");
            let value = line.rsplit(' ').next().and_then(|value| value.parse().ok());
            assert!(value.is_some_and(|value: u64| value > 0), "{line}");
        }
    }
}
