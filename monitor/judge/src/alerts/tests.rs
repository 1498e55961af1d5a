//! Alerts as a duty officer sees them.

use super::*;
use monitor_model::finding::{
    Certainty, Clock, Connection, Evidence, Family, Outcome, Role, Scope,
};
use monitor_model::owner::Owner;
use monitor_model::time::Timestamp;

const MINUTE: u64 = 60_000_000_000;

fn moment(second: u32) -> Timestamp {
    let text = format!("2026-01-31T12:00:{second:02}.000Z");
    text.parse().expect("a moment")
}

fn finding(kind: FindingKind, severity: Severity, connection: u32) -> Finding {
    Finding {
        time: moment(connection % 60),
        kind,
        certainty: Certainty::Observed,
        severity,
        scope: None,
        gap_seconds: 250.0,
        timeout_seconds: Some(240.0),
        path: Some("azure-snat".into()),
        clock: Clock::Packets,
        connection: Connection {
            id: format!("{connection:x}-flow"),
            flow_id: "flow".into(),
            family: Family::Ipv4,
            local: "10.0.0.4:5".into(),
            remote: "20.1.2.3:443".into(),
            netns: 1,
            role: Role::Client,
        },
        owner: Owner {
            unit: Some("api.service".into()),
            comm: Some("api".into()),
            ..Owner::default()
        },
        evidence: vec![Evidence {
            fact: "timeouts".into(),
            value: 3.into(),
        }],
        advice: None,
        summary: format!("connection {connection}"),
        given_up: false,
    }
}

fn crossed(connection: u32) -> Verdict {
    Verdict::Finding(Box::new(finding(
        FindingKind::Crossed,
        Severity::Ticket,
        connection,
    )))
}

fn outcome(outcome: Outcome, severity: Severity, connection: u32) -> Verdict {
    Verdict::Finding(Box::new(finding(
        FindingKind::Outcome { outcome },
        severity,
        connection,
    )))
}

fn ended(connection: u32) -> Verdict {
    Verdict::SilenceEnded {
        connection_id: format!("{connection:x}-flow"),
    }
}

fn reported(changes: &[AlertChange]) -> Vec<String> {
    changes
        .iter()
        .map(|change| match change {
            AlertChange::Firing(alert) => format!("{} fires", alert.name),
            AlertChange::Resolved(alert) => format!("{} resolved", alert.name),
        })
        .collect()
}

fn counts(alerts: &Alerts) -> Vec<(String, u64)> {
    alerts
        .firing()
        .map(|alert| (alert.name, alert.connections))
        .collect()
}

#[test]
fn ten_thousand_idle_connections_of_one_pool_are_one_alert() {
    let mut alerts = Alerts::new(Limits::default());
    let mut changes = Vec::new();
    for connection in 0..10_000 {
        changes.extend(alerts.apply(&crossed(connection), 0));
        changes.extend(alerts.apply(&crossed(connection), 0));
    }
    assert_eq!(reported(&changes), ["crossed fires"]);
    let alert = alerts.firing().next().expect("it fires");
    assert_eq!(alert.connections, 10_000);
    assert_eq!(
        (alert.path.as_str(), alert.owner.as_str()),
        ("azure-snat", "api.service")
    );
    assert_eq!(alert.since, moment(0));
    assert_eq!(
        (alert.summary.as_str(), alert.example.as_str()),
        ("connection 9999", "270f-flow")
    );
    for connection in 0..9_999 {
        assert!(alerts.apply(&ended(connection), MINUTE).is_empty());
    }
    assert_eq!(counts(&alerts), [("crossed".into(), 1)]);
    assert_eq!(
        reported(&alerts.apply(&ended(9_999), MINUTE)),
        ["crossed resolved"]
    );
    assert_eq!(alerts.firing().count(), 0);
}

#[test]
fn findings_that_wake_nobody_fire_nothing() {
    let mut alerts = Alerts::new(Limits::default());
    assert!(
        alerts
            .apply(&outcome(Outcome::Survived, Severity::None, 1), 0)
            .is_empty()
    );
    let guessed = finding(FindingKind::Crossed, Severity::None, 1);
    assert!(
        alerts
            .apply(&Verdict::Finding(Box::new(guessed)), 0)
            .is_empty()
    );
    assert_eq!(alerts.firing().count(), 0);
}

