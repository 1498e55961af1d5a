//! From what a rule concludes to the finding that users read.

use crate::advice;
use crate::blame::{Before, Blame, blame, silent_from};
use crate::connection::Identity;
use crate::keepalive::Settings;
use crate::outcomes::OutcomeCard;
use crate::paths::JudgedPath;
use crate::peers::contrast::Contrasts;
use crate::peers::siblings::{Beside, SiblingCounts};
use crate::ruling::Ruling;
use crate::stalls::CauseCard;
use crate::telling_tables::Telling;
use crate::thresholds::LATELY_NS;
use crate::vanished::{Reach, Vanished, vanished};
use monitor_model::finding::{
    Cause, Certainty, Clock, Connection, Finding, FindingKind, Outcome, Role, Scope, Severity,
};
use monitor_model::format;
use monitor_model::owner::Owner;
use monitor_model::settings;
use monitor_model::time::Timestamp;
use std::mem;

/// What a ruling is about.
pub(crate) struct About<'a> {
    pub(crate) kind: FindingKind,
    pub(crate) certainty: Certainty,
    /// From when siblings are a contrast to it; `None` where none is wanted.
    pub(crate) beside: Option<Beside>,
    /// The silence that went before, where it is known.
    pub(crate) before: Option<Before>,
    pub(crate) settings: &'a Settings,
    pub(crate) wall_unix_ns: i64,
    pub(crate) path: Option<&'a JudgedPath>,
    pub(crate) clock: Clock,
}

/// A finding, and what others say to it.
pub(crate) struct Told {
    pub(crate) finding: Finding,
    /// What the silence has to do with it.
    pub(crate) blamed: Blame,
    /// Whether many clients of one port are lost together.
    pub(crate) many: bool,
    /// How others fare, where that was asked.
    pub(crate) others: SiblingCounts,
}

/// The finding that says `ruling` about `identity`, with what is known of
/// its siblings.
pub(crate) fn finding(
    mut ruling: Ruling,
    about: &About<'_>,
    identity: &Identity,
    owner: &Owner,
    contrasts: &Contrasts,
) -> Told {
    let mut evidence = mem::take(&mut ruling.evidence);
    let siblings = about.beside.as_ref().map(|beside| {
        contrasts
            .siblings
            .counts_beside(identity, about.path, beside)
    });
    let vanished = gone(&ruling, about, identity, contrasts, siblings.as_ref());
    if let Some(before) = about
        .before
        .filter(|_| tells_silence_before(about, &ruling))
    {
        evidence.seconds("preceding_silence_seconds", before.ns);
    }
    if let Some(siblings) = siblings {
        evidence
            .count("siblings_moving", siblings.moving)
            .count("siblings_failing", siblings.failing);
        for (fact, count) in [
            ("siblings_newer", siblings.newer),
            ("connects_failing", siblings.connects_failing),
        ] {
            if count > 0 {
                evidence.count(fact, count);
            }
        }
        if contrasts.scoped {
            evidence.flag("siblings_in_scope_only", true);
        }
    }
    let scope = match vanished.as_ref().map(|vanished| vanished.reach) {
        Some(Reach::Client | Reach::FewCrossed) => None,
        Some(Reach::Prefix | Reach::Path) => Some(Scope::PeerOrNetwork),
        Some(Reach::AsEver | Reach::Share) | None => {
            siblings.and_then(|siblings| scope(about.kind, &siblings))
        }
    };
    if let Some(vanished) = &vanished {
        vanished.add_to(&mut evidence);
    }
    let known = contrasts.of(about.path, identity.remote());
    known.add_to(&mut evidence);
    let tables = &contrasts.local_tables;
    let local = tables
        .answered(identity.cookie(), about.kind, is_loss(about.kind))
        .filter_map(|(table, stood)| Telling::of(table, stood))
        .min_by_key(|telling| telling.standing);
    if let Some(local) = &local {
        local.add_to(&mut evidence);
    }
    let reach = vanished.as_ref().map(|vanished| vanished.reach);
    let alone = reach == Some(Reach::Client);
    let many = matches!(reach, Some(Reach::Share | Reach::Prefix | Reach::Path));
    let blamed = match (&about.before, siblings) {
        _ if alone => Blame::Gone,
        (Some(before), Some(siblings)) if scope.is_none() && ruling.may_be_silence => {
            blame(before, about.path, &siblings, &known)
        }
        _ => Blame::AsStated,
    };
    let tails = [
        Some(ruling.summary_tail.clone()).filter(|tail| !tail.is_empty()),
        match vanished.as_ref().and_then(Vanished::words) {
            Some(words) => Some(words),
            None => siblings.and_then(|siblings| beside(about.kind, siblings, scope)),
        },
        blamed.words(),
        local.and_then(|local| local.words(silence_ns(&ruling, about))),
        siblings
            .filter(|siblings| siblings.newer > 0)
            .map(|_| "new connections reach the address: it may have changed hands".into()),
    ];
    let connection = identity.shown();
    let mut summary = format!(
        "{}: {}",
        who(&connection, owner),
        match &ruling.head {
            Some(head) => head.clone(),
            None => what(about.kind, ruling.length_ns, about.path),
        }
    );
    for tail in tails.into_iter().flatten() {
        summary.push_str("; ");
        summary.push_str(&tail);
    }
    let settings = (!alone && can_be_set(&ruling, about, scope))
        .then(|| settings::link(owner.comm.as_deref(), identity.service_port()));
    let finding = Finding {
        time: Timestamp::of(about.wall_unix_ns),
        kind: about.kind,
        certainty: ruling.certainty.unwrap_or(about.certainty),
        severity: most(&ruling, vanished.as_ref()),
        scope,
        gap_seconds: format::seconds(ruling.length_ns),
        timeout_seconds: about.path.map(|path| format::seconds(path.timeout_ns)),
        path: about.path.map(|path| path.name.clone()),
        clock: about.clock,
        connection,
        owner: owner.clone(),
        evidence: evidence.into_vec(),
        given_up: ruling.given_up,
        still_waits: ruling.still_waits,
        severity_before_rules: None,
        advice: advised(
            ruling,
            about,
            identity,
            &Around {
                siblings: siblings.unwrap_or_default(),
                vanished,
                scope,
                blamed,
                local,
            },
        ),
        settings,
        summary,
    };
    Told {
        finding,
        blamed,
        many,
        others: siblings.unwrap_or_default(),
    }
}

