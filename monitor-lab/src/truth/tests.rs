//! A testbed that cannot fail proves nothing: each of these is a `tcplull` that
//! is wrong in one way, and the comparison must say so.

use super::compare::{differences, unread};
use super::tests_of_many::{self, alert};
use super::{Conclusion, Holder, Observed, ObservedFinding, Reading, Severity, Truth};
use crate::ends::End::{self, Client, Server};
use serde_json::{Value, json};

/// The truth of a black hole, in short.
pub(super) fn truth() -> Truth {
    Truth::of_path("nat", 4)
        .crosses(Client)
        .due(Client, Conclusion::Blackholed, Severity::Page, 5.8..=6.8)
        .resting_on("timeouts", 1.0..=3.0)
        .timed()
        .counts("tcplull_crossed_total", &[])
        .leaves_firing(Conclusion::Blackholed, Severity::Page, Client)
}

fn finding(end: End, conclusion: &str, severity: &str, gap: f64) -> Value {
    let kind = match conclusion {
        "blackholed" => "outcome",
        kind => kind,
    };
    let mut finding = tests_of_many::finding(end, kind, conclusion, severity);
    finding["gap_seconds"] = json!(gap);
    finding
}

fn observation(end: Option<End>, at_seconds: f64, finding: Value) -> ObservedFinding {
    ObservedFinding {
        at_seconds,
        end,
        on: 0,
        finding: serde_json::from_value(finding).unwrap(),
    }
}

/// What a `tcplull` says that is right in all.
pub(super) fn right() -> Observed {
    Observed {
        findings: vec![
            observation(Some(Client), 3.1, finding(Client, "at_risk", "none", 3.1)),
            observation(Some(Client), 4.3, finding(Client, "crossed", "ticket", 4.3)),
            observation(
                Some(Client),
                7.7,
                finding(Client, "blackholed", "page", 6.0),
            ),
        ],
        alerts_in_silence: Some(vec![
            serde_json::from_value(alert("crossed", "ticket", "client-app")).unwrap(),
        ]),
        alerts: Some(vec![
            serde_json::from_value(alert("blackholed", "page", "client-app")).unwrap(),
        ]),
        metrics: Some(vec![Reading {
            series: "tcplull_crossed_total".to_owned(),
            value: Some(1.0),
        }]),
        ..Observed::default()
    }
}

/// Asserts that `said` differs from the truth in one way only, and how.
fn differs(observed: &Observed, how: &str) {
    let found = differences(&truth(), observed);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains(how), "{found:?}");
}

#[test]
fn what_is_right_has_no_differences() {
    assert_eq!(differences(&truth(), &right()), Vec::<String>::new());
}

#[test]
fn a_finding_that_was_not_said_is_missed() {
    let mut observed = right();
    observed.findings.pop();
    differs(&observed, "client: blackholed was due and was not said");
}

#[test]
fn a_false_finding_is_caught_whosever_it_is() {
    let mut observed = right();
    let crossed = || finding(Server, "crossed", "ticket", 4.2);
    observed
        .findings
        .push(observation(Some(Server), 8.0, crossed()));
    differs(&observed, "server: said crossed");
    let mut observed = right();
    observed.findings.push(observation(None, 8.0, crossed()));
    differs(&observed, "no connection of this story");
}

#[test]
fn the_same_finding_twice_is_one_too_many() {
    for twice in [0, 1, 2] {
        let mut observed = right();
        let again = observed.findings[twice].clone();
        observed.findings.push(again);
        differs(&observed, "which the truth does not hold here");
    }
}

#[test]
fn a_verdict_before_the_crossing_is_out_of_order() {
    let mut observed = right();
    observed.findings.swap(1, 2);
    assert!(!differences(&truth(), &observed).is_empty());
}

