//! What was said of an application against what may be said of it: a pure function.

use super::application::{Application, Due};
use super::staging::{Disturbance, Staging};
use crate::ends::End;
use crate::timeline::{Entry, Happened};
use crate::truth::{ANYBODY, Alert, Conclusion, Finding, INTERRUPTED, Severity};
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Instant;

/// A time in which the application was disturbed, until it went on.
#[derive(Clone, Copy, Debug)]
pub struct Phase {
    /// By what.
    pub disturbance: Disturbance,
    /// Since when.
    pub from: Instant,
    /// Until when.
    pub until: Instant,
}

/// What came of the comparison.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Judgement {
    /// How often each conclusion was said, and it was right: by its word.
    pub said: BTreeMap<String, u64>,
    /// Pages that should not be, each a line for people.
    pub false_pages: Vec<String>,
    /// Tickets that should not be.
    pub false_tickets: Vec<String>,
    /// What was due and was not said.
    pub untold: Vec<String>,
}

impl Judgement {
    /// All differences.
    pub fn differences(&self) -> impl Iterator<Item = &String> {
        let all = [&self.false_pages, &self.false_tickets, &self.untold];
        all.into_iter().flatten()
    }

    fn differs(&mut self, severity: &str, how: String) {
        if severity == Severity::Page.word() {
            self.false_pages.push(how);
        } else {
            self.false_tickets.push(how);
        }
    }
}

/// Judges the findings in `entries` and the alerts that there ever were. `timeout` is the stated one, in seconds.
pub fn judge(
    application: &Application,
    staging: Staging,
    timeout: u32,
    entries: &[Entry],
    phases: &[Phase],
    alerts: &[Alert],
) -> Judgement {
    let mut judgement = Judgement::default();
    let mut told: Vec<&Finding> = Vec::new();
    let mut pages: Vec<&Finding> = Vec::new();
    for entry in entries {
        let finding = match &entry.what {
            Happened::Finding(finding) => finding,
            Happened::Unreadable(line) => {
                judgement
                    .untold
                    .push(format!("watch printed a line that is no finding: {line}"));
                continue;
            }
            _ => continue,
        };
        let phase = phases
            .iter()
            .find(|phase| (phase.from..=phase.until).contains(&entry.at));
        let word = finding.conclusion();
        told.push(finding);
        let right = finding.severity == Severity::None.word()
            || match staging {
                Staging::Stated => is_true_crossing(application, finding, timeout),
                // A connection that hangs while the path is dead has a page pending. That it must not fire is the
                // alerts' matter.
                Staging::NoPath => {
                    let hangs = [Conclusion::StallBlackholed, Conclusion::Blackholed];
                    phase.is_some_and(|phase| phase.disturbance.is_of_the_path())
                        && hangs.iter().any(|hangs| hangs.word() == word)
                }
                Staging::Box => is_of_the_box(application, finding, timeout),
            };
        if right {
            if finding.severity == Severity::Page.word() {
                pages.push(finding);
            }
            *judgement.said.entry(word).or_default() += 1;
        } else {
            let when =
                phase.map_or_else(String::new, |phase| format!(" ({:?})", phase.disturbance));
            judgement.differs(
                &finding.severity,
                format!("{} {word}{when}: {}", finding.severity, finding.summary),
            );
        }
    }
    for alert in alerts.iter().filter(|alert| alert.fired.is_some()) {
        let crossed = alert.name == Conclusion::Crossed.alert();
        let right = match staging {
            Staging::Stated => crossed && application.idles,
            Staging::NoPath => is_true_interruption(alert, &pages),
            // What fires follows from the findings, which were looked at.
            Staging::Box => true,
        };
        if right {
            let name = format!("{} {}", alert.severity, alert.name);
            *judgement.said.entry(name).or_default() += 1;
        } else {
            judgement.differs(
                &alert.severity,
                format!(
                    "the {} {} has fired: {}",
                    alert.severity, alert.name, alert.summary
                ),
            );
        }
    }
    untold(application, staging, &told, alerts, &mut judgement);
    judgement
}

