//! Closed: FIN from the peer ended the silence, close to the timeout, or in place of an answer that was due.
//!
//! An answer that is lost is told at once, or once it is known whose it was. Where the application does not look, that
//! is told at once, and once more only if a write meets RST. Else the
//! finding is held until it is known whether this host wrote into the
//! closed connection and met RST, so that one gap has one final outcome: until
//! the connection is closed here, a reset comes, the kernel side lets the
//! connection go, or [`CLOSED_GRACE_NS`] is over.

use super::card::{Card, Case, Event};
use crate::advice;
use crate::evidence::EvidenceList;
use crate::fact_view::FactView;
use crate::ruling::{Bearing, Ruling};
use crate::stalls::fin_unread;
use crate::thresholds::{CLOSED_GRACE_NS, CLOSED_WITHIN_NS, CLOSED_WITHIN_PERCENT};
use crate::tracked::gap::Gap;
use crate::tracked::gap::seldom::Fin;
use monitor_common::{FactKind, TcpState};
use monitor_model::finding::{Outcome, Severity};
use monitor_model::format;
use nix::errno::Errno;

pub(super) const CARD: Card = Card {
    // Once more where it has turned out graver.
    follows: &[None, Some(Outcome::Acknowledged), Some(Outcome::Closed)],
    ends_stalls: true,
    siblings_since: |gap, _| gap.seldom.fin.map(|fin| fin.ns),
    ..Card::new(judge)
};

fn judge(case: &Case<'_>) -> Option<Ruling> {
    let gap = case.gap;
    let path = gap.path.as_deref()?;
    let fin = held(gap)?;
    let answer_lost = gap.answer_lost();
    let swept = match case.event {
        Event::Fact(view) if view.kind == FactKind::Swept => Some(view),
        _ => None,
    };
    let ignored = !fin.sent_after && swept.is_some_and(fin_unread);
    // A FIN comes to a kernel, not to a process: where none was seen before, the next look knows whose answer it was.
    let owner_known = case.held_by_known || swept.is_some();
    let met_reset = match decided(case, &fin) {
        Some(met_reset) => met_reset,
        None if answer_lost && owner_known || ignored => false,
        None => return None,
    };
    let lost = fin.outstanding > 0 || met_reset || answer_lost;
    let severity = if lost {
        Severity::Ticket
    } else {
        Severity::None
    };
    let again = gap
        .reported
        .is_some_and(|told| told.outcome == Outcome::Closed && severity <= told.severity);
    if again {
        return None;
    }
    let mut evidence = EvidenceList::default();
    evidence
        .seconds(
            "fin_from_timeout_seconds",
            gap.length_ns.abs_diff(path.timeout_ns),
        )
        .count("unacknowledged_bytes", fin.outstanding)
        .flag("write_met_reset", met_reset);
    if ignored {
        evidence.flag("fin_unread", true);
    }
    if answer_lost {
        evidence.flag("answer_lost", true);
    }
    Some(Ruling {
        severity,
        // A goodbye by which nothing is lost is no failure of the silence.
        bearing: if lost {
            Bearing::Failed
        } else {
            Bearing::Neutral
        },
        evidence,
        advice: Some(if answer_lost {
            advice::closed_on_a_request(gap.length_ns)
        } else {
            advice::closed(path)
        }),
        summary_tail: match (met_reset, fin.outstanding) {
            (true, _) => "FIN from the peer, and the next write met RST".into(),
            (false, 0) if answer_lost => {
                "FIN from the peer in place of the answer, which is lost".into()
            }
            (false, 0) if ignored => {
                "FIN from the peer, and the application has not looked; nothing was lost so far"
                    .into()
            }
            (false, 0) => "FIN from the peer, nothing was lost".into(),
            (false, bytes) => format!(
                "FIN from the peer with {} unacknowledged",
                format::count(bytes.into(), "byte")
            ),
        },
        provisional: ignored && !lost,
        ..Ruling::of(case.gap.length_ns)
    })
}

/// Whether it was told that nobody looks at the FIN that ended the silence, and the time in which a write may have met
/// RST is over.
pub(crate) fn forgotten(gap: &Gap, now_ns: u64) -> bool {
    let told = gap.outcome() == Some(Outcome::Closed);
    told && gap
        .seldom
        .fin
        .is_some_and(|fin| now_ns.saturating_sub(fin.ns) >= CLOSED_GRACE_NS)
}

/// The FIN that ended the silence close to the timeout, or in place of an answer, if one did.
pub(crate) fn held(gap: &Gap) -> Option<Fin> {
    gap.seldom
        .fin
        .filter(|fin| fin.in_silence && (near_timeout(gap) || gap.answer_lost()))
}

/// Whether the silence ended so close to its path's timeout that this may be the timeout's doing.
pub(super) fn near_timeout(gap: &Gap) -> bool {
    let Some(path) = gap.path.as_deref() else {
        return false;
    };
    // Divided first: a timeout may be anything.
    let share = path.timeout_ns / 100 * CLOSED_WITHIN_PERCENT;
    gap.length_ns.abs_diff(path.timeout_ns) <= share.max(CLOSED_WITHIN_NS)
}

/// Whether this host wrote and met RST; `None` while that is open.
fn decided(case: &Case<'_>, fin: &Fin) -> Option<bool> {
    if fin.outstanding > 0 {
        return Some(false);
    }
    match case.event {
        Event::Time => (case.now_ns.saturating_sub(fin.ns) >= CLOSED_GRACE_NS).then_some(false),
        Event::Superseded => Some(false),
        Event::Fact(view) => decided_by(view, fin),
    }
}

fn decided_by(view: &FactView<'_>, fin: &Fin) -> Option<bool> {
    match (view.kind, view.new_state()) {
        (FactKind::ResetReceived, _) => Some(fin.sent_after),
        (_, Some(TcpState::Close)) => {
            let error = view.fact.socket.sk_err;
            let reset = error == Errno::EPIPE as u32 || error == Errno::ECONNRESET as u32;
            Some(fin.sent_after && reset)
        }
        // What was written before this close may still meet RST.
        (_, Some(TcpState::LastAck)) if !fin.sent_after => Some(false),
        (FactKind::ProbationOver, _) => Some(false),
        _ => None,
    }
}
