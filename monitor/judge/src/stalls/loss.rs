//! What a connection lost of late, as the snapshots of the sweep show it.

use super::snapshot::Snapshot;
use crate::serial::distance;
use crate::thresholds::{
    LOSS_AGAIN_NS, LOSS_OVER_PERCENT, LOSS_PERCENT, LOSS_SEGMENTS, LOSS_SNAPSHOTS, LOSS_SPAN_NS,
    TWO_SNAPSHOTS_NS,
};

/// What was lost since a first snapshot.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Loss {
    base: Snapshot,
    last: Snapshot,
    /// Snapshots, the first included.
    snapshots: u32,
}

impl Loss {
    pub(crate) fn begin(now: Snapshot) -> Self {
        Self {
            base: now,
            last: now,
            snapshots: 1,
        }
    }

    /// Takes up the next snapshot. `None` if the losses are over.
    pub(crate) fn on_sweep(mut self, now: Snapshot, reported: bool) -> Option<Self> {
        if now.at_ns.saturating_sub(self.last.at_ns) >= TWO_SNAPSHOTS_NS {
            self.snapshots = self.snapshots.saturating_add(1);
        }
        self.last = now;
        let span = self.span_ns();
        if reported && span >= LOSS_AGAIN_NS {
            return (self.percent() >= LOSS_OVER_PERCENT).then(|| Self::begin(now));
        }
        if !reported && span >= LOSS_SPAN_NS && !self.much() {
            return (self.segments() > 0).then(|| Self::begin(now));
        }
        Some(self)
    }

    /// It was told: what comes is measured from here on.
    pub(crate) fn reported(&mut self) {
        *self = Self::begin(self.last);
    }

    /// When it was last looked at.
    pub(crate) fn seen_ns(&self) -> u64 {
        self.last.at_ns
    }

    pub(crate) fn span_ns(&self) -> u64 {
        self.last.at_ns.saturating_sub(self.base.at_ns)
    }

    /// Segments sent again.
    pub(crate) fn segments(&self) -> u32 {
        distance(self.base.total_retrans, self.last.total_retrans)
    }

    pub(crate) fn sent(&self) -> u64 {
        self.last.bytes_sent.saturating_sub(self.base.bytes_sent)
    }

    pub(crate) fn again(&self) -> u64 {
        self.last
            .bytes_retrans
            .saturating_sub(self.base.bytes_retrans)
    }

    /// Share of what was sent that was sent again, in percent.
    pub(crate) fn percent(&self) -> u64 {
        let share = u128::from(self.again()) * 100 / u128::from(self.sent().max(1));
        u64::try_from(share.min(100)).unwrap_or(100)
    }

    /// Bytes acknowledged meanwhile.
    pub(crate) fn progress(&self) -> u32 {
        distance(self.base.snd_una, self.last.snd_una)
    }

    pub(crate) fn much(&self) -> bool {
        self.snapshots >= LOSS_SNAPSHOTS
            && self.segments() >= LOSS_SEGMENTS
            && self.percent() >= LOSS_PERCENT
            && self.progress() > 0
    }
}
