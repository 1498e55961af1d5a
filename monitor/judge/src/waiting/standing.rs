//! What stands on a connection as it did, from look to look, and what moved.

use super::connection::{Reported, WaitingConnection};
use super::pending::Pending;
use crate::fact_view::{FactView, is_receive};
use crate::serial::after;
use crate::stalls::CauseCard;
use crate::stalls::card::{Fell, Stands};
use crate::stalls::loss::Loss;
use crate::stalls::snapshot::Snapshot;
use crate::thresholds::FAILING;
use monitor_common::tcp_flags;
use monitor_model::finding::Cause;

impl WaitingConnection {
    /// What stood still behind a closed window goes on by `now`.
    pub(super) fn note_pauses(&mut self, now: &Snapshot, pending: Pending) {
        let sent = |first: Snapshot| !pending.due || first.snd_una != now.snd_una;
        if self.sending.is_some_and(sent) {
            self.sending_goes_on(now.at_ns);
        }
        let read = |first: Snapshot| !pending.unread || first.copied_seq != now.copied_seq;
        if self.reading.is_some_and(read) {
            self.reading_goes_on(now.at_ns);
        }
    }

    /// By `now_ns` the peer has opened its window again, if that was why nothing moved.
    pub(super) fn sending_goes_on(&mut self, now_ns: u64) {
        if let Some(first) = self.sending.filter(|_| self.closed) {
            self.pauses.there.ended(now_ns.saturating_sub(first.at_ns));
        }
    }

    /// By `now_ns` this host's application has read again.
    pub(super) fn reading_goes_on(&mut self, now_ns: u64) {
        if let Some(first) = self.reading {
            self.pauses.here.ended(now_ns.saturating_sub(first.at_ns));
        }
    }

    /// Where one way of a deadlock goes on by `now_ns`, what stands the other way begins anew: its reader has had no turn
    /// yet, and what was told speaks for the time before.
    pub(super) fn break_deadlock(&mut self, now_ns: u64) {
        let both = |told: &Reported| told.cause.card().stands == Stands::BothWays;
        let Some(told) = self.reported.filter(both) else {
            return;
        };
        if self.standing(told.cause) == Some(told.since_ns) {
            return;
        }
        for first in [&mut self.sending, &mut self.reading].into_iter().flatten() {
            first.at_ns = now_ns;
        }
    }

    /// What stands as it did, and what begins to.
    pub(super) fn compare(&mut self, now: &Snapshot, pending: Pending) {
        // Where probes went unanswered, any answer takes it back; data takes an ACK that covers some of it.
        let back = self.is_lost()
            && now.packets_out == 0
            && self.unheard.is_some_and(|first| first.heard(now));
        self.sending = stand(self.sending, now, pending.due, |first| {
            first.snd_una == now.snd_una && !back
        });
        self.unheard = stand(self.unheard, now, pending.due, |first| {
            first.snd_una == now.snd_una && !first.heard(now)
        });
        self.timeouts = match self.sending {
            Some(first) if first.at_ns < now.at_ns => self.timeouts.max(now.retransmits),
            _ => now.retransmits,
        };
        self.probed = self
            .sending
            .is_some_and(|first| now.probes_out > 0 || self.probed && first.at_ns < now.at_ns);
        self.reading = stand(self.reading, now, pending.unread, |first| {
            first.copied_seq == now.copied_seq
        });
        self.reply = stand(self.reply, now, pending.reply, |first| {
            first.write_seq == now.write_seq && first.bytes_received == now.bytes_received
        });
        self.resent = stand(self.resent, now, pending.resent, |first| {
            first.bytes_received == now.bytes_received
        });
        let reported = self
            .reported()
            .is_some_and(|cause| cause.card().stands == Stands::Loss);
        self.loss = match self.loss {
            Some(loss) => loss.on_sweep(*now, reported),
            None => pending.loses.then(|| Loss::begin(*now)),
        };
    }

    /// That the kernel made segments smaller after timeouts, and what was due is acknowledged since.
    pub(super) fn mss_fell(&mut self, now: &Snapshot) -> Option<Fell> {
        let standing = self.sending.map(|first| (first, self.timeouts));
        let (first, timeouts) = self.freed.take().or(standing)?;
        let freed = after(now.snd_una, first.snd_una) && timeouts >= FAILING;
        (freed && now.mss_cache < first.mss_cache && now.mss_cache > 0).then_some(Fell {
            before: first.mss_cache,
            now: now.mss_cache,
            lasted_ns: now.at_ns.saturating_sub(first.at_ns),
        })
    }

    /// The time of the first snapshot since which what `cause` is about stands.
    pub(super) fn standing(&self, cause: Cause) -> Option<u64> {
        let first = match cause.card().stands {
            Stands::Sending if self.sending.is_some() => &self.sending,
            Stands::Sending => &self.resent,
            Stands::Reading => &self.reading,
            Stands::BothWays => {
                let (there, here) = (self.sending?, self.reading?);
                return Some(there.at_ns.max(here.at_ns));
            }
            Stands::Reply => &self.reply,
            Stands::Nothing => return None,
            Stands::Loss => return self.loss.map(|_| 0),
        };
        first.map(|first| first.at_ns)
    }
}

/// The first snapshot since which something stands, `now` where it only begins to;
/// `None` if nothing `waits`.
pub(super) fn stand(
    first: Option<Snapshot>,
    now: &Snapshot,
    waits: bool,
    same: impl Fn(&Snapshot) -> bool,
) -> Option<Snapshot> {
    waits.then(|| first.filter(same).unwrap_or(*now))
}

/// How far the peer has acknowledged, as this fact shows it.
pub(super) fn acknowledged(view: &FactView<'_>) -> Option<u32> {
    let socket = &view.fact.socket;
    let segment = &view.fact.segment;
    let arrived = is_receive(view.kind) && view.segment_has(tcp_flags::ACK);
    if arrived && !after(segment.ack, socket.snd_nxt) && after(segment.ack, socket.snd_una) {
        return Some(segment.ack);
    }
    // A closed socket's counters say nothing.
    (!after(socket.snd_una, socket.snd_nxt)).then_some(socket.snd_una)
}
