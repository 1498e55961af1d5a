//! At what pace connections move whose readers are slow: remembered beyond the pauses, because no look shows them in
//! between.

use crate::stalls::pauses::Pauses;
use crate::thresholds::PAUSES_EXPIRY_NS;
use std::collections::BTreeMap;

/// The pauses of one connection, and when the last of them was seen, CLOCK_MONOTONIC in ns.
#[derive(Clone, Copy, Debug)]
struct Known {
    pauses: Pauses,
    seen_ns: u64,
}

/// The pauses of connections by socket cookie. Bounded; what does not fit is counted.
#[derive(Debug)]
pub(super) struct Paces {
    table: BTreeMap<u64, Known>,
    capacity: usize,
    /// Pauses that found no place.
    pub(super) dropped: u64,
}

impl Paces {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            table: BTreeMap::new(),
            capacity,
            dropped: 0,
        }
    }

    /// How this connection paused of late.
    pub(super) fn of(&self, cookie: u64) -> Pauses {
        self.table
            .get(&cookie)
            .map_or_else(Pauses::default, |known| known.pauses)
    }

    /// This is how it paused by `seen_ns`.
    pub(super) fn note(&mut self, cookie: u64, pauses: Pauses, seen_ns: u64) {
        if pauses == Pauses::default() {
            return;
        }
        if let Some(known) = self.table.get_mut(&cookie) {
            known.pauses = pauses;
            known.seen_ns = known.seen_ns.max(seen_ns);
        } else if self.table.len() < self.capacity {
            self.table.insert(cookie, Known { pauses, seen_ns });
        } else {
            self.dropped += 1;
        }
    }

    /// Forgets what is long ago.
    pub(super) fn forget(&mut self, now_ns: u64) {
        self.table.retain(|_, known| {
            // No fact is from the future; one that says so must not stay for ever.
            known.seen_ns = known.seen_ns.min(now_ns);
            now_ns - known.seen_ns < PAUSES_EXPIRY_NS
        });
    }
}
