//! Segments of the peer's that bring nothing new: it sends again what has arrived, because it hears no ACK of ours.

use crate::fact_view::FactView;
use crate::serial::jiffies_since;
use crate::stalls::snapshot::own_window;
use crate::thresholds::{RESENT, RESENT_APART_NS};
use monitor_common::Socket;

/// What had been received at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Received {
    /// In order, in bytes.
    pub(crate) bytes: u64,
    data_segs_in: u32,
    rcv_ooopack: u32,
}

impl Received {
    pub(crate) fn of(socket: &Socket) -> Self {
        Self {
            bytes: socket.bytes_received,
            data_segs_in: socket.data_segs_in,
            rcv_ooopack: socket.rcv_ooopack,
        }
    }

    /// The same with so many bytes in order.
    pub(crate) fn with_bytes(self, bytes: u64) -> Self {
        Self { bytes, ..self }
    }

    /// Segments with data that came since and were no news, as `now` shows; `None` where payload came that was. Those
    /// behind a hole are news.
    pub(crate) fn resent(&self, now: &Self) -> Option<u32> {
        let came = now.data_segs_in.wrapping_sub(self.data_segs_in);
        let news = now.rcv_ooopack.wrapping_sub(self.rcv_ooopack);
        (now.bytes == self.bytes).then(|| came.saturating_sub(news))
    }
}

/// Whether so many segments that were no news show that the peer hears no ACK.
pub(crate) fn hears_no_ack(view: &FactView<'_>, segments: u32) -> bool {
    segments >= RESENT && !held_back(view) && soon_after(view, segments)
}

/// Whether our window is what holds the peer back: it has no room for a segment, and each that comes is a probe.
pub(crate) fn held_back(view: &FactView<'_>) -> bool {
    let socket = &view.fact.socket;
    own_window(socket) < socket.rcv_mss.max(1)
}

/// Whether so many segments that were no news came so soon after the payload before them as only data does that is sent
/// again: keepalive that brings an old byte each time looks the same, and comes at even distances.
pub(crate) fn soon_after(view: &FactView<'_>, segments: u32) -> bool {
    let socket = &view.fact.socket;
    let since_ns = view.ns(jiffies_since(socket.jiffies, socket.lrcvtime));
    since_ns <= RESENT_APART_NS.saturating_mul(segments.into())
}
