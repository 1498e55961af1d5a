//! Truths about many connections, about quiet, about suspicions and stalls.

use super::compare::differences;
use super::{Conclusion, Observed, ObservedFinding, Severity, Truth};
use crate::ends::End::{self, Client, Server};
use serde_json::{Value, json};

pub(super) fn finding(end: End, kind: &str, word: &str, severity: &str) -> Value {
    let mut finding = json!({
        "time": "2026-01-31T12:00:00.123Z", "kind": kind, "certainty": "observed",
        "severity": severity, "gap_seconds": 5.0, "timeout_seconds": 4.0, "path": "nat",
        "clock": "packets",
        "connection": {"id": "1f-ab", "flow_id": "ab", "family": "ipv4", "local": "198.18.1.2:4000",
            "remote": "198.19.1.2:5432", "netns": 4_026_531_840_u32, "role": end.word()},
        "owner": {"pid": 7, "comm": end.app(), "unit": null, "cgroup": "/mine"},
        "evidence": [{"fact": "timeouts", "value": 3}], "advice": "keepalive starts after 6 s",
        "summary": "silence"
    });
    match kind {
        "outcome" => finding["outcome"] = json!(word),
        "stall" => finding["cause"] = json!(word),
        _ => {}
    }
    finding
}

pub(super) fn observation(end: End, connection: usize, finding: Value) -> ObservedFinding {
    let mut finding: super::Finding = serde_json::from_value(finding).unwrap();
    finding.connection.flow_id = format!("{connection:x}");
    ObservedFinding {
        at_seconds: 9.0,
        end: Some(end),
        on: connection,
        finding,
    }
}

pub(super) fn observed(findings: Vec<ObservedFinding>) -> Observed {
    Observed {
        findings,
        alerts: Some(Vec::new()),
        ..Observed::default()
    }
}

/// One finding, about the client's end of the first connection.
fn of_client(finding: Value) -> Observed {
    observed(vec![observation(Client, 0, finding)])
}

pub(super) fn alert(name: &str, severity: &str, owner: &str) -> Value {
    json!({"name": name, "severity": severity, "path": "nat", "owner": owner,
        "connections": 1, "count": 1, "state": "firing", "since": "2026-01-31T12:00:00Z", "summary": "gone", "example": "1f-ab"})
}

/// Asserts that there is a difference, and that each tells `how`.
fn differs(truth: &Truth, observed: &Observed, how: &str) {
    let found = differences(truth, observed);
    assert!(!found.is_empty(), "nothing differs: {how}");
    assert!(found.iter().any(|found| found.contains(how)), "{found:?}");
}

fn agrees(truth: &Truth, observed: &Observed) {
    assert_eq!(differences(truth, observed), Vec::<String>::new());
}

#[test]
fn a_suspicion_must_be_one_and_nothing_else_may_be() {
    let undelivered =
        || Truth::of_path("nat", 4).due(Client, Conclusion::Undelivered, Severity::Page, 4.0..=6.0);
    let mut finding = finding(Client, "outcome", "undelivered", "page");
    let open = of_client(finding.clone());
    differs(&undelivered().suspected(), &open, "suspected was due");
    finding["certainty"] = json!("suspected");
    let suspected = of_client(finding.clone());
    agrees(&undelivered().suspected(), &suspected);
    differs(&undelivered(), &suspected, "observed was due");
    finding["certainty"] = json!("proven");
    let proven = of_client(finding);
    differs(
        &undelivered().suspected(),
        &proven,
        "proven, which one host",
    );
}

#[test]
fn a_stall_is_known_by_its_cause_and_wakes_whom_it_should() {
    let truth = Truth::of_path("nat", 4).stalls(Client, Conclusion::StallBlackholed, 1.0..=8.0);
    let stall = |cause, severity| of_client(finding(Client, "stall", cause, severity));
    agrees(&truth, &stall("blackholed", "page"));
    differs(
        &truth,
        &stall("blackholed", "ticket"),
        "severity ticket, page was due",
    );
    differs(
        &truth,
        &stall("unexplained", "page"),
        "said stall/unexplained",
    );
    let outcome = of_client(finding(Client, "outcome", "blackholed", "page"));
    differs(&truth, &outcome, "said blackholed");
}

