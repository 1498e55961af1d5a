//! Sender limited: this host holds data back. The peer's window is open and
//! nothing is in flight.

use super::card::{Card, Case};
use super::snapshot;
use crate::evidence::EvidenceList;
use crate::ruling::Ruling;
use crate::thresholds::STALL_NS;
use monitor_model::format;

pub(super) const CARD: Card = Card::new(judge);

fn judge(case: &Case<'_>) -> Option<Ruling> {
    let first = case.sending?;
    let socket = &case.view.fact.socket;
    let queued = snapshot::queued_bytes(socket);
    // One snapshot may come between the application's write and its sending.
    let stood = case.now.at_ns.saturating_sub(first.at_ns);
    let held = queued > 0
        && socket.packets_out == 0
        && socket.retransmits == 0
        && !case.probed
        && !snapshot::window_closed(socket, case.probed);
    if !held || !snapshot::can_send(case.view) || stood < STALL_NS {
        return None;
    }
    let mut evidence = EvidenceList::default();
    evidence
        .count("queued_bytes", queued)
        .count("in_flight_segments", 0_u32)
        .count("peer_window_bytes", socket.snd_wnd);
    // All ones stands for no bound.
    let paced = socket.pacing_rate != u64::MAX;
    if paced {
        evidence.count("pacing_bytes_per_second", socket.pacing_rate);
    } else {
        evidence.flag("paced", false);
    }
    let pace = if paced {
        format!(", paced at {}/s", format::bytes(socket.pacing_rate))
    } else {
        String::new()
    };
    Some(Ruling {
        evidence,
        advice: Some(
            "this host's kernel holds the data back: look at pacing (SO_MAX_PACING_RATE, the queueing \
             discipline) and at memory (net.ipv4.tcp_mem, the cgroup's limit)"
                .into(),
        ),
        summary_tail: format!(
            "{} are queued, none in flight, the peer's window is open{pace}",
            format::bytes(queued.into())
        ),
        ..Ruling::of(stood)
    })
}
