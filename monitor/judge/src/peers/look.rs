//! What one look at a connection shows of its life: when it was heard, when something new came, and whether
//! nothing comes back.

use crate::fact_view::{FactView, is_receive};
use crate::serial::{after, jiffies_since};
use crate::thresholds::{FAILING, FAILING_IN_RTO, LEAST_RTO_NS};
use monitor_common::{FactKind, TcpState};

/// Whether its handshake is complete.
fn connected(view: &FactView<'_>) -> bool {
    !matches!(
        view.state(),
        Some(TcpState::SynSent | TcpState::SynRecv | TcpState::Listen | TcpState::Close) | None
    )
}

/// When something came from the peer, at the latest that `view` shows; its RST apart.
pub(super) fn heard_ns(view: &FactView<'_>) -> u64 {
    if is_receive(view.kind) {
        return view.at.ns;
    }
    let socket = &view.fact.socket;
    ago(view, socket.rcv_tstamp).max(ago(view, socket.lrcvtime))
}

/// That time in jiffies, in ns of CLOCK_MONOTONIC.
fn ago(view: &FactView<'_>, then: u32) -> u64 {
    let age = jiffies_since(view.fact.socket.jiffies, then);
    view.at.ns.saturating_sub(view.ns(age))
}

/// A time at which the connection was there already: its clocks begin with the handshake.
pub(super) fn known_since_ns(view: &FactView<'_>) -> u64 {
    if !connected(view) {
        return u64::MAX;
    }
    let socket = &view.fact.socket;
    [socket.lsndtime, socket.lrcvtime, socket.rcv_tstamp]
        .into_iter()
        .map(|then| ago(view, then))
        .min()
        .unwrap_or(view.at.ns)
}

/// When payload came, or an ACK of new data, at the least, as one look shows it; 0 if it does not.
///
/// Where all that was sent is acknowledged, the ACK of the last of it came after that was sent.
pub(super) fn exchanged_ns(view: &FactView<'_>) -> u64 {
    if !connected(view) || view.kind == FactKind::ResetReceived {
        return 0;
    }
    let socket = &view.fact.socket;
    if is_receive(view.kind) {
        let segment = &view.fact.segment;
        let news = after(segment.ack, socket.snd_una) && !after(segment.ack, socket.snd_nxt);
        if view.kind == FactKind::PayloadArrived || view.brings_payload() || news {
            return view.at.ns;
        }
    }
    let payload = if socket.bytes_received > peers_fin(view) {
        ago(view, socket.lrcvtime)
    } else {
        0
    };
    let all_acknowledged = socket.bytes_sent > 0
        && socket.snd_una == socket.snd_nxt
        && socket.packets_out == 0
        && view.new_state().is_none();
    let acknowledged = if all_acknowledged {
        ago(view, socket.lsndtime)
    } else {
        0
    };
    payload.max(acknowledged)
}

/// The place that the peer's FIN takes among what was received.
fn peers_fin(view: &FactView<'_>) -> u64 {
    let open = matches!(
        view.state(),
        Some(TcpState::Established | TcpState::FinWait1 | TcpState::FinWait2)
    );
    u64::from(!open)
}

/// When the peer last acknowledged something: new data, or a probe. With timeouts it may have been an ACK of
/// nothing new.
pub(super) fn answered_ns(view: &FactView<'_>) -> u64 {
    let socket = &view.fact.socket;
    if !connected(view) || socket.retransmits > 0 || view.kind == FactKind::ResetReceived {
        0
    } else if view.kind == FactKind::AckArrived && socket.packets_out == 0 {
        view.at.ns
    } else {
        ago(view, socket.rcv_tstamp)
    }
}

/// How long what is unacknowledged has been tried, in ns: timeouts double. A tail-loss probe before the first is
/// not in it, so it may be up to one timeout more.
pub(super) fn tried_ns(view: &FactView<'_>) -> u64 {
    let socket = &view.fact.socket;
    let tries = socket.rto_jiffies - (socket.rto_jiffies >> socket.retransmits.min(31));
    let since = jiffies_since(socket.jiffies, socket.lsndtime);
    view.ns(since).saturating_add(view.ns(tries))
}

/// Whether nothing comes back: an ACK of new data takes the timeouts back, any
/// answer the probes.
///
/// What this host itself cannot let out is tried again and again without another
/// timeout being counted (`tcp_retransmit_timer`): there the time of them counts.
pub(super) fn fails(view: &FactView<'_>, heard_ns: u64) -> bool {
    let socket = &view.fact.socket;
    let in_flight = socket.packets_out > 0 || view.kind == FactKind::Retransmitted;
    // Each timeout that is counted doubled it.
    let first = socket.rto_jiffies >> socket.retransmits.min(31);
    let rto_ns = view.ns(first).max(LEAST_RTO_NS);
    let unheard_ns = view.at.ns.saturating_sub(heard_ns);
    let stuck = socket.retransmits > 0 && unheard_ns >= rto_ns.saturating_mul(FAILING_IN_RTO);
    let waits =
        in_flight && (socket.retransmits >= FAILING || stuck) || socket.probes_out >= FAILING;
    waits && connected(view) && !is_receive(view.kind)
}
