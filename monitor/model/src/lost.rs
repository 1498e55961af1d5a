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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::owner::Owner;
    use serde_json::json;

    /// Evidence.
    type Told<'a> = &'a [(&'a str, Value)];

    /// Of a client.
    fn finding(what: Value, severity: &str, evidence: Told<'_>) -> Finding {
        let evidence = evidence.iter();
        let evidence = evidence.map(|(fact, value)| json!({ "fact": fact, "value": value }));
        let mut finding = json!({
            "time": "2026-01-31T12:00:00.123Z",
            "certainty": "observed",
            "severity": severity,
            "gap_seconds": 270.1,
            "timeout_seconds": 240.0,
            "path": "nat",
            "clock": "packets",
            "connection": {
                "id": "1f-0a1b2c3d-4e5f6071", "flow_id": "0a1b2c3d-4e5f6071", "family": "ipv4",
                "local": "10.0.0.4:51234", "remote": "20.1.2.3:443", "netns": 1, "role": "client",
            },
            "owner": <Owner>::default(),
            "evidence": evidence.collect::<Vec<_>>(),
            "advice": null,
            "summary": "",
        });
        for (member, value) in what.as_object().unwrap() {
            finding[member] = value.clone();
        }
        serde_json::from_value(finding).unwrap()
    }

    #[test]
    fn a_request_is_told_from_an_answer_a_goodbye_and_nothing() {
        let outcome = |outcome: &str| json!({ "kind": "outcome", "outcome": outcome });
        let stall = |cause: &str| json!({ "kind": "stall", "cause": cause });
        let bytes = |some: u64| ("unacknowledged_bytes", some.into());
        let yes = |fact| (fact, true.into());
        let died = ("error", "ETIMEDOUT".into());
        let cases: &[(Value, &str, Told<'_>, &str)] = &[
            (
                stall("blackholed"),
                "page",
                &[bytes(120)],
                "not acknowledged so far: a request of 120 bytes",
            ),
            (
                outcome("blackholed"),
                "page",
                &[bytes(120), died.clone()],
                "lost: a request of 120 bytes",
            ),
            (outcome("blackholed"), "page", &[bytes(0)], ""),
            (
                outcome("blackholed"),
                "page",
                &[bytes(0), died],
                "lost: nothing, no data was on its way",
            ),
            (
                outcome("reset"),
                "page",
                &[bytes(1)],
                "lost: a request of 1 byte",
            ),
            (
                outcome("reset"),
                "none",
                &[bytes(0), yes("nobody_waits")],
                "lost: nothing but a goodbye (FIN)",
            ),
            (
                outcome("blackholed"),
                "none",
                &[bytes(24), yes("nobody_waits")],
                "lost: nothing but a goodbye of 24 bytes",
            ),
            (
                outcome("blackholed"),
                "ticket",
                &[
                    bytes(2048),
                    yes("nobody_waits"),
                    ("lost_bytes_at_most", 2048.into()),
                ],
                "lost: up to 2 KiB of an application that has closed, and is not told",
            ),
            (
                outcome("closed"),
                "ticket",
                &[bytes(0), yes("answer_lost")],
                "lost: the answer to a request",
            ),
            (outcome("survived"), "none", &[bytes(9)], ""),
            (stall("awaiting_reply"), "ticket", &[bytes(0)], ""),
        ];
        for (what, severity, evidence, said) in cases {
            let finding = finding(what.clone(), severity, evidence);
            assert_eq!(finding.lost().unwrap_or_default(), *said, "{finding:?}");
        }
    }
}
