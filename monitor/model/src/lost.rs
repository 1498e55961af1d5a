//! What an application loses with its connection, in words: a request, an answer, or a goodbye that nobody waits for.

use crate::cause::Cause;
use crate::finding::{Finding, FindingKind, Role, Severity};
use crate::format::bytes;
use crate::outcome::Outcome;
use serde_json::Value;

impl Finding {
    /// What the application loses by what is found, or stands to lose: "lost: a request of 120 bytes". `None` where it is of a
    /// kind by which nothing is lost, or where that is not known.
    pub fn lost(&self) -> Option<String> {
        lost(self)
    }
}

fn lost(finding: &Finding) -> Option<String> {
    let is_loss = match finding.kind {
        FindingKind::Outcome {
            outcome: Outcome::Blackholed,
        }
        | FindingKind::Stall {
            cause: Cause::Blackholed,
        } => false,
        FindingKind::Outcome {
            outcome: Outcome::Reset | Outcome::Closed | Outcome::Undelivered,
        } => true,
        _ => return None,
    };
    let told = |fact: &str| finding.evidence.iter().find(|one| one.fact == fact);
    let is_told = |fact: &str| told(fact).is_some_and(|one| one.value == Value::Bool(true));
    let number = |fact: &str| told(fact).and_then(|one| one.value.as_u64());
    if let Some(most) = number("lost_bytes_at_most") {
        let most = bytes(most);
        return Some(format!(
            "lost: up to {most} of an application that has closed, and is not told"
        ));
    }
    let unacknowledged = number("unacknowledged_bytes").unwrap_or(0);
    let by_itself = finding.severity_before_rules.unwrap_or(finding.severity);
    if is_told("nobody_waits") && by_itself == Severity::None {
        return Some(match unacknowledged {
            0 => "lost: nothing but a goodbye (FIN)".to_owned(),
            some => format!("lost: nothing but a goodbye of {}", bytes(some)),
        });
    }
    let (own, due) = match finding.connection.role {
        Role::Client => ("a request", "the answer to a request"),
        Role::Server => ("an answer", "what was due of its client"),
    };
    if is_told("answer_lost") {
        return Some(format!("lost: {due}"));
    }
    let is_loss = is_loss || finding.given_up || told("error").is_some();
    Some(match (unacknowledged, is_loss) {
        _ if finding.kind.name() == Outcome::Undelivered.name() => {
            format!("lost: {own}, which was acknowledged on the way and did not arrive")
        }
        (0, true) => "lost: nothing, no data was on its way".to_owned(),
        (0, false) => return None,
        (some, true) => format!("lost: {own} of {}", bytes(some)),
        (some, false) => format!("not acknowledged so far: {own} of {}", bytes(some)),
    })
}
