//! Made-up records at fixed times.

use monitor_lookback::Reporter;
use monitor_model::agent::{AgentChange, AgentEvent};
use monitor_model::alert::{Alert, AlertChange, AlertState};
use monitor_model::finding::{
    Certainty, Clock, Connection, Evidence, Family, Finding, FindingKind, Outcome, Role, Severity,
};
use monitor_model::gaps::{GapLength, GapSummary};
use monitor_model::owner::Owner;
use monitor_model::report::Report;
use monitor_model::time::Timestamp;
use monitor_store::{BootId, Contents, Moment};

/// When 2027 began, in ns since 1970.
pub const NEW_YEAR: i64 = 1_798_761_600_000_000_000;

/// So many seconds after 2027 began, in ns since 1970.
pub fn ns(second: i64) -> i64 {
    NEW_YEAR + second * 1_000_000_000
}

pub fn time(second: i64) -> Timestamp {
    Timestamp::of(ns(second))
}

/// In the boot `boot`, which began as 2027 did.
pub fn at(second: i64, boot: u8) -> Moment {
    Moment {
        wall_unix_ns: ns(second),
        boot_ns: second as u64 * 1_000_000_000,
        boot_id: BootId([boot; 16]),
    }
}

pub fn finding(second: i64, kind: FindingKind, gap: f64, path: &str, comm: &str) -> Finding {
    Finding {
        time: time(second),
        kind,
        certainty: Certainty::Observed,
        severity: match kind.name() {
            "blackholed" => Severity::Page,
            "crossed" | "reset" => Severity::Ticket,
            _ => Severity::None,
        },
        severity_before_rules: None,
        scope: None,
        gap_seconds: gap,
        timeout_seconds: Some(240.0),
        path: (path != "none").then(|| path.to_owned()),
        clock: Clock::Packets,
        connection: Connection {
            id: "1f-aabb".to_owned(),
            flow_id: "aabb".to_owned(),
            family: Family::Ipv4,
            local: "10.0.0.4:51234".to_owned(),
            remote: "20.1.2.3:443".to_owned(),
            netns: 4_026_531_840,
            role: Role::Client,
        },
        owner: Owner {
            comm: Some(comm.to_owned()),
            ..Owner::default()
        },
        evidence: vec![Evidence {
            fact: "timeouts".into(),
            value: 3.into(),
        }],
        advice: (kind.name() == "blackholed")
            .then(|| "turn keepalive on, with an idle time below 240 s".to_owned()),
        settings: Some("docs/settings.md#any-program-sysctls".to_owned()),
        summary: format!("{comm} → 20.1.2.3:443: silent for {gap} s"),
        given_up: false,
        still_waits: false,
    }
}

pub fn outcome(outcome: Outcome) -> FindingKind {
    FindingKind::Outcome { outcome }
}

pub fn alert(name: &str, owner: &str, since: i64, state: AlertState) -> Alert {
    Alert {
        name: name.to_owned(),
        severity: Severity::Page,
        state,
        path: "nat".to_owned(),
        owner: owner.to_owned(),
        path_owner: None,
        lost: None,
        reason: None,
        connections: 2,
        count: 3,
        since: time(since),
        fired: (state != AlertState::Pending).then(|| time(since + 10)),
        ended: None,
        summary: format!("{owner}: 3 connections to 20.1.2.3:443"),
        example: "1f-aabb".to_owned(),
    }
}

pub fn pending(name: &str, owner: &str, since: i64) -> Contents {
    Contents::Alert(AlertChange::Pending(alert(
        name,
        owner,
        since,
        AlertState::Pending,
    )))
}

pub fn firing(name: &str, owner: &str, since: i64) -> Contents {
    Contents::Alert(AlertChange::Firing(alert(
        name,
        owner,
        since,
        AlertState::Firing,
    )))
}

pub fn over(name: &str, owner: &str, since: i64, ended: i64) -> Contents {
    let alert = Alert {
        ended: Some(time(ended)),
        connections: 0,
        ..alert(name, owner, since, AlertState::Over)
    };
    Contents::Alert(AlertChange::Over(alert))
}

pub fn event(second: i64, change: AgentChange) -> Contents {
    Contents::Agent(AgentEvent {
        time: time(second),
        change,
    })
}

pub fn started(second: i64) -> Contents {
    let version = "0.1.0".to_owned();
    event(second, AgentChange::Started { version })
}

pub fn gaps(second: i64, path: &str, count: u64) -> Contents {
    Contents::Gaps(GapSummary {
        time: time(second),
        since: time(second - 3_600),
        path: path.to_owned(),
        count,
        seconds: count as f64 * 100.0,
        lengths: vec![
            GapLength {
                up_to: Some(120.0),
                count: count - 1,
            },
            GapLength {
                up_to: None,
                count: 1,
            },
        ],
    })
}

/// The report of the day from 2027 on, of these records.
pub fn report(records: impl IntoIterator<Item = (Moment, Contents)>) -> Report {
    let (from, until) = (ns(0), ns(86_400));
    let mut reporter = Reporter::new(from, until, Some(ns(-5_000)));
    for (at, contents) in records {
        if at.wall_unix_ns < from {
            reporter.before(&at, at.wall_unix_ns, contents);
        } else {
            reporter.take(&at, at.wall_unix_ns, contents);
        }
    }
    reporter.finish(0, 0)
}
