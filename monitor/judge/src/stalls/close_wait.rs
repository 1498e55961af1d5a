//! One owner holds many connections that their peers have closed. Told of an owner by [`crate::close_waits`], which counts
//! them: no connection knows how many others there are.

use super::card::Card;
use crate::advice;
use crate::evidence::EvidenceList;
use crate::ruling::Ruling;
use monitor_model::finding::Severity;
use monitor_model::format;

pub(super) const CARD: Card = Card::new(|_| None);

/// How many an owner holds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pile {
    /// In this sweep.
    pub(crate) connections: u64,
    /// In the sweep before.
    pub(crate) before: u64,
    /// Of those now, in how many the FIN is unread.
    pub(crate) unread: u64,
    /// From how many on it is a ticket.
    pub(crate) ticket: u64,
    /// How long the oldest has been silent at least, in ns.
    pub(crate) silent_ns: u64,
}

/// What is said of it.
pub(crate) fn ruling(pile: &Pile, wakes: bool) -> Ruling {
    let mut evidence = EvidenceList::default();
    evidence
        .count("close_wait_connections", pile.connections)
        .count("close_wait_connections_before", pile.before)
        .count("fin_unread_connections", pile.unread)
        .count("close_wait_ticket", pile.ticket);
    let grows = if pile.connections > pile.before {
        ", and they become more"
    } else {
        ""
    };
    Ruling {
        severity: if wakes {
            Severity::Ticket
        } else {
            Severity::None
        },
        evidence,
        advice: Some(advice::close_them()),
        summary_tail: format!(
            "{} of this owner in CLOSE_WAIT: closed by their peers and not by it{grows}",
            format::count(pile.connections, "connection")
        ),
        ..Ruling::of(pile.silent_ns)
    }
}