#[test]
fn wrong_details_are_caught() {
    let wrong = [
        ("severity", json!("ticket"), "severity ticket, page was due"),
        ("gap_seconds", json!(4.0), "gap of 4 s"),
        ("path", json!("other"), "on path"),
        ("timeout_seconds", json!(240.0), "timeout"),
        ("certainty", json!("suspected"), "suspected"),
        ("summary", json!(""), "no summary"),
        ("clock", json!("payload"), "packets were due"),
        (
            "owner",
            json!({"pid": 7, "comm": "sshd", "unit": null}),
            "held by",
        ),
        (
            "evidence",
            json!([{"fact": "timeouts", "value": 9}]),
            "timeouts = 9",
        ),
        (
            "evidence",
            json!([{"fact": "x", "value": 3}]),
            "does not rest on timeouts",
        ),
    ];
    for (field, value, how) in wrong {
        let mut observed = right();
        let mut blackholed = finding(Client, "blackholed", "page", 6.0);
        blackholed[field] = value;
        observed.findings[2] = observation(Some(Client), 7.7, blackholed);
        differs(&observed, how);
    }
}

#[test]
fn what_the_machine_stretched_may_last_longer_by_so_much() {
    let mut observed = right();
    observed.findings[2].finding.gap_seconds = 9.0;
    differs(&observed, "gap of 9 s");
    observed.stretched_seconds = 1.5;
    differs(&observed, "gap of 9 s");
    observed.stretched_seconds = 3.0;
    assert_eq!(differences(&truth(), &observed), Vec::<String>::new());
}

#[test]
fn a_warning_that_wakes_somebody_is_caught() {
    let mut observed = right();
    observed.findings[0] = observation(Some(Client), 3.1, finding(Client, "at_risk", "page", 3.1));
    differs(&observed, "wakes somebody");
}

#[test]
fn both_ends_must_show_one_flow() {
    let mut observed = right();
    observed.findings[2].finding.connection.flow_id = "cd".to_owned();
    differs(&observed, "several flow ids");
}

#[test]
fn alerts_must_be_the_ones_that_are_due() {
    let mut observed = right();
    observed.alerts = Some(Vec::new());
    differs(
        &observed,
        "blackholed of client-app for 1 connection(s) was due",
    );
    let mut observed = right();
    let late = serde_json::from_value(alert("crossed", "ticket", "client-app")).unwrap();
    observed.alerts.as_mut().unwrap().push(late);
    differs(
        &observed,
        "crossed of client-app for 1 connection(s) is firing, and should not",
    );
}

#[test]
fn a_series_that_is_absent_or_too_low_is_caught() {
    for value in [None, Some(0.0)] {
        let mut observed = right();
        observed.metrics.as_mut().unwrap()[0].value = value;
        differs(&observed, "at least 1 was due");
    }
}

