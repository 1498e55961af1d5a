//! The alerts that fire against the ones that are due.

use super::{ANYBODY, Alert, AlertDue, Finding, Severity, Truth, UNREACHABLE};
use crate::ends::End;

/// The state of an alert that wakes somebody.
pub const FIRING: &str = "firing";

/// The state of one that is only shown.
pub const OVER: &str = "over";

/// Under which name each end's alerts fire: that of its process, or that of the
/// systemd unit that the testbed was started in, if there is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owners {
    client: String,
    server: String,
}

impl Owners {
    /// As these findings about the two ends have it.
    pub fn of<'a>(findings: impl Iterator<Item = (Option<End>, &'a Finding)>) -> Self {
        let mut owners = Self {
            client: End::Client.app().to_owned(),
            server: End::Server.app().to_owned(),
        };
        for (end, finding) in findings {
            let (Some(end), Some(unit)) = (end, &finding.owner.unit) else {
                continue;
            };
            match end {
                End::Client => owners.client.clone_from(unit),
                End::Server => owners.server.clone_from(unit),
            }
        }
        owners
    }

    fn at(&self, end: End) -> &str {
        match end {
            End::Client => &self.client,
            End::Server => &self.server,
        }
    }
}

/// One alert that is due, for as many connections as share it.
struct Shared<'a> {
    name: &'static str,
    severity: Severity,
    owner: &'a str,
    connections: u64,
}

impl Shared<'_> {
    fn is(&self, alert: &Alert, truth: &Truth) -> bool {
        alert.name == self.name
            && alert.severity == self.severity.word()
            && alert.state == FIRING
            && alert.path.as_deref() == Some(truth.path)
            && alert.owner.as_deref() == Some(self.owner)
            && (alert.connections == self.connections
                // They are gone, and it fires on so that whoever looks seldom sees it.
                || alert.connections == 0 && alert.count == self.connections)
    }
}

/// The alerts of `all` that are pending or fire, about an end that is looked at. Where both
/// ends go by one name, none can be told to be the other's.
pub fn looked_at(truth: &Truth, owners: &Owners, all: Vec<Alert>) -> Vec<Alert> {
    let unwatched = truth.unwatched.map(|end| owners.at(end));
    let watched = truth.unwatched.map(|end| owners.at(end.other()));
    let unwatched = unwatched.filter(|name| Some(*name) != watched);
    all.into_iter()
        .filter(|alert| alert.state != OVER)
        .filter(|alert| unwatched.is_none() || alert.owner.as_deref() != unwatched)
        .collect()
}

/// Whether it fires on only because whoever looks seldom must see it, though nobody is in
/// trouble any more: it says no more than the finding that was due.
fn is_held(truth: &Truth, alert: &Alert) -> bool {
    let due = truth.due.iter().any(|due| {
        let names = [due.conclusion.alert(), UNREACHABLE];
        names.contains(&alert.name.as_str()) && due.severity.word() == alert.severity
    });
    due && alert.state == FIRING && alert.connections == 0
}

/// Everything in which the alerts that fire differ from the ones that are due.
pub fn differences(
    truth: &Truth,
    due: &[AlertDue],
    owners: &Owners,
    firing: &[Alert],
) -> Vec<String> {
    let mut found = Vec::new();
    let mut left: Vec<&Alert> = firing.iter().collect();
    for due in shared(due, owners) {
        if let Some(position) = left.iter().position(|alert| due.is(alert, truth)) {
            left.swap_remove(position);
        } else {
            found.push(format!(
                "the {} alert {} of {} for {} connection(s) was due and does not fire",
                due.severity.word(),
                due.name,
                due.owner,
                due.connections
            ));
        }
    }
    left.retain(|alert| !is_held(truth, alert));
    found.extend(left.into_iter().map(|alert| {
        format!(
            "the {} alert {} of {} for {} connection(s) is {}, and should not: {}",
            alert.severity,
            alert.name,
            alert.owner.as_deref().unwrap_or("nobody"),
            alert.connections,
            alert.state,
            alert.summary
        )
    }));
    found
}

fn shared<'a>(due: &[AlertDue], owners: &'a Owners) -> Vec<Shared<'a>> {
    let mut all: Vec<Shared<'a>> = Vec::new();
    for one in due {
        let owner = match one.name {
            // Whoever holds the connections: the peer is down for all of them.
            UNREACHABLE => ANYBODY,
            _ => owners.at(one.end),
        };
        let same = all.iter_mut().find(|shared| {
            shared.name == one.name && shared.severity == one.severity && shared.owner == owner
        });
        match same {
            Some(shared) => shared.connections += one.connections,
            None => all.push(Shared {
                name: one.name,
                severity: one.severity,
                owner,
                connections: one.connections,
            }),
        }
    }
    all
}
