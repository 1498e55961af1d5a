//! Alerts as a duty officer sees them.

mod clock;
mod ends;
mod grouping;
mod outages;
mod properties;
mod restarts;
mod rooms;
mod rules;
mod rules_properties;
mod ticket_properties;
mod tickets;

use super::{Alerts, Limits, Saved};
use crate::verdict::{End, Verdict};
use monitor_model::alert::{Alert, AlertChange, AlertState};
use monitor_model::finding::{
    Cause, Certainty, Clock, Connection, Evidence, Family, Finding, FindingKind, Outcome, Role,
    Scope, Severity,
};
use monitor_model::owner::Owner;
use monitor_model::time::Timestamp;

const SECOND: u64 = 1_000_000_000;

/// What is told at this second.
fn finding(kind: FindingKind, severity: Severity, connection: u32) -> Finding {
    Finding {
        time: moment(0),
        kind,
        certainty: Certainty::Observed,
        severity,
        scope: None,
        gap_seconds: 250.0,
        timeout_seconds: Some(240.0),
        path: Some("azure-snat".into()),
        clock: Clock::Packets,
        connection: Connection {
            id: id(connection),
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
        settings: None,
        summary: format!("connection {connection}"),
        given_up: false,
        still_waits: false,
        severity_before_rules: None,
    }
}

fn id(connection: u32) -> String {
    format!("{connection:x}-flow")
}

/// So many seconds after the alerts began.
fn moment(second: u64) -> Timestamp {
    let begin: Timestamp = "2026-01-31T12:00:00.000Z".parse().expect("a moment");
    begin.later_by(second * SECOND)
}

fn crossed(connection: u32) -> Finding {
    finding(FindingKind::Crossed, Severity::Ticket, connection)
}

/// An outcome with the severity that it has as a rule.
fn outcome(outcome: Outcome, connection: u32) -> Finding {
    let severity = match outcome {
        Outcome::Recovered | Outcome::Survived | Outcome::Acknowledged => Severity::None,
        Outcome::Closed => Severity::Ticket,
        Outcome::Blackholed | Outcome::Reset | Outcome::Undelivered => Severity::Page,
    };
    finding(FindingKind::Outcome { outcome }, severity, connection)
}

fn stall(cause: Cause, connection: u32) -> Finding {
    let severity = match cause {
        Cause::Blackholed => Severity::Page,
        Cause::AwaitingReply | Cause::Unexplained => Severity::Ticket,
        _ => Severity::None,
    };
    finding(FindingKind::Stall { cause }, severity, connection)
}

/// A connection that hangs.
fn hangs(connection: u32) -> Finding {
    stall(Cause::Blackholed, connection)
}

/// A connection that hangs, which is no page: one segment of it does not pass, or nobody waits for it.
fn hangs_for_ticket(connection: u32) -> Finding {
    Finding {
        severity: Severity::Ticket,
        ..hangs(connection)
    }
}

fn unreachable(connection: u32) -> Finding {
    Finding {
        scope: Some(Scope::PeerOrNetwork),
        ..hangs(connection)
    }
}

/// Alerts, and the time, in whole seconds; they tick with it.
struct Watch {
    alerts: Alerts,
    now: u64,
    changes: Vec<AlertChange>,
}

impl Watch {
    fn with(limits: Limits) -> Self {
        Self {
            alerts: Alerts::new(limits),
            now: 0,
            changes: Vec::new(),
        }
    }

    fn new() -> Self {
        Self::with(Limits::default())
    }

    /// Second 1,000 of the host is second 0 of the story.
    fn now_ns(&self) -> u64 {
        (1_000 + self.now) * SECOND
    }

    fn apply(&mut self, verdict: &Verdict) -> &mut Self {
        let now_ns = self.now_ns();
        self.changes.extend(self.alerts.apply(verdict, now_ns));
        self
    }

    fn told(&mut self, mut finding: Finding) -> &mut Self {
        finding.time = moment(self.now);
        self.apply(&Verdict::Finding(Box::new(finding)))
    }

    fn moves(&mut self, connection: u32) -> &mut Self {
        let connection_id = id(connection);
        self.apply(&Verdict::StallEnded { connection_id })
    }

    fn pile_ended(&mut self, connection: u32) -> &mut Self {
        let connection_id = id(connection);
        self.apply(&Verdict::PileEnded { connection_id })
    }

    fn speaks(&mut self, connection: u32) -> &mut Self {
        let connection_id = id(connection);
        self.apply(&Verdict::SilenceEnded { connection_id })
    }

    fn over(&mut self, connection: u32, end: End) -> &mut Self {
        let connection_id = id(connection);
        self.apply(&Verdict::Over { connection_id, end })
    }

    fn unanswered(&mut self, connection: u32) -> &mut Self {
        let connection_id = id(connection);
        self.apply(&Verdict::Unanswered { connection_id })
    }

    fn answered(&mut self, connection: u32) -> &mut Self {
        let connection_id = id(connection);
        self.apply(&Verdict::Answered { connection_id })
    }

    fn reconnects(&mut self, connection: u32) -> &mut Self {
        let connection_id = id(connection);
        self.apply(&Verdict::Reconnected { connection_id })
    }

    fn tick(&mut self) -> &mut Self {
        let now_ns = self.now_ns();
        self.changes.extend(self.alerts.tick(now_ns));
        self
    }

    fn wait(&mut self, seconds: u64) -> &mut Self {
        for _ in 0..seconds {
            self.now += 1;
            self.tick();
        }
        self
    }

    /// What the surfaces were told since this was last asked.
    fn said(&mut self) -> Vec<String> {
        let changes = std::mem::take(&mut self.changes);
        let word = |change: &AlertChange| {
            let alert = change.alert();
            let what = match change {
                AlertChange::Pending(_) => "pending",
                AlertChange::Firing(_) => "fires",
                AlertChange::Over(alert) if alert.fired.is_none() => "mended",
                AlertChange::Over(_) => "over",
            };
            format!("{} {what}", alert.name)
        };
        changes.iter().map(word).collect()
    }

    /// Name, severity, state and connections in trouble of every alert that is not over.
    fn shown(&self) -> Vec<String> {
        let alerts = self.alerts.all();
        let alerts = alerts.filter(|alert| alert.state != AlertState::Over);
        alerts
            .map(|alert| {
                let (severity, state) = (alert.severity.name(), alert.state.name());
                format!("{} {severity} {state} {}", alert.name, alert.connections)
            })
            .collect()
    }

    fn alert(&self, name: &str) -> Alert {
        let mut alerts = self.alerts.all();
        alerts
            .find(|alert| alert.name == name)
            .expect("it is there")
    }

    /// The daemon is killed and starts again after so many seconds.
    fn restarts_after(&mut self, seconds: u64) -> &mut Self {
        let saved = self.alerts.to_save(self.now_ns());
        let text = serde_json::to_string(&saved.expect("something changed")).expect("JSON");
        let saved: Saved = serde_json::from_str(&text).expect("it reads back");
        self.now += seconds;
        self.alerts = Alerts::restored(saved, Limits::default(), self.now_ns());
        self
    }

    /// So many sweeps, one a second.
    fn sweeps(&mut self, seconds: u64) -> &mut Self {
        for _ in 0..seconds {
            self.alerts.swept();
            self.wait(1);
        }
        self
    }
}