#[test]
fn the_outcome_takes_the_place_of_the_crossing() {
    let mut alerts = Alerts::new(Limits::default());
    alerts.apply(&crossed(1), 0);
    let changes = alerts.apply(&outcome(Outcome::Blackholed, Severity::Page, 1), 1);
    assert_eq!(reported(&changes), ["crossed resolved", "blackholed fires"]);
    assert!(
        alerts.apply(&ended(1), 2).is_empty(),
        "the end of the connection hides no page"
    );
    let changes = alerts.apply(&outcome(Outcome::Recovered, Severity::None, 1), 3);
    assert_eq!(reported(&changes), ["blackholed resolved"]);
}

#[test]
fn an_outcome_stays_for_a_quarter_of_an_hour_after_the_last_connection() {
    let mut alerts = Alerts::new(Limits::default());
    alerts.apply(&outcome(Outcome::Reset, Severity::Page, 1), 0);
    alerts.apply(&outcome(Outcome::Reset, Severity::Page, 2), 10 * MINUTE);
    assert!(alerts.tick(24 * MINUTE).is_empty());
    assert_eq!(counts(&alerts), [("reset".into(), 2)]);
    assert_eq!(reported(&alerts.tick(25 * MINUTE)), ["reset resolved"]);
    let again = alerts.apply(&outcome(Outcome::Reset, Severity::Page, 1), 26 * MINUTE);
    assert_eq!(reported(&again), ["reset fires"], "it can fire again");
    assert_eq!(counts(&alerts), [("reset".into(), 1)]);
}

#[test]
fn a_crossing_does_not_age_away_while_the_connection_is_silent() {
    let mut alerts = Alerts::new(Limits::default());
    alerts.apply(&crossed(1), 0);
    assert!(alerts.tick(10_000 * MINUTE).is_empty());
}

#[test]
fn pages_and_tickets_of_one_outcome_are_two_alerts() {
    let mut alerts = Alerts::new(Limits::default());
    alerts.apply(&outcome(Outcome::Reset, Severity::Page, 1), 0);
    alerts.apply(&outcome(Outcome::Reset, Severity::Ticket, 2), 0);
    let severities: Vec<Severity> = alerts.firing().map(|alert| alert.severity).collect();
    assert_eq!(severities, [Severity::Ticket, Severity::Page]);
}

#[test]
fn a_connection_whose_owner_becomes_known_moves_to_its_alert() {
    let mut alerts = Alerts::new(Limits::default());
    let mut nameless = finding(FindingKind::Crossed, Severity::Ticket, 1);
    nameless.owner = Owner::default();
    nameless.path = None;
    alerts.apply(&Verdict::Finding(Box::new(nameless)), 0);
    let alert = alerts.firing().next().expect("it fires");
    assert_eq!(
        (alert.path.as_str(), alert.owner.as_str()),
        ("none", "unknown")
    );
    let changes = alerts.apply(&crossed(1), 0);
    assert_eq!(reported(&changes), ["crossed resolved", "crossed fires"]);
}

#[test]
fn bounds_hold_and_what_they_drop_is_counted() {
    let limits = Limits {
        max_alerts: 1,
        max_members: 2,
        hold_ns: MINUTE,
    };
    let mut alerts = Alerts::new(limits);
    for connection in 0..5 {
        alerts.apply(&crossed(connection), 0);
    }
    assert_eq!(counts(&alerts), [("crossed".into(), 5)]);
    assert!(
        alerts
            .apply(&outcome(Outcome::Reset, Severity::Page, 9), 0)
            .is_empty()
    );
    assert_eq!(
        alerts.stats(),
        AlertStats {
            firing: 1,
            alerts_full_total: 1,
            members_full_total: 3
        }
    );
    alerts.apply(&ended(0), 0);
    alerts.apply(&ended(1), 0);
    assert_eq!(
        counts(&alerts),
        [("crossed".into(), 3)],
        "three remain, unknown by name"
    );
    assert!(alerts.tick(MINUTE - 1).is_empty());
    assert_eq!(reported(&alerts.tick(MINUTE)), ["crossed resolved"]);
}

