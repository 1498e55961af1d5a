//! Network loss: much has to be sent again, yet ACKs move.

use super::look::Look;
use super::{Card, Case, Stands};
use crate::evidence::EvidenceList;
use crate::ruling::Ruling;
use crate::serial::distance;
use crate::thresholds::{
    LOSS_AGAIN_NS, LOSS_LOOKS, LOSS_OVER_PERCENT, LOSS_PERCENT, LOSS_SEGMENTS, LOSS_SPAN_NS,
    LOSSY_PERCENT, LOSSY_SEGMENTS, TWO_LOOKS_NS,
};
use monitor_common::Socket;
use monitor_model::format;

/// What was lost since a first look.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Loss {
    base: Look,
    last: Look,
    /// Looks, the first included.
    looks: u32,
}

impl Loss {
    pub(super) fn begin(now: Look) -> Self {
        Self {
            base: now,
            last: now,
            looks: 1,
        }
    }

    /// Takes up the next look. `None` if the losses are over.
    pub(super) fn look(mut self, now: Look, told: bool) -> Option<Self> {
        if now.at_ns.saturating_sub(self.last.at_ns) >= TWO_LOOKS_NS {
            self.looks = self.looks.saturating_add(1);
        }
        self.last = now;
        let span = self.span_ns();
        if told && span >= LOSS_AGAIN_NS {
            return (self.percent() >= LOSS_OVER_PERCENT).then(|| Self::begin(now));
        }
        if !told && span >= LOSS_SPAN_NS && !self.much() {
            return (self.segments() > 0).then(|| Self::begin(now));
        }
        Some(self)
    }

    /// It was told: what comes is measured from here on.
    pub(super) fn told(&mut self) {
        *self = Self::begin(self.last);
    }

    /// When it was last looked at.
    pub(super) fn seen_ns(&self) -> u64 {
        self.last.at_ns
    }

    fn span_ns(&self) -> u64 {
        self.last.at_ns.saturating_sub(self.base.at_ns)
    }

    /// Segments sent again.
    fn segments(&self) -> u32 {
        distance(self.base.total_retrans, self.last.total_retrans)
    }

    fn sent(&self) -> u64 {
        self.last.bytes_sent.saturating_sub(self.base.bytes_sent)
    }

    fn again(&self) -> u64 {
        self.last
            .bytes_retrans
            .saturating_sub(self.base.bytes_retrans)
    }

    /// Share of what was sent that was sent again, in percent.
    fn percent(&self) -> u64 {
        let share = u128::from(self.again()) * 100 / u128::from(self.sent().max(1));
        u64::try_from(share.min(100)).unwrap_or(100)
    }

    /// Bytes acknowledged meanwhile.
    fn progress(&self) -> u32 {
        distance(self.base.snd_una, self.last.snd_una)
    }

    fn much(&self) -> bool {
        self.looks >= LOSS_LOOKS
            && self.segments() >= LOSS_SEGMENTS
            && self.percent() >= LOSS_PERCENT
            && self.progress() > 0
    }
}

/// Whether a connection lost so much before its present timeouts that a few of
/// them in a row mean little. What was sent again `in_outages` does not count: it was
/// no loss here and there.
pub(super) fn lossy(socket: &Socket, in_outages: u32) -> bool {
    // Each timeout sends one segment again, and a tail-loss probe goes before them.
    let now = u32::from(socket.retransmits).saturating_add(1);
    let before = socket
        .total_retrans
        .saturating_sub(now)
        .saturating_sub(in_outages);
    before >= LOSSY_SEGMENTS
        && u64::from(before) * 100 >= u64::from(socket.data_segs_out) * LOSSY_PERCENT
}

pub(super) const CARD: Card = Card {
    stands: Stands::Loss,
    moves: true,
    ..Card::new(judge)
};

fn judge(case: &Case<'_>) -> Option<Ruling> {
    let loss = case.loss.filter(Loss::much)?;
    let mut evidence = EvidenceList::default();
    evidence
        .count("retransmitted_percent", loss.percent())
        .count("retransmitted_segments", loss.segments())
        .count("retransmitted_bytes", loss.again())
        .count("sent_bytes", loss.sent())
        .count("ack_progress_bytes", loss.progress())
        .seconds("measured_seconds", loss.span_ns())
        .count("rtt_us", case.seen.fact.socket.srtt_us);
    Some(Ruling {
        evidence,
        advice: Some(
            "the way to this peer loses packets: compare other peers, look at interface errors \
             (ip -s link), policers and shapers, and the path's MTU"
                .into(),
        ),
        summary_tail: format!(
            "{} % of what was sent in {} had to be sent again ({}), yet ACKs come",
            loss.percent(),
            format::duration(loss.span_ns()),
            format::count(loss.segments().into(), "segment")
        ),
        ..Ruling::of(0)
    })
}
