//! What people read, held line by line.

use super::*;
use connections::ConnectionTable;
use monitor_common::TcpState;
use monitor_model::alert::AlertState;
use monitor_model::api::{AgentClients, AgentHook, AgentPrivileges, AgentState, AgentSweeps};
use monitor_model::finding::Clock;
use monitor_model::finding::{
    Cause, Certainty, Connection, Evidence, Family, FindingKind, Outcome, Role,
};
use monitor_model::listing::{ConnectionRow, IdleState, Keepalive};
use monitor_model::owner::Owner;

fn connection() -> Connection {
    Connection {
        id: "1f-aabb".to_owned(),
        flow_id: "aabb".to_owned(),
        family: Family::Ipv4,
        local: "10.0.0.4:51234".to_owned(),
        remote: "20.1.2.3:443".to_owned(),
        netns: 4_026_531_840,
        role: Role::Client,
    }
}

fn api() -> Owner {
    Owner {
        pid: Some(1234),
        comm: Some("api".to_owned()),
        unit: Some("api.service".to_owned()),
        ..Owner::default()
    }
}

pub(crate) fn blackholed() -> Finding {
    Finding {
        time: "2026-01-31T12:00:00.123Z".parse().expect("a moment"),
        kind: FindingKind::Outcome {
            outcome: Outcome::Blackholed,
        },
        certainty: Certainty::Observed,
        severity: Severity::Page,
        scope: None,
        gap_seconds: 270.1,
        timeout_seconds: Some(240.0),
        path: Some("nat".to_owned()),
        clock: Clock::Packets,
        connection: connection(),
        owner: api(),
        evidence: vec![Evidence {
            fact: "timeouts".into(),
            value: 3.into(),
        }],
        advice: Some("set SO_KEEPALIVE".to_owned()),
        settings: Some("docs/settings.md#any-program-sysctls".to_owned()),
        summary: "api (pid 1234) → 20.1.2.3:443: 4m30s of silence crossed nat's 4m".to_owned(),
        given_up: false,
        still_waits: false,
        severity_before_rules: None,
    }
}

pub(crate) fn firing() -> Alert {
    Alert {
        name: "blackholed".to_owned(),
        severity: Severity::Page,
        state: AlertState::Firing,
        path: "nat".to_owned(),
        owner: "api.service".to_owned(),
        example: "1f-aabb".to_owned(),
        path_owner: None,
        lost: None,
        reason: None,
        connections: 10_000,
        count: 10_000,
        since: "2026-01-31T12:00:00.123Z".parse().expect("a moment"),
        fired: None,
        ended: None,
        summary: "10000 connections to 20.1.2.3:443".to_owned(),
    }
}

pub(crate) fn row() -> ConnectionRow {
    ConnectionRow {
        connection: connection(),
        owner: api(),
        state: Some(TcpState::Established),
        payload_idle_seconds: 6.2,
        packet_idle_seconds: 0.4,
        packet_idle_at_most_seconds: 0.4,
        path: Some("nat".to_owned()),
        timeout_seconds: Some(4.0),
        clock: Some(Clock::Packets),
        keepalive: Keepalive {
            enabled: true,
            time_seconds: Some(1.0),
            interval_seconds: Some(1.0),
            probes: Some(9),
        },
        silence: IdleState::Ok,
        unacked_bytes: Some(0),
        unread_bytes: Some(0),
        alerts: Vec::new(),
    }
}

pub(crate) fn agent() -> AgentState {
    AgentState {
        version: "0.1.0".to_owned(),
        kernel: "6.12.1".to_owned(),
        started: "2026-01-31T12:00:00.123Z".parse().expect("a moment"),
        watching: "snapshots".to_owned(),
        hooks: vec![AgentHook {
            hook: "send".to_owned(),
            mechanism: None,
        }],
        ready: true,
        readiness: "ready".to_owned(),
        paths: vec!["nat".to_owned()],
        privileges: AgentPrivileges {
            profile: "global".to_owned(),
            capabilities: vec!["CAP_BPF".to_owned()],
            other_capabilities: 0,
            no_new_privs: true,
            refuses_calls: true,
            landlock: "full".to_owned(),
        },
        sweeps: AgentSweeps {
            count: 7,
            last_seconds_ago: Some(1.5),
            last_took_seconds: 0.02,
            sockets: 40,
            interval_seconds: 5.0,
            rows_dropped: 0,
        },
        clients: AgentClients {
            now: 1,
            watchers: 0,
            refused: 0,
            cut: 0,
            lagged: 0,
        },
    }
}

