//! A connection as one snapshot of the sweep shows it: what waits, and what moved.

use crate::fact_view::FactView;
use crate::heard::Since;
use crate::serial::{distance, jiffies_since};
use crate::thresholds::FULL_SEGMENT;
use monitor_common::{Socket, TcpState};

/// One snapshot.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Snapshot {
    pub(crate) at_ns: u64,
    pub(crate) snd_una: u32,
    pub(crate) write_seq: u32,
    pub(crate) copied_seq: u32,
    pub(crate) rcv_tstamp: u32,
    pub(crate) segs_in: u32,
    pub(crate) data_segs_in: u32,
    pub(crate) delivered: u32,
    pub(crate) packets_out: u32,
    pub(crate) mss_cache: u32,
    pub(crate) retransmits: u8,
    pub(crate) total_retrans: u32,
    pub(crate) rto_jiffies: u32,
    pub(crate) bytes_received: u64,
    pub(crate) bytes_sent: u64,
    pub(crate) bytes_retrans: u64,
    pub(crate) probes_out: u8,
}

impl Snapshot {
    pub(crate) fn of(view: &FactView<'_>) -> Self {
        let socket = &view.fact.socket;
        Self {
            at_ns: view.at.ns,
            snd_una: socket.snd_una,
            write_seq: socket.write_seq,
            copied_seq: socket.copied_seq,
            rcv_tstamp: socket.rcv_tstamp,
            segs_in: socket.segs_in,
            data_segs_in: socket.data_segs_in,
            delivered: socket.delivered,
            packets_out: socket.packets_out,
            mss_cache: socket.mss_cache,
            retransmits: socket.retransmits,
            total_retrans: socket.total_retrans,
            rto_jiffies: socket.rto_jiffies,
            bytes_received: socket.bytes_received,
            bytes_sent: socket.bytes_sent,
            bytes_retrans: socket.bytes_retrans,
            probes_out: socket.probes_out,
        }
    }

    /// What to hold against later counters to see how the peer is heard.
    pub(crate) fn since(&self) -> Since {
        Since {
            segs_in: self.segs_in,
            data_segs_in: self.data_segs_in,
            delivered: self.delivered,
            retransmits: self.retransmits,
        }
    }

    /// Whether anything arrived from the peer between the two snapshots.
    pub(crate) fn heard(&self, now: &Self) -> bool {
        self.segs_in != now.segs_in || self.rcv_tstamp != now.rcv_tstamp
    }
}

/// Bytes of payload that this host's application handed over and that nobody
/// acknowledged.
pub(crate) fn waiting_bytes(socket: &Socket) -> u32 {
    let grown = distance(socket.snd_una, socket.write_seq);
    // Our own FIN takes one place in the sequence, but is no data.
    let fin_possible = !matches!(
        TcpState::from_number(socket.state),
        Some(TcpState::Established | TcpState::CloseWait)
    );
    grown.saturating_sub(u32::from(fin_possible))
}

/// Bytes of them that were never sent.
pub(crate) fn queued_bytes(socket: &Socket) -> u32 {
    distance(socket.snd_nxt, socket.write_seq).min(waiting_bytes(socket))
}

/// Whether the peer's window is what holds the queue back. `probed`: the
/// persist timer was seen at work, so it is, whatever a segment's size.
pub(crate) fn window_closed(socket: &Socket, probed: bool) -> bool {
    if socket.snd_wnd == 0 {
        return waiting_bytes(socket) > 0;
    }
    let queued = queued_bytes(socket);
    let in_flight = distance(socket.snd_una, socket.snd_nxt);
    let room = socket.snd_wnd.saturating_sub(in_flight);
    socket.packets_out == 0 && room < queued && (room < FULL_SEGMENT || probed)
}

/// Whether the first segment in flight lies beyond the peer's window: it has closed the window over
/// what was sent. The kernel sends that segment again in place of probes (`tcp_retransmit_timer`).
pub(crate) fn beyond_window(socket: &Socket) -> bool {
    socket.packets_out > 0 && socket.snd_wnd == 0
}

/// Whether this host itself refuses to let out what waits: the peer's window is open, and
/// the timer that probes it runs in vain. It probes an open window with the data itself,
/// which would be in flight had it left (`tcp_write_wakeup` in net/ipv4/tcp_output.c).
pub(crate) fn refused_here(socket: &Socket) -> bool {
    socket.packets_out == 0
        && socket.probes_out > 0
        && queued_bytes(socket) > 0
        && !window_closed(socket, false)
}

/// Whether data can be due at all: the connection was made, and is not gone.
pub(crate) fn can_send(view: &FactView<'_>) -> bool {
    use TcpState::{CloseWait, Closing, Established, FinWait1, LastAck};
    matches!(
        view.state(),
        Some(Established | CloseWait | FinWait1 | Closing | LastAck)
    )
}

/// Whether something is out that asks for an answer of the peer's kernel.
pub(crate) fn due(view: &FactView<'_>) -> bool {
    use TcpState::{CloseWait, Established, FinWait2};
    let alive = matches!(view.state(), Some(Established | CloseWait | FinWait2));
    let probing = alive && view.fact.socket.probes_out > 0;
    can_send(view) && waiting_bytes(&view.fact.socket) > 0 || probing
}

/// Bytes that our window still has room for.
pub(crate) fn own_window(socket: &Socket) -> u32 {
    distance(socket.rcv_nxt, socket.rcv_wup.wrapping_add(socket.rcv_wnd))
}

/// Bytes that the application has not read.
pub(crate) fn unread_bytes(socket: &Socket) -> u32 {
    distance(socket.copied_seq, socket.rcv_nxt)
}

/// Whether the application leaves unread what fills our window.
pub(crate) fn unread(view: &FactView<'_>) -> bool {
    use TcpState::{Established, FinWait1, FinWait2};
    let socket = &view.fact.socket;
    matches!(view.state(), Some(Established | FinWait1 | FinWait2))
        && unread_bytes(socket) > 0
        && own_window(socket) < socket.rcv_mss.max(1)
}

/// How long nothing can have been acknowledged although everything that was
/// sent is, in ns, by the socket's own clock: what was sent last would have been
/// sent again, were it not acknowledged within an RTO.
pub(crate) fn idle_sender_ns(view: &FactView<'_>) -> u64 {
    let socket = &view.fact.socket;
    if socket.packets_out > 0 || socket.bytes_sent == 0 {
        return 0;
    }
    let since = jiffies_since(socket.jiffies, socket.lsndtime);
    view.ns(since.saturating_sub(socket.rto_jiffies))
}

/// Since the last ACK, in ns.
pub(crate) fn since_ack_ns(view: &FactView<'_>) -> u64 {
    let socket = &view.fact.socket;
    view.ns(jiffies_since(socket.jiffies, socket.rcv_tstamp))
}