#[test]
fn an_alert_is_read_back_from_its_json() {
    let mut alerts = Alerts::new(Limits::default());
    let changes = alerts.apply(&crossed(1), 0);
    let json = serde_json::to_string(&changes).expect("it serialises");
    assert!(
        json.starts_with(r#"[{"change":"firing","name":"crossed","severity":"ticket""#),
        "{json}"
    );
    let back: Vec<AlertChange> = serde_json::from_str(&json).expect("it reads back");
    assert_eq!(back, changes);
}

fn stall(cause: Cause, severity: Severity, connection: u32) -> Finding {
    finding(FindingKind::Stall { cause }, severity, connection)
}

fn unreachable(mut finding: Finding) -> Verdict {
    finding.scope = Some(Scope::PeerOrNetwork);
    Verdict::Finding(Box::new(finding))
}

fn moves(connection: u32) -> Verdict {
    Verdict::StallEnded {
        connection_id: format!("{connection:x}-flow"),
    }
}

const BLACKHOLED: FindingKind = FindingKind::Outcome {
    outcome: Outcome::Blackholed,
};

#[test]
fn whatever_fails_with_its_peer_or_network_is_one_page() {
    let mut alerts = Alerts::new(Limits::default());
    let mut changes = Vec::new();
    for connection in 0..20 {
        let mut finding = if connection % 2 == 0 {
            stall(Cause::Blackholed, Severity::Page, connection)
        } else {
            finding(BLACKHOLED, Severity::Page, connection)
        };
        finding.owner.unit = Some(format!("{connection}.service"));
        changes.extend(alerts.apply(&unreachable(finding), 0));
    }
    assert_eq!(reported(&changes), ["unreachable fires"]);
    let alert = alerts.firing().next().expect("it fires");
    assert_eq!((alert.owner.as_str(), alert.connections), ("any", 20));
    let mut over = Vec::new();
    for connection in 0..20 {
        over.extend(if connection % 2 == 0 {
            alerts.apply(&moves(connection), MINUTE)
        } else {
            alerts.apply(
                &outcome(Outcome::Recovered, Severity::None, connection),
                MINUTE,
            )
        });
    }
    assert_eq!(reported(&over), ["unreachable resolved"]);
}

#[test]
fn what_failed_just_before_the_outage_showed_is_part_of_it() {
    let second = MINUTE / 60;
    let mut alerts = Alerts::new(Limits::default());
    alerts.apply(&outcome(Outcome::Blackholed, Severity::Page, 1), 0);
    let of = |connection| finding(BLACKHOLED, Severity::Page, connection);
    let changes = alerts.apply(&unreachable(of(2)), 3 * second);
    assert_eq!(
        reported(&changes),
        ["blackholed resolved", "unreachable fires"]
    );
    assert_eq!(counts(&alerts), [("unreachable".into(), 2)]);
    alerts.apply(&outcome(Outcome::Recovered, Severity::None, 1), MINUTE);
    assert_eq!(counts(&alerts), [("unreachable".into(), 1)]);
}

#[test]
fn a_loss_of_long_ago_stays_apart_but_one_that_lasts_does_not() {
    let mut alerts = Alerts::new(Limits::default());
    alerts.apply(&outcome(Outcome::Blackholed, Severity::Page, 1), 0);
    let lasting = stall(Cause::Blackholed, Severity::Page, 2);
    alerts.apply(&Verdict::Finding(Box::new(lasting)), 0);
    let last = finding(BLACKHOLED, Severity::Page, 3);
    let changes = alerts.apply(&unreachable(last), MINUTE);
    assert_eq!(reported(&changes), ["unreachable fires"]);
    assert_eq!(
        counts(&alerts),
        [("blackholed".into(), 1), ("unreachable".into(), 2)]
    );
}

#[test]
fn a_stall_lasts_until_it_moves_and_outcomes_beside_it_age() {
    let mut alerts = Alerts::new(Limits::default());
    let waiting = stall(Cause::AwaitingReply, Severity::Ticket, 1);
    alerts.apply(&Verdict::Finding(Box::new(waiting)), 0);
    let lost = stall(Cause::Blackholed, Severity::Page, 2);
    alerts.apply(&Verdict::Finding(Box::new(lost)), 0);
    alerts.apply(&outcome(Outcome::Blackholed, Severity::Page, 3), 0);
    assert!(alerts.tick(100 * MINUTE).is_empty());
    assert_eq!(
        counts(&alerts),
        [("awaiting_reply".into(), 1), ("blackholed".into(), 1)]
    );
    assert_eq!(
        reported(&alerts.apply(&moves(1), 101 * MINUTE)),
        ["awaiting_reply resolved"]
    );
    assert_eq!(
        reported(&alerts.apply(&moves(2), 101 * MINUTE)),
        ["blackholed resolved"]
    );
}

#[test]
fn a_stall_that_the_kernel_gave_up_does_not_page_for_ever() {
    let mut alerts = Alerts::new(Limits::default());
    let mut given_up = stall(Cause::Blackholed, Severity::Page, 1);
    given_up.given_up = true;
    alerts.apply(&Verdict::Finding(Box::new(given_up)), 0);
    assert!(alerts.tick(14 * MINUTE).is_empty());
    assert_eq!(reported(&alerts.tick(15 * MINUTE)), ["blackholed resolved"]);
}
