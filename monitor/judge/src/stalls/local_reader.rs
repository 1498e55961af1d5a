//! Local reader: this host's application does not read. Data waits for it, and
//! our own window is closed.

use super::card::{Card, Case, Stands};
use super::snapshot;
use crate::evidence::EvidenceList;
use crate::ruling::Ruling;
use crate::thresholds::STALL_NS;
use monitor_model::finding::Clock;
use monitor_model::format;

pub(super) const CARD: Card = Card {
    clock: Clock::Payload,
    stands: Stands::Reading,
    ..Card::new(judge)
};

fn judge(case: &Case<'_>) -> Option<Ruling> {
    let first = case.reading?;
    let stood = case.now.at_ns.saturating_sub(first.at_ns);
    if stood < STALL_NS {
        return None;
    }
    let socket = &case.view.fact.socket;
    let unread = snapshot::unread_bytes(socket);
    let mut evidence = EvidenceList::default();
    evidence
        .count("unread_bytes", unread)
        .count("own_window_bytes", snapshot::own_window(socket))
        .count("peer_segment_bytes", socket.rcv_mss)
        .count("bytes_read", 0_u32);
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