/// How severe the finding that says `ruling` will be, with what is known of others.
pub(crate) fn severity(
    ruling: &Ruling,
    about: &About<'_>,
    identity: &Identity,
    contrasts: &Contrasts,
) -> Severity {
    if !others_decide(ruling, identity) {
        return ruling.severity;
    }
    let siblings = about.beside.as_ref().map(|beside| {
        contrasts
            .siblings
            .counts_beside(identity, about.path, beside)
    });
    most(
        ruling,
        gone(ruling, about, identity, contrasts, siblings.as_ref()).as_ref(),
    )
}

/// Whether other clients of its port say how severe it is that this one is lost.
pub(crate) fn others_decide(ruling: &Ruling, identity: &Identity) -> bool {
    ruling.gone && identity.role() == Role::Server
}

/// What other clients of its port say of one that is lost.
fn gone(
    ruling: &Ruling,
    about: &About<'_>,
    identity: &Identity,
    contrasts: &Contrasts,
    counts: Option<&SiblingCounts>,
) -> Option<Vanished> {
    if !others_decide(ruling, identity) {
        return None;
    }
    let (beside, counts) = (about.beside.as_ref()?, counts?);
    let before = about.before.as_ref();
    let siblings = (&contrasts.siblings, counts);
    vanished(identity, about.path, before, siblings, beside)
}

/// The severity of a ruling, where others say that it is less.
fn most(ruling: &Ruling, vanished: Option<&Vanished>) -> Severity {
    let most = vanished.map_or(Severity::Page, Vanished::severity);
    ruling.severity.min(most)
}

/// What others met.
struct Around<'a> {
    siblings: SiblingCounts,
    vanished: Option<Vanished>,
    scope: Option<Scope>,
    blamed: Blame,
    /// What this host's own tables say.
    local: Option<Telling<'a>>,
}

/// What to do, by what others met; and where the connection hangs, how to end it and no other.
fn advised(
    ruling: Ruling,
    about: &About<'_>,
    identity: &Identity,
    around: &Around<'_>,
) -> Option<String> {
    // Nobody hangs, and what was lost is the rule's to say.
    if ruling.left_behind {
        return ruling.advice;
    }
    let hangs = hangs(about.kind) && !ruling.given_up;
    let closed = ruling.peer_closed && ruling.gone;
    let (silence_ns, gone) = (silence_ns(&ruling, about), ruling.gone);
    let advice = main_advice(ruling, about, around);
    let mut advice = match (&around.local, about.path) {
        // Where the peer is heard, or this host itself refuses, no table stands in its way.
        (Some(local), _) if gone => local.advice(silence_ns, advice)?,
        (Some(local), Some(path)) if !is_loss(about.kind) => {
            local.advice_in_silence(path.timeout_ns, advice)?
        }
        _ => advice?,
    };
    if closed {
        advice += &advice::peer_had_closed();
    }
    if hangs {
        advice += &advice::free(identity);
    }
    Some(advice)
}

/// How long the silence is, or was before, at most, in ns; 0 where none is known.
fn silence_ns(ruling: &Ruling, about: &About<'_>) -> u64 {
    match about.kind {
        FindingKind::AtRisk | FindingKind::Crossed => ruling.length_ns,
        _ => about.before.map_or(0, |before| before.at_most_ns),
    }
}

