//! What a life was told, held against what may be told of it.

use super::*;
use crate::real::Stage;
use crate::truth::{Alert, Finding};
use serde_json::json;
use std::time::Duration;

const APPLICATION: Application = Application {
    name: "one",
    start: |_: &mut Stage<'_>| Ok(()),
    truth: &[Due::client(Conclusion::Blackholed, Severity::Page)],
    ..crate::real::BASE
};

fn finding(role: &str, outcome: &str, severity: &str, gap_seconds: f64) -> Finding {
    let crossed = outcome == "crossed";
    serde_json::from_value(json!({
        "time": "", "kind": if crossed { "crossed" } else { "outcome" },
        "outcome": if crossed { None } else { Some(outcome) },
        "certainty": "observed", "severity": severity, "gap_seconds": gap_seconds, "timeout_seconds": 4.0,
        "path": "stated", "clock": "packets",
        "connection": { "id": "1-1-1", "flow_id": "1-1", "family": "ipv4", "local": "198.18.1.2:1",
            "remote": "198.19.1.2:2", "netns": 1, "role": role },
        "owner": { "pid": 1, "comm": "one", "unit": null }, "evidence": [], "advice": null, "summary": "words"
    }))
    .unwrap()
}

fn alert(name: &str, severity: &str) -> Alert {
    serde_json::from_value(json!({
        "name": name, "severity": severity, "state": "over", "path": null, "owner": null, "connections": 0,
        "count": 1, "since": "", "fired": "then", "ended": null, "summary": "words", "example": ""
    }))
    .unwrap()
}

fn entry(at: Instant, finding: Finding) -> Entry {
    Entry {
        at,
        what: Happened::Finding(Box::new(finding)),
    }
}

fn judged(staging: Staging, findings: &[Finding], alerts: &[Alert]) -> Vec<String> {
    let entries: Vec<Entry> = findings
        .iter()
        .map(|finding| entry(Instant::now(), finding.clone()))
        .collect();
    let judgement = judge(&APPLICATION, staging, 4, &entries, &[], alerts);
    judgement.differences().cloned().collect()
}

#[test]
fn on_a_stated_path_both_ends_silences_are_due_and_nothing_else_wakes() {
    let both = ["client", "server"].map(|role| finding(role, "crossed", "ticket", 4.5));
    let fired = [alert("crossed", "ticket")];
    assert!(judged(Staging::Stated, &both, &fired).is_empty());
    assert_eq!(judged(Staging::Stated, &both[..1], &fired).len(), 1);
    let mut early = both.to_vec();
    early.push(finding("client", "crossed", "ticket", 3.5));
    assert_eq!(judged(Staging::Stated, &early, &fired).len(), 1);
    let mut page = both.to_vec();
    page.push(finding("client", "blackholed", "page", 4.5));
    assert_eq!(judged(Staging::Stated, &page, &fired).len(), 1);
}

#[test]
fn without_a_path_a_page_may_be_pending_while_the_path_is_dead_and_never_fires() {
    let now = Instant::now();
    let second = Duration::from_secs(1);
    let entries = [entry(now, finding("client", "blackholed", "page", 2.0))];
    let phase = |disturbance, from: Instant| Phase {
        disturbance,
        from,
        until: from + second,
    };
    let differences = |phase: Phase, alerts: &[Alert]| {
        let judgement = judge(&APPLICATION, Staging::NoPath, 4, &entries, &[phase], alerts);
        judgement.differences().count()
    };
    let outage = phase(Disturbance::Outage(3), now);
    let of = |owner: &str, count: u64| {
        [Alert {
            owner: Some(owner.into()),
            count,
            ..alert("interrupted", "ticket")
        }]
    };
    let interrupted = of("one", 1);
    assert_eq!(differences(outage, &interrupted), 0);
    assert_eq!(differences(outage, &of("any", 1)), 0);
    assert_eq!(differences(outage, &of("another", 1)), 1, "it had no page");
    assert_eq!(differences(outage, &of("one", 2)), 1, "it had but one page");
    assert_eq!(differences(outage, &[alert("blackholed", "ticket")]), 1);
    assert_eq!(differences(outage, &[alert("blackholed", "page")]), 1);
    let paused = phase(Disturbance::ServerPaused, now);
    assert_eq!(differences(paused, &[]), 1);
    assert_eq!(
        differences(phase(Disturbance::Outage(3), now + second), &interrupted),
        2
    );
}

#[test]
fn behind_a_box_what_is_due_must_be_said_and_fire() {
    let page = finding("client", "blackholed", "page", 5.0);
    let fired = [alert("blackholed", "page")];
    assert!(judged(Staging::Box, std::slice::from_ref(&page), &fired).is_empty());
    assert_eq!(judged(Staging::Box, &[page], &[]).len(), 1);
    let server = finding("server", "blackholed", "page", 5.0);
    assert_eq!(judged(Staging::Box, &[server], &fired).len(), 2);
}
