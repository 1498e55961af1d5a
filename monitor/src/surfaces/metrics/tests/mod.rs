//! What `/metrics` shows of the numbers that it is given.

mod fleet;
mod history;
mod kernel;
mod workloads;

use super::*;
use crate::own_process::ProcessNumbers;
use crate::owner::OwnerCounters;
use crate::pushed::Pushed;
use crate::surfaces::sink::Sink;
use crate::text::tests::blackholed;
use monitor_common::Counter;
use monitor_judge::JudgeStats;
use monitor_judge::alerts::AlertStats;
use monitor_model::alert::{Alert, AlertState};
use monitor_model::finding::{Finding, FindingClass, FindingKind, Outcome, Severity};
use monitor_model::listing::IdleState;
use std::collections::HashMap;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::Duration;

fn metrics() -> Metrics {
    Metrics::new(paths(["nat", "db"]))
}

fn paths<const COUNT: usize>(names: [&str; COUNT]) -> impl IntoIterator<Item = PathNumbers<'_>> {
    names.map(|name| PathNumbers {
        name,
        timeout: Duration::from_secs(240),
    })
}

/// The value of the series written so, such as `tcplull_sweeps_total`.
fn value(metrics: &Metrics, series: &str) -> Option<f64> {
    let text = metrics.render();
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(&format!("{series} ")))?;
    Some(line.parse().unwrap())
}

#[track_caller]
fn shows(metrics: &Metrics, series: &str, expected: f64) {
    assert_eq!(value(metrics, series), Some(expected), "{series}");
}

fn alert(owner: &str) -> Alert {
    Alert {
        name: "blackholed".to_owned(),
        severity: Severity::Page,
        state: AlertState::Firing,
        path: "nat".to_owned(),
        owner: owner.to_owned(),
        connections: 3,
        count: 3,
        since: "2026-01-31T12:00:00.123Z".parse().expect("a moment"),
        fired: None,
        ended: None,
        summary: "nothing comes back".to_owned(),
        example: "1f-aabb".to_owned(),
        path_owner: None,
        lost: None,
        reason: None,
    }
}

fn finding(kind: FindingKind, path: Option<&str>) -> Finding {
    Finding {
        kind,
        path: path.map(str::to_owned),
        ..blackholed()
    }
}

#[test]
fn findings_count_under_their_path() {
    let mut metrics = metrics();
    let blackholed = FindingKind::Outcome {
        outcome: Outcome::Blackholed,
    };
    metrics
        .on_finding(&finding(FindingKind::Crossed, Some("nat")))
        .unwrap();
    metrics
        .on_finding(&finding(blackholed, Some("nat")))
        .unwrap();
    metrics.on_finding(&finding(blackholed, None)).unwrap();
    metrics
        .on_finding(&finding(FindingKind::AtRisk, Some("db")))
        .unwrap();
    shows(&metrics, "tcplull_crossed_total{path=\"nat\"}", 1.0);
    shows(&metrics, "tcplull_crossed_total{path=\"db\"}", 0.0);
    let outcome =
        |path| format!("tcplull_outcomes_total{{outcome=\"blackholed\",path=\"{path}\"}}");
    shows(&metrics, &outcome("nat"), 1.0);
    shows(&metrics, &outcome("none"), 1.0);
    shows(&metrics, "tcplull_at_risk_total{path=\"db\"}", 1.0);
}

#[test]
fn an_alert_that_ended_shows_zero() {
    let mut metrics = metrics();
    let series = "tcplull_alerts_firing{alert=\"blackholed\",path=\"nat\",severity=\"page\"}";
    metrics.count_alerts([alert("api.service"), alert("web.service")]);
    assert_eq!(value(&metrics, series), Some(2.0), "two owners, two alerts");
    metrics.count_alerts([alert("api.service")]);
    shows(&metrics, series, 1.0);
    metrics.count_alerts([]);
    shows(&metrics, series, 0.0);
}