/// What is due in `staging`: behind a box the application's truth; on a stated path the silence of those who are silent.
pub fn due(application: &Application, staging: Staging) -> Vec<Due> {
    match staging {
        Staging::NoPath => Vec::new(),
        Staging::Box => application.truth.to_vec(),
        Staging::Stated => End::BOTH
            .into_iter()
            .filter(|_| application.idles)
            .map(|end| Due {
                end,
                conclusion: Conclusion::Crossed,
                severity: Severity::Ticket,
            })
            .collect(),
    }
}

/// Whether `finding` says what is due.
pub fn tells(finding: &Finding, due: &Due) -> bool {
    finding.conclusion() == due.conclusion.word()
        && reaches(&finding.severity, due.severity)
        && end_of(finding) == Some(due.end)
}

/// Whether a severity is `least` or graver.
fn reaches(severity: &str, least: Severity) -> bool {
    let all = [Severity::None, Severity::Ticket, Severity::Page];
    all.into_iter()
        .any(|known| known.word() == severity && known >= least)
}

/// Whether an alert on it has fired.
pub fn fired(alerts: &[Alert], due: &Due) -> bool {
    alerts.iter().any(|alert| {
        alert.name == due.conclusion.alert()
            && reaches(&alert.severity, due.severity)
            && alert.fired.is_some()
    })
}

fn untold(
    application: &Application,
    staging: Staging,
    told: &[&Finding],
    alerts: &[Alert],
    judgement: &mut Judgement,
) {
    for due in due(application, staging) {
        let (word, severity) = (due.conclusion.word(), due.severity.word());
        let is_told = told.iter().any(|finding| tells(finding, &due));
        if !is_told {
            judgement.untold.push(format!(
                "{severity} {word} was due at the {} and was not said",
                due.end.word()
            ));
        } else if due.severity != Severity::None && !fired(alerts, &due) {
            judgement
                .untold
                .push(format!("the {severity} {word} was due and has not fired"));
        }
    }
}

/// Which end a finding is about.
fn end_of(finding: &Finding) -> Option<End> {
    let role = finding.connection.role.as_str();
    End::BOTH.into_iter().find(|end| end.word() == role)
}

/// Whether it says, of an application that is silent, that a silence reached the stated timeout, and it did.
fn is_true_crossing(application: &Application, finding: &Finding, timeout: u32) -> bool {
    application.idles
        && finding.conclusion() == Conclusion::Crossed.word()
        && finding.severity == Severity::Ticket.word()
        && finding.timeout_seconds == Some(f64::from(timeout))
        && finding.gap_seconds >= f64::from(timeout)
}

/// Whether it says, where nothing is stated, that trouble mended itself before it paged, and it did: of its owner, or of
/// anybody, so many pages and more were told, which all were about connections that hung while the path was bad.
///
/// For a user this is no false ticket. The path was dead for seconds, and requests were late or lost. Nobody is woken; but
/// without a word nobody would ever look at what blinks every half hour. It is one ticket for a path and an owner, however
/// often, so that a day of outages is one line with a count. What else fires here is false: what the outage held up went
/// on after it.
fn is_true_interruption(alert: &Alert, pages: &[&Finding]) -> bool {
    let owner = alert.owner.as_deref().unwrap_or_default();
    let its = pages.iter().filter(|page| {
        let named = page.owner.unit.as_ref().or(page.owner.comm.as_ref());
        owner == ANYBODY || named.is_some_and(|named| named == owner)
    });
    alert.name == INTERRUPTED
        && alert.severity == Severity::Ticket.word()
        && (1..=its.count() as u64).contains(&alert.count)
}

/// Whether the box has done what it says: the silence was long enough, and this fate is in the application's truth.
fn is_of_the_box(application: &Application, finding: &Finding, timeout: u32) -> bool {
    if is_true_crossing(application, finding, timeout) {
        return true;
    }
    let known = application.truth.iter().chain(application.allowed);
    // One that is never silent for so long has a box of its own that is quicker: a proxy that cuts.
    let long_enough = finding.kind != "outcome"
        || !application.idles
        || finding.gap_seconds >= f64::from(timeout);
    long_enough && known.into_iter().any(|due| tells(finding, due))
}

#[cfg(test)]
mod tests;