#[test]
fn words_that_are_due_must_be_there_in_evidence_and_summary() {
    let truth = Truth::of_path("nat", 4)
        .due(Client, Conclusion::Blackholed, Severity::Page, 5.8..=6.8)
        .showing("sign", "ttl")
        .saying("of silence");
    let found = |signs: &[&str], summary: &str| {
        let mut blackholed = finding(Client, "blackholed", "page", 6.0);
        let signs = signs
            .iter()
            .map(|sign| json!({"fact": "sign", "value": sign}));
        blackholed["evidence"] = signs.chain([json!({"fact": "x", "value": 1})]).collect();
        blackholed["summary"] = json!(summary);
        let observed = Observed {
            findings: vec![observation(Some(Client), 7.7, blackholed)],
            ..Observed::default()
        };
        differences(&truth, &observed).join("\n")
    };
    assert_eq!(found(&["window", "ttl"], "6 s of silence"), "");
    let other = found(&["window"], "6 s of silence");
    assert!(
        other.contains(r#"sign = "window", "ttl" was due"#),
        "{other}"
    );
    let none = found(&[], "6 s of silence");
    assert!(none.contains("does not rest on sign"), "{none}");
    let silent = found(&["ttl"], "6 s of peace");
    assert!(silent.contains(r#"does not say "of silence""#), "{silent}");
}

#[test]
fn what_is_due_and_was_not_read_is_told() {
    assert_eq!(unread(&truth(), &right()), Vec::<String>::new());
    let observed = Observed {
        alerts: None,
        metrics: None,
        ..right()
    };
    assert_eq!(unread(&truth(), &observed).len(), 2);
    let truth = truth().lists_kept_alive(Client, None);
    assert_eq!(unread(&truth, &observed).len(), 3);
}

#[test]
fn another_process_or_namespace_than_the_storys_is_caught() {
    let holder = |pid, netns| Holder { pid, netns };
    let mut observed = right();
    observed.holders = Some([holder(7, 4_026_531_840), holder(8, 4_026_531_840)]);
    assert_eq!(differences(&truth(), &observed), Vec::<String>::new());
    for (client, how) in [
        (
            holder(8, 4_026_531_840),
            "is held by process Some(7), not 8",
        ),
        (
            holder(7, 1),
            "is in the network namespace 4026531840, not 1",
        ),
    ] {
        observed.holders = Some([client, holder(8, 1)]);
        let found = differences(&truth(), &observed);
        assert!(found.iter().all(|one| one.contains(how)), "{found:?}");
        assert_eq!(found.len(), observed.findings.len());
    }
}

#[test]
fn a_line_that_is_no_finding_is_caught() {
    let mut observed = right();
    observed.unreadable.push("panicked at".to_owned());
    differs(&observed, "panicked at");
}

#[test]
fn a_listing_is_held_to_both_clocks_and_the_keepalive() {
    let truth = Truth::of_path("nat", 4).lists_kept_alive(Client, Some([1, 1]));
    let listed = |field: &str, value: Value| {
        let mut listed = json!({
            "connection": finding(Client, "crossed", "none", 0.0)["connection"],
            "owner": {"pid": 7, "comm": "client-app", "unit": null}, "state": "established",
            "payload_idle_seconds": 6.1, "packet_idle_seconds": 0.4, "path": "nat",
            "timeout_seconds": 4.0, "silence": "ok",
            "keepalive": {"enabled": true, "time_seconds": 1.0, "interval_seconds": 1.0}
        });
        listed[field] = value;
        Observed {
            listing: Some(vec![(
                Client,
                Some(serde_json::from_value(listed).unwrap()),
            )]),
            ..Observed::default()
        }
    };
    let right = listed("silence", json!("ok"));
    assert_eq!(differences(&truth, &right), Vec::<String>::new());
    let off = json!({"enabled": false, "time_seconds": 1.0, "interval_seconds": 1.0});
    for (field, value) in [
        ("payload_idle_seconds", json!(0.4)),
        ("packet_idle_seconds", json!(6.1)),
        ("keepalive", off),
        ("silence", json!("crossed")),
        ("path", json!(null)),
    ] {
        let found = differences(&truth, &listed(field, value));
        assert_eq!(found.len(), 1, "{field}: {found:?}");
    }
    let absent = Observed {
        listing: Some(vec![(Client, None)]),
        ..Observed::default()
    };
    assert_eq!(differences(&truth, &absent).len(), 1);
}

#[test]
fn ends_in_one_systemd_unit_share_an_alert() {
    let truth = Truth::of_path("nat", 4).crosses(Client).crosses(Server);
    let crossed = |end: End| {
        let mut crossed = finding(end, "crossed", "ticket", 4.2);
        crossed["owner"]["unit"] = json!("bench.service");
        observation(Some(end), 4.3, crossed)
    };
    let mut shared = alert("crossed", "ticket", "bench.service");
    shared["connections"] = json!(2);
    let mut observed = Observed {
        findings: vec![crossed(Client), crossed(Server)],
        alerts_in_silence: Some(vec![serde_json::from_value(shared).unwrap()]),
        ..Observed::default()
    };
    assert_eq!(differences(&truth, &observed), Vec::<String>::new());
    observed.alerts_in_silence.as_mut().unwrap()[0].connections = 1;
    assert_eq!(differences(&truth, &observed).len(), 2);
}
