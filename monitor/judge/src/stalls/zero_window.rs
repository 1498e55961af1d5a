//! Zero window: the peer's application does not read. Its window is closed, and
//! its kernel answers each probe.

use super::card::{Card, Case};
use super::snapshot::{self, Snapshot};
use crate::evidence::EvidenceList;
use crate::fact_view::FactView;
use crate::ruling::Ruling;
use crate::serial::after;
use crate::thresholds::{PROBES, STALL_NS, TWO_SNAPSHOTS_NS};
use monitor_model::format;

pub(super) const CARD: Card = Card::new(judge);

fn judge(case: &Case<'_>) -> Option<Ruling> {
    let first = case.sending?;
    let socket = &case.view.fact.socket;
    let between = case.now.at_ns.saturating_sub(first.at_ns);
    let stood = between.max(snapshot::idle_sender_ns(case.view));
    if !snapshot::window_closed(socket, case.probed)
        || socket.probes_out >= PROBES
        || between < TWO_SNAPSHOTS_NS
        || stood < STALL_NS
        || !answers(case.view, &first, &case.now)
    {
        return None;
    }
    let waiting = snapshot::waiting_bytes(socket);
    let mut evidence = EvidenceList::default();
    evidence
        .count("peer_window_bytes", socket.snd_wnd)
        .count("waiting_bytes", waiting)
        .count("ack_progress_bytes", 0_u32)
        .count(
            "segments_received",
            case.now.segs_in.wrapping_sub(first.segs_in),
        )
        .count("unanswered_probes", socket.probes_out)
        .seconds("seconds_without_ack", snapshot::since_ack_ns(case.view));
    Some(Ruling {
        evidence,
        advice: Some(
            "the peer's application does not read what it was sent: look there, this host and the \
             network do their part"
                .into(),
        ),
        summary_tail: format!(
            "the peer's window is closed, {} wait, its kernel answers",
            format::bytes(waiting.into())
        ),
        ..Ruling::of(stood)
    })
}

/// Whether the peer's kernel answers although nothing moves: something came
/// between the snapshots, or came later than the last data can have been
/// acknowledged.
fn answers(view: &FactView<'_>, first: &Snapshot, now: &Snapshot) -> bool {
    let socket = &view.fact.socket;
    let settled = socket.lsndtime.wrapping_add(socket.rto_jiffies);
    first.heard(now) || socket.packets_out == 0 && after(socket.rcv_tstamp, settled)
}
