//! From what a rule concludes to the finding that users read.

use crate::advice;
use crate::connection::Identity;
use crate::keepalive::Settings;
use crate::outcomes::OutcomeCard;
use crate::paths::JudgedPath;
use crate::peers::contrast::Contrasts;
use crate::peers::siblings::SiblingCounts;
use crate::ruling::Ruling;
use crate::stalls::CauseCard;
use monitor_model::finding::{Certainty, Clock, Finding, FindingKind, Role, Scope};
use monitor_model::format;
use monitor_model::owner::Owner;
use monitor_model::time::Timestamp;

/// What a ruling is about.
pub(crate) struct About<'a> {
    pub(crate) kind: FindingKind,
    pub(crate) certainty: Certainty,
    /// Siblings that were heard at this time (CLOCK_MONOTONIC, ns) or later are a
    /// contrast to it; `None` where none is wanted.
    pub(crate) siblings_since_ns: Option<u64>,
    pub(crate) settings: &'a Settings,
    pub(crate) wall_unix_ns: i64,
    pub(crate) path: Option<&'a JudgedPath>,
    pub(crate) clock: Clock,
}

/// The finding that says `ruling` about `identity`, with what is known of
/// its siblings.
pub(crate) fn finding(
    ruling: Ruling,
    about: &About<'_>,
    identity: &Identity,
    owner: &Owner,
    contrasts: &Contrasts,
) -> Finding {
    let mut evidence = ruling.evidence;
    let siblings = about.siblings_since_ns.map(|since_ns| {
        let siblings = &contrasts.siblings;
        siblings.counts_beside(identity, about.path, since_ns)
    });
    if let Some(siblings) = siblings {
        evidence
            .count("siblings_moving", siblings.moving)
            .count("siblings_failing", siblings.failing);
    }
    let scope = siblings
        .filter(|_| is_loss(about.kind))
        .and_then(|siblings| siblings.scope());
    contrasts
        .of(about.path, identity.remote())
        .add_to(&mut evidence);
    let tails = [
        Some(ruling.summary_tail).filter(|tail| !tail.is_empty()),
        siblings.and_then(|siblings| beside(siblings, scope)),
    ];
    let mut summary = format!(
        "{}: {}",
        who(identity, owner),
        what(about.kind, ruling.length_ns, about.path)
    );
    for tail in tails.into_iter().flatten() {
        summary.push_str("; ");
        summary.push_str(&tail);
    }
    Finding {
        time: Timestamp::of(about.wall_unix_ns),
        kind: about.kind,
        certainty: about.certainty,
        severity: ruling.severity,
        scope,
        gap_seconds: format::seconds(ruling.length_ns),
        timeout_seconds: about.path.map(|path| format::seconds(path.timeout_ns)),
        path: about.path.map(|path| path.name.clone()),
        clock: about.clock,
        connection: identity.shown(),
        owner: owner.clone(),
        evidence: evidence.into_vec(),
        advice: match scope {
            Some(Scope::PeerOrNetwork) => Some(advice::unreachable(about.settings)),
            None => ruling.advice,
        },
        summary,
        given_up: ruling.given_up,
    }
}

/// Whether nothing comes back: what a dead peer or network looks like.
pub(crate) fn is_loss(kind: FindingKind) -> bool {
    match kind {
        FindingKind::Outcome { outcome } => outcome.card().is_loss,
        FindingKind::Stall { cause } => cause.card().is_loss,
        FindingKind::AtRisk | FindingKind::Crossed => false,
    }
}

/// How the siblings fare, if that is worth a word.
fn beside(siblings: SiblingCounts, scope: Option<Scope>) -> Option<String> {
    match (scope, siblings.moving) {
        (Some(Scope::PeerOrNetwork), _) => {
            let others = format::count(siblings.failing, "other connection");
            let fails = if siblings.failing == 1 {
                "fails"
            } else {
                "fail"
            };
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

/// What it is: a silence and how it stands to the path's timeout, or a stall.
fn what(kind: FindingKind, length_ns: u64, path: Option<&JudgedPath>) -> String {
    let length = format::duration(length_ns);
    match kind {
        FindingKind::Stall { cause } if cause.card().moves => return "moves slowly".into(),
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
