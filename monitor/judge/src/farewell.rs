//! Whether anybody waits for what is not acknowledged, where the application has closed: what it still
//! had to say was a goodbye, or is lost without an error to anybody.

use crate::fact_view::FactView;
use crate::serial::jiffies_since;
use crate::stalls::snapshot::waiting_bytes;
use crate::thresholds::{
    GOODBYE_BYTES, LEAST_RTO_NS, LEAST_WAIT_NS, NEXT_TIMEOUTS_IN_RTO, STALL_EXPIRY_NS,
};
use monitor_common::{GOODBYE_WITHIN_NS, TcpState};

/// What an application left behind that has closed its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Farewell {
    /// A few bytes, sent with the close: PostgreSQL's Terminate, TLS close_notify, ssh's disconnect.
    Goodbye,
    /// More than that, or sent before: nobody will ever be told that it did not arrive.
    Lost {
        /// So many bytes at most.
        bytes: u32,
    },
}

/// What was left behind, where nobody waits any more. `sent_before`: see [`sent_before_close`].
///
/// FIN-WAIT alone does not say that nobody waits: who only shut down the sending side goes on reading. A
/// socket that no process holds does.
pub(crate) fn farewell(view: &FactView<'_>, sent_before: bool) -> Option<Farewell> {
    if !nobody_waits(view) {
        return None;
    }
    let bytes = waiting_bytes(&view.fact.socket);
    Some(if bytes <= GOODBYE_BYTES && !sent_before {
        Farewell::Goodbye
    } else {
        Farewell::Lost { bytes }
    })
}

/// Whether the connection is closed on this host and no process holds it.
pub(crate) fn nobody_waits(view: &FactView<'_>) -> bool {
    use TcpState::{Close, Closing, FinWait1, FinWait2, LastAck};
    let state = TcpState::from_number(view.fact.socket.state);
    let closed = matches!(state, Some(Close | Closing | FinWait1 | FinWait2 | LastAck))
        || view.new_state() == Some(Close);
    view.fact.socket.orphan != 0 && closed
}

/// By when the next two timeouts come of what is sent again now and nobody answers, CLOCK_MONOTONIC in ns.
pub(crate) fn next_timeouts_by_ns(view: &FactView<'_>) -> u64 {
    let rto_ns = view.ns(view.fact.socket.rto_jiffies);
    view.at.ns.saturating_add(next_timeouts_in_ns(rto_ns))
}

/// Within so long after a timeout that had this RTO the two after it come, in ns.
pub(crate) fn next_timeouts_in_ns(rto_ns: u64) -> u64 {
    let rto_ns = rto_ns.max(LEAST_RTO_NS);
    rto_ns
        .saturating_mul(NEXT_TIMEOUTS_IN_RTO)
        .clamp(LEAST_WAIT_NS, STALL_EXPIRY_NS)
}

/// Whether `view` tells that the application closes, or shuts its side down.
pub(crate) fn closes(view: &FactView<'_>) -> bool {
    let state = view.new_state();
    matches!(state, Some(TcpState::FinWait1 | TcpState::LastAck))
}

/// Whether `view` tells of the application's close, and what is in flight was first sent well before
/// it: it was sent again already, or the last send lies further back.
pub(crate) fn sent_before_close(view: &FactView<'_>) -> bool {
    let socket = &view.fact.socket;
    let since_send = jiffies_since(socket.jiffies, socket.lsndtime);
    closes(view)
        && socket.packets_out > 0
        && (socket.retransmits > 0
            || socket.retrans_out > 0
            || view.ns(since_send) > GOODBYE_WITHIN_NS)
}
