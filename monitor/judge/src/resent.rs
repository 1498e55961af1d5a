//! Segments of the peer's that bring nothing new: it sends again what has arrived, because it hears no ACK of ours.

use crate::fact_view::{FactView, is_receive};
use crate::serial::jiffies_since;
use crate::stalls::snapshot::own_window;
use crate::thresholds::{LEAST_RTO_NS, RESENT, RESENT_APART_NS};
use monitor_common::{Socket, flags};

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

/// Segments of the peer's that came since its payload did, and brought nothing new: it hears no ACK.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Resent {
    /// When the last payload that was news had come, at the latest.
    pub(crate) since_ns: u64,
    /// The last look at the socket, if there was one since.
    pub(crate) looked_ns: Option<u64>,
    /// How many of them by then.
    pub(crate) segments: u32,
    received: Received,
    /// What a later look told as one segment may have been many: how long it was, until the next look.
    told_as_one: Option<u32>,
}

impl Resent {
    /// None yet: payload that was news has come by `view`, which left so much.
    fn none(view: &FactView<'_>, received: Received) -> Self {
        Self {
            since_ns: view.at.ns,
            looked_ns: None,
            segments: 0,
            received,
            told_as_one: None,
        }
    }

    /// None yet: payload that was news has come by `view`, the first to tell of it.
    pub(crate) fn told(view: &FactView<'_>, received: Received) -> Self {
        let one = view.fact.has(flags::REVISITED) && is_receive(view.kind);
        Self {
            told_as_one: one.then_some(view.fact.segment.payload_len),
            ..Self::none(view, received)
        }
    }

    /// Takes a look at the socket.
    pub(crate) fn look(&mut self, view: &FactView<'_>) {
        let now = Received::of(&view.fact.socket);
        let all_news = self.told_as_one.take();
        let all_news = all_news.is_some_and(|payload| may_be_all_news(view, payload));
        match self
            .received
            .resent(&now)
            .filter(|count| *count == 0 || !all_news)
        {
            Some(segments) => {
                self.segments = segments;
                self.looked_ns = Some(view.at.ns);
            }
            None => *self = Self::none(view, now),
        }
    }
}

/// Whether the segments of so much payload, told as one by a look before `view`, may all have brought news. More than one
/// full segment's worth is many. Of less, nothing came since the last news: what is sent again comes after a
/// retransmission timeout.
fn may_be_all_news(view: &FactView<'_>, payload: u32) -> bool {
    let since_news_ns = view.fact.payload_idle_ns;
    let later_ns = since_news_ns.saturating_sub(view.fact.packet_idle_ns);
    payload > view.fact.socket.rcv_mss || later_ns < LEAST_RTO_NS
}
