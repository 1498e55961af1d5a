//! Deadlock: neither end reads. The peer's window is closed over what waits here, and ours over what lies
//! unread: where each end's application waits until its own data is taken, that lasts for ever.

use super::card::{Card, Case, Stands};
use super::{local_reader, zero_window};
use crate::evidence::EvidenceList;
use crate::ruling::Ruling;
use crate::stalls::snapshot;
use crate::thresholds::DEADLOCK_NS;
use monitor_model::finding::Severity;
use monitor_model::format;

pub(super) const CARD: Card = Card {
    stands: Stands::BothWays,
    gravity: 1,
    ..Card::new(judge)
};

fn judge(case: &Case<'_>) -> Option<Ruling> {
    let there_ns = zero_window::closed_for_ns(case)?;
    let here_ns = local_reader::unread_for_ns(case)?;
    let stood = there_ns.min(here_ns);
    let lasts = stood >= patience_ns(case);
    if !lasts && stood < case.pauses.patience_ns() {
        return None;
    }
    let socket = &case.view.fact.socket;
    let waiting = snapshot::waiting_bytes(socket);
    let unread = snapshot::unread_bytes(socket);
    let mut evidence = EvidenceList::default();
    zero_window::add_to(&mut evidence, case);
    local_reader::add_to(&mut evidence, case);
    Some(Ruling {
        // Who pauses on both sides for a moment is none.
        severity: if lasts {
            Severity::Ticket
        } else {
            Severity::None
        },
        evidence,
        advice: Some(
            "neither application reads before what it writes is taken, so nothing in TCP ends this: restart one \
             of them, and let each read while it writes (a thread or a poll for each way), or bound what is \
             asked for before its answers are read"
                .into(),
        ),
        summary_tail: format!(
            "neither end reads: {} lie unread here and our window is closed, {} wait and the peer's is closed",
            format::bytes(unread.into()),
            format::bytes(waiting.into())
        ),
        ..Ruling::of(stood)
    })
}

/// How long it may last before that is a ticket, in ns: as long as the path was stated to remember a
/// connection, or five minutes.
fn patience_ns(case: &Case<'_>) -> u64 {
    let stated = case.view.path.filter(|path| path.stated);
    stated.map_or(DEADLOCK_NS, |path| path.timeout_ns)
}
