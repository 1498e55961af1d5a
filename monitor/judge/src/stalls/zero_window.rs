//! Zero window: the peer's application does not read. Its window is closed, and
//! its kernel answers each probe.

use super::card::{Card, Case};
use super::snapshot::{self, Snapshot};
use crate::evidence::EvidenceList;
use crate::fact_view::FactView;
use crate::ruling::Ruling;
use crate::serial::after;
use crate::thresholds::{PROBES, TWO_SNAPSHOTS_NS};
use monitor_model::format;

pub(super) const CARD: Card = Card::new(judge);

fn judge(case: &Case<'_>) -> Option<Ruling> {
    let stood = closed_for_ns(case)?;
    // A peer that reads slowly opens its window now and then.
    if stood < case.pauses.there.patience_ns() {
        return None;
    }
    let socket = &case.view.fact.socket;
    let unread = snapshot::unread_bytes(socket);
    let mut evidence = EvidenceList::default();
    add_to(&mut evidence, case);
    if unread > 0 {
        evidence.count("unread_bytes", unread);
    }
    Some(Ruling {
        evidence,
        advice: Some(if unread > 0 {
            format!(
                "the peer's application does not read what it was sent; this host's has {} to read itself: \
                 look at both, each may wait for the other",
                format::bytes(unread.into())
            )
        } else {
            "the peer's application does not read what it was sent: look there, this host and the \
             network do their part"
                .into()
        }),
        summary_tail: format!(
            "the peer's window is closed, {} wait, its kernel answers",
            format::bytes(snapshot::waiting_bytes(socket).into())
        ),
        ..Ruling::of(stood)
    })
}

/// How long the peer's window has been closed over what waits at least, in ns, while its kernel answers.
pub(super) fn closed_for_ns(case: &Case<'_>) -> Option<u64> {
    let first = case.sending?;
    let socket = &case.view.fact.socket;
    let between = case.now.at_ns.saturating_sub(first.at_ns);
    let closed = snapshot::window_closed(socket, case.probed)
        && socket.probes_out < PROBES
        && between >= TWO_SNAPSHOTS_NS
        && answers(case.view, &first, &case.now);
    closed.then(|| between.max(snapshot::idle_sender_ns(case.view)))
}

/// Adds what shows it.
pub(super) fn add_to(evidence: &mut EvidenceList, case: &Case<'_>) {
    let socket = &case.view.fact.socket;
    let first_segs_in = case.sending.map_or(case.now.segs_in, |first| first.segs_in);
    evidence
        .count("peer_window_bytes", socket.snd_wnd)
        .count("waiting_bytes", snapshot::waiting_bytes(socket))
        .count("ack_progress_bytes", 0_u32)
        .count(
            "segments_received",
            case.now.segs_in.wrapping_sub(first_segs_in),
        )
        .count("unanswered_probes", socket.probes_out)
        .seconds("seconds_without_ack", snapshot::since_ack_ns(case.view));
}

/// Whether the peer's kernel answers although nothing moves: something came
/// between the snapshots, or came later than the last data can have been
/// acknowledged.
fn answers(view: &FactView<'_>, first: &Snapshot, now: &Snapshot) -> bool {
    let socket = &view.fact.socket;
    let settled = socket.lsndtime.wrapping_add(socket.rto_jiffies);
    first.heard(now) || socket.packets_out == 0 && after(socket.rcv_tstamp, settled)
}
