//! Window probes: what this host asks with while the peer's window is closed over what waits, and that it is answered.

use crate::counters::Counters;
use crate::fact_view::FactView;
use crate::stalls::snapshot::{can_send, queued_bytes, window_closed};
use monitor_common::{FactKind, Socket, tcp_flags};

/// What waits behind the peer's closed window with nothing in flight, as a look shows it: whatever the peer
/// acknowledges then is a window probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    snd_una: u32,
    data_segs_in: u32,
    rcv_tstamp: u32,
}

impl Held {
    /// `None` where nothing waits so.
    pub(crate) fn of(view: &FactView<'_>) -> Option<Self> {
        let socket = &view.fact.socket;
        (can_send(view) && is_held(socket)).then(|| Self::by(&Counters::of(socket)))
    }

    /// The same, where a later look shows it, as it was when these were the counters.
    pub(crate) fn before(counters: &Counters, view: &FactView<'_>) -> Option<Self> {
        Self::of(view).map(|_| Self::by(counters))
    }

    fn by(counters: &Counters) -> Self {
        Self {
            snd_una: counters.snd_una,
            data_segs_in: counters.data_segs_in,
            rcv_tstamp: counters.rcv_tstamp,
        }
    }

    /// Whether a window probe was answered between this look and a later one. The peer's own probes leave no such
    /// trace: the stack drops them before it looks at what they acknowledge (`tcp_validate_incoming`).
    pub(crate) fn answered_by(&self, later: &Self) -> bool {
        self.snd_una == later.snd_una
            && self.data_segs_in == later.data_segs_in
            && self.rcv_tstamp != later.rcv_tstamp
    }
}

/// Whether `view` tells of the segment that answers a window probe of this host's: Linux probes with a place that was
/// acknowledged long ago (`tcp_xmit_probe_skb`), and the answer acknowledges nothing new (RFC 9293, section 3.8.6.1).
/// Where the socket was read after its segment the probe counts no more; but nothing else of the peer's is bare, in its
/// place, and says that the window is closed still.
pub(crate) fn answers_probe(view: &FactView<'_>) -> bool {
    let (socket, segment) = (&view.fact.socket, &view.fact.segment);
    let bare = tcp_flags::ACK | tcp_flags::FIN | tcp_flags::RST;
    matches!(
        view.kind,
        FactKind::GapEndedByReceive | FactKind::AckArrived
    ) && (socket.probes_out > 0 || segment.window == 0)
        && can_send(view)
        && is_held(socket)
        && segment.payload_len == 0
        && segment.tcp_flags & bare == tcp_flags::ACK
        && segment.ack == socket.snd_una
        && segment.seq == socket.rcv_nxt
}

fn is_held(socket: &Socket) -> bool {
    socket.packets_out == 0
        && socket.snd_una == socket.snd_nxt
        && queued_bytes(socket) > 0
        && window_closed(socket, true)
}
