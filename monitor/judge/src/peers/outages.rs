//! Outages that connections came through: what was sent again in one says nothing
//! about loss, and must not make the next one look like it.

use crate::fact_view::FactView;
use crate::thresholds::{OPEN_EXPIRY_NS, TIMEOUTS};
use monitor_common::{FactKind, TcpState};
use std::collections::BTreeMap;

/// Segments that an outage sends again beside its timeouts: the tail-loss probe
/// before them, and a timeout that no snapshot came past.
const BESIDE_TIMEOUTS: u32 = 2;

/// One connection's outages.
#[derive(Clone, Copy, Debug, Default)]
struct Outage {
    seen_ns: u64,
    /// Timeouts of the one that lasts; 0 for none.
    lasts: u8,
    /// Segments that were sent again in those before.
    again: u32,
}

/// Connections that met three timeouts in a row, by socket cookie. Bounded; what
/// does not fit is counted.
#[derive(Debug)]
pub(crate) struct Outages {
    table: BTreeMap<u64, Outage>,
    capacity: usize,
    /// Facts about connections that found no place.
    pub(crate) dropped: u64,
}

impl Outages {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            table: BTreeMap::new(),
            capacity,
            dropped: 0,
        }
    }

    /// Takes up what `view` shows of its connection's timeouts.
    pub(crate) fn note(&mut self, view: &FactView<'_>) {
        let cookie = view.fact.socket.cookie;
        let timeouts = view.fact.socket.retransmits;
        let over = view.kind == FactKind::ResetReceived
            || view.new_state() == Some(TcpState::Close)
            || view.new_state() == Some(TcpState::SynSent);
        if over {
            self.table.remove(&cookie);
            return;
        }
        if !self.table.contains_key(&cookie) {
            if timeouts < TIMEOUTS {
                return;
            }
            if self.table.len() >= self.capacity {
                self.dropped += 1;
                return;
            }
        }
        let outage = self.table.entry(cookie).or_default();
        // A sweep is read beside the ring: it may show what the ring outdated.
        if view.at.ns < outage.seen_ns {
            return;
        }
        outage.seen_ns = view.at.ns;
        if timeouts < outage.lasts {
            let again = u32::from(outage.lasts).saturating_add(BESIDE_TIMEOUTS);
            outage.again = outage.again.saturating_add(again);
            outage.lasts = 0;
        }
        if timeouts >= TIMEOUTS {
            outage.lasts = timeouts;
        }
    }

    /// Segments that the connection sent again in outages that are over.
    pub(crate) fn sent_again(&self, cookie: u64) -> u32 {
        self.table.get(&cookie).map_or(0, |outage| outage.again)
    }

    /// Forgets those of which no fact came for long, at `now_ns`.
    pub(crate) fn forget(&mut self, now_ns: u64) {
        self.table.retain(|_, outage| {
            // No fact is from the future; one that says so must not stay for ever.
            outage.seen_ns = outage.seen_ns.min(now_ns);
            now_ns - outage.seen_ns < OPEN_EXPIRY_NS
        });
    }
}
