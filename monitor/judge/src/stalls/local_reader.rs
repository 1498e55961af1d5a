//! Local reader: this host's application does not read. Data waits for it, and
//! our own window is closed.

use super::card::{Card, Case, Stands};
use super::snapshot;
use crate::evidence::EvidenceList;
use crate::ruling::Ruling;
use monitor_model::finding::Clock;
use monitor_model::format;

pub(super) const CARD: Card = Card {
    clock: Clock::Payload,
    stands: Stands::Reading,
    ..Card::new(judge)
};

fn judge(case: &Case<'_>) -> Option<Ruling> {
    let stood = unread_for_ns(case)?;
    // One that reads slowly rests now and then.
    if stood < case.pauses.here.patience_ns() {
        return None;
    }
    let unread = snapshot::unread_bytes(&case.view.fact.socket);
    let mut evidence = EvidenceList::default();
    add_to(&mut evidence, case);
    Some(Ruling {
        evidence,
        advice: Some(
            "this host's application leaves what came unread: look at what it does instead of \
             reading (its CPU, its locks, what it waits for)"
                .into(),
        ),
        summary_tail: format!(
            "this host's application has {} to read and reads nothing, our window is closed",
            format::bytes(unread.into())
        ),
        ..Ruling::of(stood)
    })
}

/// How long this host's application has left unread what fills our window at least, in ns.
pub(super) fn unread_for_ns(case: &Case<'_>) -> Option<u64> {
    let first = case.reading?;
    Some(case.now.at_ns.saturating_sub(first.at_ns))
}

/// Adds what shows it.
pub(super) fn add_to(evidence: &mut EvidenceList, case: &Case<'_>) {
    let socket = &case.view.fact.socket;
    evidence
        .count("unread_bytes", snapshot::unread_bytes(socket))
        .count("own_window_bytes", snapshot::own_window(socket))
        .count("peer_segment_bytes", socket.rcv_mss)
        .count("bytes_read", 0_u32);
}