#[test]
fn where_nobody_may_be_woken_a_page_is_told_and_so_is_a_ticket_that_is_not_due() {
    let truth = Truth::of_path("nat", 4).quiet();
    agrees(&truth, &observed(Vec::new()));
    for severity in ["page", "ticket"] {
        let woken = of_client(finding(Client, "stall", "awaiting_reply", severity));
        differs(&truth, &woken, "nobody may be woken here");
    }
    // Not even one that an ill-written truth itself holds.
    let contradicts = Truth::of_path("nat", 4).quiet().due(
        Client,
        Conclusion::Blackholed,
        Severity::Page,
        4.0..=6.0,
    );
    let paged = of_client(finding(Client, "outcome", "blackholed", "page"));
    differs(&contradicts, &paged, "nobody may be woken here");
    // A ticket on the way is the silence's own, if the truth says so.
    let crosses = Truth::of_path("nat", 4).quiet().crosses(Client);
    agrees(
        &crosses,
        &of_client(finding(Client, "crossed", "", "ticket")),
    );
}

#[test]
fn a_quiet_end_that_nobody_looked_at_is_no_quiet_end() {
    let unread = Observed {
        alerts: None,
        ..observed(Vec::new())
    };
    differs(
        &Truth::of_path("nat", 4).quiet(),
        &unread,
        "nobody looked at its alerts",
    );
}

#[test]
fn a_warning_that_is_due_must_come_with_its_reason() {
    let truth = |reason| Truth::of_path("nat", 6).warned(Client, reason);
    let mut warning = finding(Client, "at_risk", "", "none");
    warning["timeout_seconds"] = json!(6.0);
    let warned = of_client(warning.clone());
    agrees(&truth("keepalive starts after 6 s"), &warned);
    differs(&truth("keepalive is off"), &warned, "does not advise");
    warning["gap_seconds"] = json!(6.5);
    let late = of_client(warning);
    differs(&truth("keepalive starts after 6 s"), &late, "gap of 6.5 s");
    differs(
        &truth("keepalive starts after 6 s"),
        &observed(Vec::new()),
        "at_risk was due",
    );
}

#[test]
fn each_of_many_connections_has_its_own_truth() {
    let truth = Truth::of_path("nat", 4)
        .with_connections(3)
        .crosses(Client)
        .about(0..2);
    let crossed =
        |connection| observation(Client, connection, finding(Client, "crossed", "", "ticket"));
    agrees(&truth, &observed(vec![crossed(1), crossed(0)]));
    differs(
        &truth,
        &observed(vec![crossed(0)]),
        "crossed was due and was not said",
    );
    differs(
        &truth,
        &observed(vec![crossed(0), crossed(0)]),
        "which the truth does not hold",
    );
    let third = observed(vec![crossed(0), crossed(1), crossed(2)]);
    differs(&truth, &third, "which the truth does not hold");
}

#[test]
fn a_finding_of_a_run_is_printed_with_both_its_number_and_its_connection() {
    let third = observation(Client, 3, finding(Client, "crossed", "", "ticket"));
    let line = serde_json::to_string(&third).unwrap();
    let printed: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(printed["on"], 3);
    assert_eq!(printed["connection"]["id"], "1f-ab");
    assert_eq!(line.matches("\"connection\":").count(), 1, "{line}");
}

#[test]
fn a_scope_must_be_said_where_it_is_due_and_nowhere_else() {
    let alone = Truth::of_path("nat", 4).stalls(Client, Conclusion::StallBlackholed, 1.0..=8.0);
    let mut stall = finding(Client, "stall", "blackholed", "page");
    differs(
        &alone.clone().says_unreachable(),
        &of_client(stall.clone()),
        "has the scope None",
    );
    stall["scope"] = json!("peer_or_network");
    let reaches_far = of_client(stall);
    agrees(&alone.clone().says_unreachable(), &reaches_far);
    differs(&alone, &reaches_far, "has the scope Some");
}

#[test]
fn what_is_said_of_an_unwatched_end_is_not_looked_at() {
    let truth = Truth::of_path("nat", 4).quiet().unwatched(Server);
    let paged = finding(Server, "outcome", "blackholed", "page");
    let mut of_server = observed(vec![observation(Server, 0, paged)]);
    let firing = |owner| {
        Some(vec![
            serde_json::from_value(alert("blackholed", "page", owner)).unwrap(),
        ])
    };
    of_server.alerts = firing("server-app");
    agrees(&truth, &of_server);
    of_server.alerts = firing("client-app");
    differs(&truth, &of_server, "is firing, and should not");
    differs(
        &truth.quiet().unwatched(Client),
        &of_server,
        "server: said blackholed",
    );
}

#[test]
fn an_owner_in_a_control_group_of_its_own_must_be_named_by_it() {
    let truth = Truth::of_path("nat", 4).crosses(Client);
    let mut observed = of_client(finding(Client, "crossed", "", "ticket"));
    observed.cgroup = Some("/mine".to_owned());
    agrees(&truth, &observed);
    observed.cgroup = Some("/another".to_owned());
    differs(&truth, &observed, "is held by the control group");
}