fn main_advice(ruling: Ruling, about: &About<'_>, around: &Around<'_>) -> Option<String> {
    let settings = about.settings;
    // The peer is heard, or this host itself refuses: that is known, whatever others meet.
    if is_loss(about.kind) && !ruling.gone {
        return ruling.advice;
    }
    if around.scope.is_some() {
        return Some(if is_loss(about.kind) {
            advice::unreachable(settings)
        } else {
            advice::cut_off()
        });
    }
    let crossed = about.before.is_some_and(|before| {
        let stated = about.path.filter(|path| path.stated);
        stated.is_some_and(|path| before.ns >= path.timeout_ns)
    });
    // What a client leaves behind that may be gone needs no probes.
    let zombie = |vanished: &&Vanished| vanished.reach != Reach::AsEver || !crossed;
    if let Some(vanished) = around.vanished.as_ref().filter(zombie) {
        return Some(advice::vanished(vanished.reach, settings));
    }
    if let Some(advice) = advice::blamed(around.blamed, about.path, settings, is_loss(about.kind)) {
        return Some(match about.kind {
            FindingKind::Outcome {
                outcome: Outcome::Undelivered,
            } => advice::unconfirmed(&advice),
            _ => advice,
        });
    }
    let silent = about.before.filter(|before| {
        let stall = matches!(about.kind, FindingKind::Stall { .. });
        stall && ruling.may_be_silence && before.at_most_ns >= silent_from(about.path)
    });
    let end = silent.map(|before| advice::silence_before(before.at_most_ns));
    let by_others = ruling
        .gone
        .then(|| advice::gone(&around.siblings, settings));
    ruling
        .advice
        .or(by_others)
        .map(|advice| advice + &end.unwrap_or_default())
}

/// Whether a setting of the connection would help: what its silence may have to do with, and waits without an end. Not
/// where more than silent connections fail, nor where nothing is advised.
fn can_be_set(ruling: &Ruling, about: &About<'_>, scope: Option<Scope>) -> bool {
    let helps = match about.kind {
        FindingKind::AtRisk | FindingKind::Crossed => true,
        // It is the configuration's to be right.
        FindingKind::Misstated => false,
        FindingKind::Outcome { outcome } => outcome == Outcome::Closed || ruling.may_be_silence,
        FindingKind::Stall { cause } => cause == Cause::AwaitingReply || ruling.may_be_silence,
    };
    let advised = ruling.advice.is_some() || ruling.gone && !ruling.left_behind;
    helps && scope.is_none() && advised
}

/// Whether an application may hang on the connection, which a reset of it frees.
fn hangs(kind: FindingKind) -> bool {
    is_loss(kind)
        || matches!(
            kind,
            FindingKind::Outcome {
                outcome: Outcome::Undelivered
            } | FindingKind::Stall {
                cause: Cause::AwaitingReply
            }
        )
}

/// Whether the silence before is part of the evidence: where nothing comes back, and of other stalls that wake
/// somebody.
fn tells_silence_before(about: &About<'_>, ruling: &Ruling) -> bool {
    let stall = matches!(about.kind, FindingKind::Stall { .. }) && ruling.severity > Severity::None;
    is_loss(about.kind) || stall
}

/// How far it reaches, if beyond this connection.
fn scope(kind: FindingKind, siblings: &SiblingCounts) -> Option<Scope> {
    let down = is_loss(kind) && siblings.nothing_gets_through();
    let beyond = down || is_reset(kind) && siblings.was_cut_off();
    beyond.then_some(Scope::PeerOrNetwork)
}

fn is_reset(kind: FindingKind) -> bool {
    let outcome = Outcome::Reset;
    kind == FindingKind::Outcome { outcome }
}

/// Whether nothing comes back: what a dead peer or network looks like.
pub(crate) fn is_loss(kind: FindingKind) -> bool {
    match kind {
        FindingKind::Outcome { outcome } => outcome.card().is_loss,
        FindingKind::Stall { cause } => cause.card().is_loss,
        FindingKind::AtRisk | FindingKind::Crossed | FindingKind::Misstated => false,
    }
}

/// How the siblings fare, if that is worth a word.
fn beside(kind: FindingKind, siblings: SiblingCounts, scope: Option<Scope>) -> Option<String> {
    match (scope, siblings.moving) {
        (Some(Scope::PeerOrNetwork), _) if !is_loss(kind) => Some(format!(
            "{} there {} cut off in mid-exchange: it was not the silence",
            format::count(siblings.cut, "other connection"),
            if siblings.cut == 1 { "was" } else { "were" }
        )),
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
        // A reset is told at once: who moved before it may be next.
        (None, moving) if is_reset(kind) => Some(format!(
            "{} there moved within the last {}",
            format::count(moving, "other connection"),
            format::duration(LATELY_NS)
        )),
        (None, moving) => Some(format!(
            "{} there {} fine",
            format::count(moving, "other connection"),
            if moving == 1 { "is" } else { "are" }
        )),
    }
}

/// "api (pid 1234) → 20.1.2.3:443"; the arrow points to the side that was called.
fn who(connection: &Connection, owner: &Owner) -> String {
    let holder = match (&owner.comm, owner.pid, &owner.unit) {
        (Some(comm), Some(pid), _) => format!("{comm} (pid {pid})"),
        (Some(comm), None, _) => comm.clone(),
        (None, _, Some(unit)) => unit.clone(),
        (None, Some(pid), None) => format!("pid {pid}"),
        (None, None, None) => connection.local.clone(),
    };
    let arrow = match connection.role {
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