#[test]
fn a_stall_stands_in_the_columns_of_an_outcome() {
    let stall = Finding {
        kind: FindingKind::Stall {
            cause: Cause::AwaitingReply,
        },
        severity: Severity::Ticket,
        ..blackholed()
    };
    let (outcome, stall) = (finding_line(&blackholed()), finding_line(&stall));
    assert!(stall.contains(" ticket awaiting_reply api"), "{stall}");
    assert_eq!(outcome.find("api"), stall.find("api"));
}

#[test]
fn names_are_those_of_the_json() {
    let json = |value: serde_json::Value| value.as_str().unwrap().to_owned();
    for severity in [Severity::None, Severity::Ticket, Severity::Page] {
        assert_eq!(
            severity.name(),
            json(serde_json::to_value(severity).unwrap())
        );
    }
    for silence in [
        IdleState::Ok,
        IdleState::AtRisk,
        IdleState::Crossed,
        IdleState::Stalled,
    ] {
        assert_eq!(silence.name(), json(serde_json::to_value(silence).unwrap()));
    }
}

#[test]
fn what_is_unknown_shows_as_a_dash() {
    let line = ConnectionTable::whole(false).line(&ConnectionRow {
        owner: Owner::default(),
        path: None,
        timeout_seconds: None,
        clock: None,
        keepalive: Keepalive {
            enabled: false,
            ..row().keepalive
        },
        unacked_bytes: None,
        unread_bytes: None,
        ..row()
    });
    let cells: Vec<_> = line.split_whitespace().collect();
    assert_eq!(cells[1..2], ["-"], "{line}");
    assert_eq!(cells[4..7], ["off", "-", "-"], "{line}");
    assert_eq!(cells[9..], ["-", "established", "-"], "{line}");
}

#[test]
fn watch_adds_the_advice_and_where_settings_are_explained() {
    let lines = watch_lines(&blackholed());
    let lines: Vec<&str> = lines.lines().collect();
    let line = finding_line(&blackholed());
    let advice = "    advice: set SO_KEEPALIVE";
    let settings = "    settings: docs/settings.md#any-program-sysctls";
    assert_eq!(lines, [&line, advice, settings]);
}

#[test]
fn a_hostile_process_name_stays_on_its_line() {
    let mut hostile = row();
    hostile.owner.comm = Some("x\x1b]0;owned\x07\n".to_owned());
    let line = ConnectionTable::whole(false).line(&hostile);
    assert!(!line.chars().any(char::is_control), "{line:?}");
    let mut finding = blackholed();
    finding.summary = "a\nb".to_owned();
    assert!(!finding_line(&finding).contains('\n'));
}

#[test]
fn an_alert_shows_what_it_stands_for() {
    let alert = firing();
    let (header, line) = (alert_header(), alert_line(&alert));
    let (lines, lost) = (
        alert_lines(&alert),
        alert_line(&Alert {
            lost: Some("lost: a request of 120 bytes".to_owned()),
            ..alert.clone()
        }),
    );
    assert!(
        lines.contains("\n    affected now: 10000, gone: 0 of 10000; since 2026-01-31T12:00:00.123Z; latest connection 1f-aabb"),
        "{lines}"
    );
    assert!(
        lost.ends_with("20.1.2.3:443; lost: a request of 120 bytes"),
        "{lost}"
    );
    for (heading, cell) in [
        ("STATE", "firing"),
        ("ALERT", "blackholed"),
        ("PATH", "nat"),
        ("OWNER", "api.service"),
        ("SUMMARY", "10000 connections"),
    ] {
        let column = header.find(heading).unwrap();
        assert!(line[column..].starts_with(cell), "{header}\n{line}");
    }
    assert!(line.starts_with("page "), "{line}");
    let later = alert_line(&Alert {
        connections: 3,
        ..alert
    });
    assert!(later.contains(" 3/10000 "), "{later}");
}

#[test]
fn a_check_says_what_fails_and_what_to_do() {
    let lines = check_lines(&[
        CheckRow {
            subject: "segment received".to_owned(),
            works: true,
            detail: "BTF tracepoint tcp_probe".to_owned(),
            remedy: None,
        },
        CheckRow {
            subject: "BTF".to_owned(),
            works: false,
            detail: "/sys/kernel/btf/vmlinux is missing".to_owned(),
            remedy: Some("boot a kernel built with CONFIG_DEBUG_INFO_BTF".to_owned()),
        },
    ]);
    assert_eq!(
        lines,
        "ok segment received  BTF tracepoint tcp_probe\n\
         -- BTF               /sys/kernel/btf/vmlinux is missing\n   \
                              → boot a kernel built with CONFIG_DEBUG_INFO_BTF\n"
            .replace("   →", "                     →")
    );
}