#[test]
fn what_is_pending_does_not_fire_and_what_is_over_does_neither() {
    let mut metrics = metrics();
    let in_state = |state| Alert {
        state,
        ..alert("api.service")
    };
    metrics
        .count_alerts([AlertState::Pending, AlertState::Pending, AlertState::Over].map(in_state));
    let series = |name| format!("{name}{{alert=\"blackholed\",path=\"nat\",severity=\"page\"}}");
    shows(&metrics, &series("tcplull_alerts_pending"), 2.0);
    assert_eq!(value(&metrics, &series("tcplull_alerts_firing")), None);
}

#[test]
fn how_much_is_watched_and_what_that_may_take_is_shown() {
    let mut metrics = metrics();
    metrics.watching([("snapshots", true), ("sweeps", false)]);
    metrics.step_downs = [("sweeps", 2)].into();
    metrics.cpu_share = 0.125;
    metrics.cpu_budget = f64::INFINITY;
    shows(&metrics, "tcplull_watch_level{level=\"snapshots\"}", 1.0);
    shows(&metrics, "tcplull_watch_level{level=\"sweeps\"}", 0.0);
    shows(&metrics, "tcplull_step_downs_total{to=\"sweeps\"}", 2.0);
    shows(&metrics, "tcplull_cpu_share", 0.125);
    assert!(metrics.render().contains("\ntcplull_cpu_budget +Inf\n"));
}

#[test]
fn a_sweep_replaces_what_the_one_before_found() {
    let mut metrics = metrics();
    let sweep = SweepNumbers {
        receives: true,
        rows_dropped: 4,
        samples_dropped: 3,
        duration: Duration::from_millis(20),
        interval: Duration::from_secs(5),
        sockets: 300,
        callbacks_detached: true,
    };
    metrics.sweep(sweep);
    metrics.silent(&HashMap::from([
        ((Some("nat"), IdleState::AtRisk), 7),
        ((Some("nat"), IdleState::Crossed), 2),
        ((Some("db"), IdleState::AtRisk), 1),
    ]));
    shows(
        &metrics,
        "tcplull_connections{path=\"nat\",silence=\"at_risk\"}",
        7.0,
    );
    shows(
        &metrics,
        "tcplull_connections{path=\"nat\",silence=\"crossed\"}",
        2.0,
    );
    shows(&metrics, "tcplull_sweep_duration_seconds", 0.02);
    shows(&metrics, "tcplull_sweep_interval_seconds", 5.0);
    shows(&metrics, "tcplull_sweep_sockets", 300.0);
    metrics.sweep(sweep);
    metrics.silent(&HashMap::from([((Some("db"), IdleState::AtRisk), 3)]));
    shows(
        &metrics,
        "tcplull_connections{path=\"nat\",silence=\"at_risk\"}",
        0.0,
    );
    shows(
        &metrics,
        "tcplull_connections{path=\"db\",silence=\"at_risk\"}",
        3.0,
    );
    shows(&metrics, "tcplull_sweeps_total", 2.0);
    shows(&metrics, "tcplull_sweep_rows_dropped_total", 8.0);
    shows(&metrics, "tcplull_sweep_samples_dropped_total", 6.0);
    shows(&metrics, "tcplull_callbacks_detached_total", 2.0);
}

#[test]
fn a_missing_hook_shows_with_no_mechanism() {
    let mut metrics = metrics();
    metrics.hooks([("send", Some("fentry")), ("reset_sent", None)]);
    metrics.hooks([("send", Some("tp_btf")), ("reset_sent", None)]);
    shows(
        &metrics,
        "tcplull_hook_info{hook=\"send\",mechanism=\"tp_btf\"}",
        1.0,
    );
    assert_eq!(
        value(
            &metrics,
            "tcplull_hook_info{hook=\"send\",mechanism=\"fentry\"}"
        ),
        None
    );
    shows(
        &metrics,
        "tcplull_hook_info{hook=\"reset_sent\",mechanism=\"none\"}",
        1.0,
    );
}

