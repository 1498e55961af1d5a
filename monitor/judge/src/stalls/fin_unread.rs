//! The peer has closed, and this host's application has not looked. Told of each connection once, by
//! [`crate::close_waits`]: nothing of it moves, so no look is held against another.

use super::card::Card;
use super::snapshot::{unread_bytes, waiting_bytes};
use crate::advice;
use crate::evidence::EvidenceList;
use crate::fact_view::FactView;
use crate::ruling::Ruling;
use crate::thresholds::GOODBYE_BYTES;
use monitor_common::{CLOSE_WAIT_NS, TcpState};

pub(super) const CARD: Card = Card::new(|_| None);

/// Whether the peer's FIN waits to be read, behind a goodbye at the most, and this host has sent nothing since: one that
/// still sends knows what it does, and may take its time (half-close is legal).
pub(crate) fn fin_unread(view: &FactView<'_>) -> bool {
    let socket = &view.fact.socket;
    // The FIN takes a place of its own, which is read as the end of the file.
    let goodbye = unread_bytes(socket).wrapping_sub(1) <= GOODBYE_BYTES;
    // What the peer has acknowledged or announced since its FIN came with the number behind that (`tcp_update_wl`).
    let sent_since = socket.snd_wl1 == socket.rcv_nxt || waiting_bytes(socket) > 0;
    view.state() == Some(TcpState::CloseWait)
        && socket.orphan == 0
        && view.fact.packet_idle_ns >= CLOSE_WAIT_NS
        && goodbye
        && !sent_since
}

/// What is said of it.
pub(crate) fn ruling(view: &FactView<'_>) -> Ruling {
    let mut evidence = EvidenceList::default();
    evidence
        .count(
            "unread_bytes",
            unread_bytes(&view.fact.socket).saturating_sub(1),
        )
        .count("unacknowledged_bytes", 0_u32);
    Ruling {
        evidence,
        advice: Some(advice::look_for_fin()),
        summary_tail: "FIN from the peer, and the application has not looked".into(),
        ..Ruling::of(view.fact.packet_idle_ns)
    }
}
