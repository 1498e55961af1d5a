//! From a conclusion to the finding that users read.

use super::advice;
use super::connection::Identity;
use super::contrast::Contrasts;
use super::evidence::EvidenceList;
use super::keepalive::Settings;
use super::neighbours::Around;
use super::paths::JudgedPath;
use monitor_model::finding::{
    Cause, Certainty, Clock, Finding, FindingKind, Outcome, Role, Scope, Severity,
};
use monitor_model::format;
use monitor_model::owner::Owner;
use time::OffsetDateTime;

/// A conclusion about one connection, before it is put into words.
pub(crate) struct Conclusion<'a> {
    pub(crate) kind: FindingKind,
    pub(crate) certainty: Certainty,
    pub(crate) severity: Severity,
    /// Neighbours that were heard at this time (CLOCK_MONOTONIC, ns) or later are a
    /// contrast to it; `None` where none is wanted.
    pub(crate) neighbours_since_ns: Option<u64>,
    pub(crate) settings: &'a Settings,
    pub(crate) wall_unix_ns: i64,
    pub(crate) length_ns: u64,
    pub(crate) path: Option<&'a JudgedPath>,
    pub(crate) clock: Clock,
    pub(crate) evidence: EvidenceList,
    pub(crate) advice: Option<String>,
    /// The end of the summary; empty for none.
    pub(crate) said: String,
}

/// The finding that says `conclusion` about `identity`, with what is known of
/// its neighbours.
pub(crate) fn finding(
    conclusion: Conclusion<'_>,
    identity: &Identity,
    owner: &Owner,
    contrasts: &Contrasts,
) -> Finding {
    let mut evidence = conclusion.evidence;
    let around = conclusion.neighbours_since_ns.map(|since_ns| {
        let neighbours = &contrasts.neighbours;
        neighbours.around(identity, conclusion.path, since_ns)
    });
    if let Some(around) = around {
        evidence
            .count("siblings_moving", around.moving)
            .count("siblings_failing", around.failing);
    }
    let scope = around
        .filter(|_| is_loss(conclusion.kind))
        .and_then(|around| around.scope());
    contrasts
        .of(conclusion.path, identity.remote())
        .tell(&mut evidence);
    let mut summary = format!(
        "{}: {}",
        who(identity, owner),
        silence(conclusion.kind, conclusion.length_ns, conclusion.path)
    );
    if !conclusion.said.is_empty() {
        summary.push_str("; ");
        summary.push_str(&conclusion.said);
    }
    if let Some(said) = around.and_then(|around| beside(around, scope)) {
        summary.push_str("; ");
        summary.push_str(&said);
    }
    Finding {
        time: rfc3339(conclusion.wall_unix_ns),
        kind: conclusion.kind,
        certainty: conclusion.certainty,
        severity: conclusion.severity,
        scope,
        gap_seconds: format::seconds(conclusion.length_ns),
        timeout_seconds: conclusion.path.map(|path| format::seconds(path.timeout_ns)),
        path: conclusion.path.map(|path| path.name.clone()),
        clock: conclusion.clock,
        connection: identity.shown(),
        owner: owner.clone(),
        evidence: evidence.into_vec(),
        advice: match scope {
            Some(Scope::PeerOrNetwork) => Some(advice::down(conclusion.settings)),
            None => conclusion.advice,
        },
        summary,
    }
}

/// Whether nothing comes back: what a dead peer or network looks like.
fn is_loss(kind: FindingKind) -> bool {
    matches!(
        kind,
        FindingKind::Outcome {
            outcome: Outcome::Blackholed
        } | FindingKind::Stall {
            cause: Cause::Blackholed
        }
    )
}

/// How the neighbours fare, if that is worth a word.
fn beside(around: Around, scope: Option<Scope>) -> Option<String> {
    match (scope, around.moving) {
        (Some(Scope::PeerOrNetwork), _) => {
            let others = format::count(around.failing, "other connection");
            let fails = if around.failing == 1 { "fails" } else { "fail" };
            Some(format!(
                "{others} {fails} too, not all after a silence: the peer or the network is down, it was \
                 not the silence"
            ))
        }
        (None, 0) => None,
        (None, moving) => Some(format!(
            "{} there {} fine",
            format::count(moving, "other connection"),
            if moving == 1 { "is" } else { "are" }
        )),
    }
}

/// "api (pid 1234) → 20.1.2.3:443"; the arrow points to the side that was called.
fn who(identity: &Identity, owner: &Owner) -> String {
    let connection = identity.shown();
    let holder = match (&owner.comm, owner.pid, &owner.unit) {
        (Some(comm), Some(pid), _) => format!("{comm} (pid {pid})"),
        (Some(comm), None, _) => comm.clone(),
        (None, _, Some(unit)) => unit.clone(),
        (None, Some(pid), None) => format!("pid {pid}"),
        (None, None, None) => connection.local,
    };
    let arrow = match identity.role() {
        Role::Server => '←',
        Role::Client => '→',
    };
    format!("{holder} {arrow} {}", connection.remote)
}

fn silence(kind: FindingKind, length_ns: u64, path: Option<&JudgedPath>) -> String {
    let length = format::duration(length_ns);
    match kind {
        FindingKind::Stall {
            cause: Cause::NetworkLoss,
        } => return "moves slowly".into(),
        FindingKind::Stall { .. } => return format!("has not moved for {length}"),
        _ => {}
    }
    let Some(path) = path else {
        return format!("{length} of silence (no path states a timeout)");
    };
    let timeout = format::duration(path.timeout_ns);
    let name = &path.name;
    if kind == FindingKind::AtRisk {
        format!("{length} of silence will cross {name}'s {timeout}")
    } else if length_ns >= path.timeout_ns {
        format!("{length} of silence crossed {name}'s {timeout}")
    } else {
        format!("{length} of silence, within {name}'s {timeout}")
    }
}

/// RFC 3339 in UTC with ms.
fn rfc3339(wall_unix_ns: i64) -> String {
    // Every i64 of nanoseconds lies between the years 1677 and 2262.
    let time = OffsetDateTime::from_unix_timestamp_nanos(wall_unix_ns.into())
        .unwrap_or(OffsetDateTime::UNIX_EPOCH);
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
        time.year(),
        u8::from(time.month()),
        time.day(),
        time.hour(),
        time.minute(),
        time.second(),
        time.millisecond()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_rfc3339_with_milliseconds() {
        assert_eq!(
            rfc3339(1_769_860_800_123_999_999),
            "2026-01-31T12:00:00.123Z"
        );
        assert_eq!(rfc3339(i64::MIN), "1677-09-21T00:12:43.145Z");
        assert_eq!(rfc3339(i64::MAX), "2262-04-11T23:47:16.854Z");
    }
}