#[test]
fn a_reload_keeps_counts_and_takes_lost_paths_away() {
    let mut metrics = metrics();
    metrics
        .on_finding(&finding(FindingKind::Crossed, Some("nat")))
        .unwrap();
    metrics.set_paths(paths(["nat", "new"]));
    shows(&metrics, "tcplull_crossed_total{path=\"nat\"}", 1.0);
    shows(&metrics, "tcplull_crossed_total{path=\"new\"}", 0.0);
    assert!(!metrics.render().contains("\"db\""));
    // A late finding of a lost path is counted all the same, until the next reload.
    metrics
        .on_finding(&finding(FindingKind::Crossed, Some("db")))
        .unwrap();
    shows(&metrics, "tcplull_crossed_total{path=\"db\"}", 1.0);
    metrics.set_paths(paths(["nat"]));
    assert!(!metrics.render().contains("\"db\""));
}

#[test]
fn the_other_rooms_counters_are_shown() {
    let mut metrics = metrics();
    metrics.judge = JudgeStats {
        tracked: 4,
        stalls: 3,
        habits: 2,
        table_full_total: 1,
        stalls_full_total: 5,
        habits_full_total: 6,
        ..JudgeStats::default()
    };
    metrics.dropped = HashMap::from([("log", 10)]);
    metrics.recording_dropped = 11;
    metrics.alerts_not_saved = 14;
    metrics.alerts = AlertStats {
        alerts_full_total: 8,
        share_full_total: 12,
        members_full_total: 9,
        over_full_total: 13,
    };
    metrics.inspect_clients = 2;
    metrics.inspect_refused = 3;
    metrics.watch_lagged = 5;
    metrics.lists = [20, 21];
    metrics.owners = OwnerCounters {
        evicted: 6,
        walks_cut: 7,
    };
    for (series, expected) in [
        ("tcplull_judge_connections", 4.0),
        ("tcplull_judge_stalls", 3.0),
        ("tcplull_judge_habits", 2.0),
        ("tcplull_judge_dropped_total{reason=\"stalls_full\"}", 5.0),
        ("tcplull_judge_dropped_total{reason=\"habits_full\"}", 6.0),
        ("tcplull_judge_dropped_total{reason=\"table_full\"}", 1.0),
        ("tcplull_judge_dropped_total{reason=\"expired\"}", 0.0),
        (
            "tcplull_alerts_dropped_total{reason=\"too_many_alerts\"}",
            8.0,
        ),
        (
            "tcplull_alerts_dropped_total{reason=\"too_many_connections\"}",
            9.0,
        ),
        (
            "tcplull_alerts_dropped_total{reason=\"too_many_of_one_owner\"}",
            12.0,
        ),
        (
            "tcplull_alerts_dropped_total{reason=\"too_many_over\"}",
            13.0,
        ),
        ("tcplull_alerts_save_failures_total", 14.0),
        ("tcplull_inspect_clients", 2.0),
        ("tcplull_log_dropped_total", 10.0),
        ("tcplull_recording_dropped_total", 11.0),
        ("tcplull_inspect_refused_total", 3.0),
        ("tcplull_watch_lagged_total", 5.0),
        ("tcplull_lists_total{sweep=\"own\"}", 20.0),
        ("tcplull_lists_total{sweep=\"shared\"}", 21.0),
        ("tcplull_owner_cache_evicted_total", 6.0),
        ("tcplull_owner_walks_cut_total", 7.0),
    ] {
        shows(&metrics, series, expected);
    }
}

#[test]
fn promtool_finds_nothing_to_complain_about() {
    let mut metrics = metrics();
    metrics.on_finding(&blackholed()).unwrap();
    metrics.count_alerts([alert("api.service")]);
    metrics.hooks([("send", None)]);
    let started = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut promtool) = started else {
        assert!(
            std::env::var_os("CI").is_none(),
            "under CI promtool must be there"
        );
        eprintln!("skipped: promtool is not installed (Debian: apt-get install prometheus)");
        return;
    };
    let text = metrics.render();
    promtool
        .stdin
        .take()
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
    let output = promtool.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    assert_eq!(String::from_utf8_lossy(&said), "");
    assert!(output.status.success());
}

