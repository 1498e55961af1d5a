//! Unexplained: due to move, not moving, and no other rule says why.

use super::card::{Card, Case};
use super::{network_loss, snapshot};
use crate::evidence::EvidenceList;
use crate::ruling::Ruling;
use crate::thresholds::UNEXPLAINED_NS;
use monitor_model::finding::Severity;
use monitor_model::format;

pub(super) const CARD: Card = Card {
    gravity: 1,
    ..Card::new(judge)
};

fn judge(case: &Case<'_>) -> Option<Ruling> {
    let first = case.sending?;
    let socket = &case.view.fact.socket;
    let waiting = snapshot::waiting_bytes(socket);
    let stood = case.now.at_ns.saturating_sub(first.at_ns);
    let rto_ns = case.view.ns(socket.rto_jiffies);
    let heard = first.heard(&case.now);
    // Timeouts count up to "blackholed", a closed window is probed, and where much is
    // lost that is why.
    if waiting == 0
        || socket.packets_out == 0
        || stood < UNEXPLAINED_NS
        || socket.retransmits > 0
        || snapshot::window_closed(socket, case.probed)
        || network_loss::lossy(socket, case.sent_again_in_outages)
    {
        return None;
    }
    let mut evidence = EvidenceList::default();
    evidence
        .count("unacknowledged_bytes", waiting)
        .count("in_flight_segments", socket.packets_out)
        .count("ack_progress_bytes", 0_u32)
        .count(
            "segments_received",
            case.now.segs_in.wrapping_sub(first.segs_in),
        )
        .count("timeouts", socket.retransmits)
        .count("peer_window_bytes", socket.snd_wnd)
        .seconds("retransmission_timeout_seconds", rto_ns);
    let word = if heard {
        "the peer is heard, but acknowledges nothing"
    } else {
        "nothing comes, and nothing is sent again"
    };
    Some(Ruling {
        severity: Severity::Ticket,
        evidence,
        advice: Some(
            "none of the known causes fits: capture this connection on both hosts and compare what \
             leaves with what arrives"
                .into(),
        ),
        summary_tail: format!("{} are due; {word}", format::bytes(waiting.into())),
        ..Ruling::of(stood)
    })
}