#[test]
fn the_daemon_as_a_process_has_its_standard_names_and_what_is_not_known_no_series() {
    let mut metrics = metrics();
    assert_eq!(value(&metrics, "process_open_fds"), None);
    metrics.process = ProcessNumbers {
        cpu_seconds: Some(1.25),
        resident_bytes: Some(12_345_678.0),
        max_fds: Some(f64::INFINITY),
        ..ProcessNumbers::default()
    };
    shows(&metrics, "process_cpu_seconds_total", 1.25);
    shows(&metrics, "process_resident_memory_bytes", 12_345_678.0);
    let text = metrics.render();
    assert!(text.contains("\nprocess_max_fds +Inf\n"), "{text}");
    assert!(
        text.contains("# TYPE process_cpu_seconds_total counter"),
        "{text}"
    );
}

#[test]
fn a_reload_that_fails_keeps_the_time_of_the_last_that_did_not() {
    let mut metrics = metrics();
    metrics.config_read(Some(1_769_860_800_123_456_789));
    shows(&metrics, "tcplull_config_last_reload_successful", 1.0);
    metrics.config_read(None);
    shows(&metrics, "tcplull_config_last_reload_successful", 0.0);
    let time = "tcplull_config_last_reload_success_timestamp_seconds";
    shows(&metrics, time, 1_769_860_800.123);
}

#[test]
fn findings_are_told_so_long_after_their_facts() {
    let mut metrics = metrics();
    for ms in [3, 40, 90_000] {
        metrics.told_after(FindingClass::Outcome, Duration::from_millis(ms));
    }
    let bucket =
        |le| format!("tcplull_finding_delay_seconds_bucket{{kind=\"outcome\",le=\"{le}\"}}");
    for (le, count) in [
        ("0.0025", 0.0),
        ("0.005", 1.0),
        ("0.05", 2.0),
        ("+Inf", 3.0),
    ] {
        shows(&metrics, &bucket(le), count);
    }
    // The others are there from the start.
    shows(
        &metrics,
        "tcplull_finding_delay_seconds_count{kind=\"stall\"}",
        0.0,
    );
}

#[test]
fn what_is_pushed_is_shown_by_alertmanager() {
    let mut metrics = metrics();
    assert_eq!(value(&metrics, "tcplull_notifications_total"), None);
    let mut pushed = Pushed {
        name: "am:9093".to_owned(),
        sent: 7,
        errors: [("timeout", 2), ("tls", 0)].into(),
        dropped: [("refused", 1)].into(),
        waiting: 3,
        ..Pushed::default()
    };
    pushed.took(Duration::from_millis(5));
    pushed.took(Duration::from_secs(61));
    metrics.pushed = vec![pushed];
    let of = "alertmanager=\"am:9093\"";
    shows(
        &metrics,
        &format!("tcplull_notifications_total{{{of}}}"),
        7.0,
    );
    for (reason, count) in [("timeout", 2.0), ("tls", 0.0)] {
        let series = format!("tcplull_notifications_errors_total{{{of},reason=\"{reason}\"}}");
        shows(&metrics, &series, count);
    }
    let refused = format!("tcplull_notifications_dropped_total{{{of},reason=\"refused\"}}");
    shows(&metrics, &refused, 1.0);
    shows(
        &metrics,
        &format!("tcplull_notifications_queue_length{{{of}}}"),
        3.0,
    );
    let latency = "tcplull_notifications_latency_seconds";
    shows(
        &metrics,
        &format!("{latency}_bucket{{{of},le=\"0.005\"}}"),
        1.0,
    );
    shows(
        &metrics,
        &format!("{latency}_bucket{{{of},le=\"60\"}}"),
        1.0,
    );
    shows(
        &metrics,
        &format!("{latency}_bucket{{{of},le=\"+Inf\"}}"),
        2.0,
    );
    shows(&metrics, &format!("{latency}_sum{{{of}}}"), 61.005);
    shows(&metrics, &format!("{latency}_count{{{of}}}"), 2.0);
}
