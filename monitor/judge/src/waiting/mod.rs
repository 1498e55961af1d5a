//! The connections on which something waits.

mod connection;
mod outages;

use crate::context::Context;
use crate::fact_view::FactView;
use crate::thresholds::STALL_EXPIRY_NS;
use connection::{Pending, WaitingConnection};
use monitor_common::FactKind;
use outages::Outages;
use std::collections::BTreeMap;

/// Connections on which something waits, by socket cookie. Bounded; what does
/// not fit is counted.
pub(crate) struct Stalls {
    table: BTreeMap<u64, WaitingConnection>,
    outages: Outages,
    capacity: usize,
    /// Looks at connections that found no place.
    dropped: u64,
}

impl Stalls {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            table: BTreeMap::new(),
            outages: Outages::new(capacity),
            capacity,
            dropped: 0,
        }
    }

    /// Connections watched now.
    pub(crate) fn len(&self) -> usize {
        self.table.len()
    }

    /// Looks at connections that found no place.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.saturating_add(self.outages.dropped)
    }

    /// Whether this connection was told to be blackholed, and still is.
    pub(crate) fn blackholed(&self, cookie: u64) -> bool {
        self.table
            .get(&cookie)
            .is_some_and(WaitingConnection::is_lost)
    }

    /// Takes up a fact. `spoken_for`: what became of a gap of this connection
    /// is judged elsewhere, and a stall says no more. One that was told before
    /// lasts: the answer to a probe may have ended that gap.
    pub(crate) fn observe(
        &mut self,
        view: &FactView<'_>,
        spoken_for: bool,
        context: &mut Context<'_>,
    ) {
        let cookie = view.fact.socket.cookie;
        let another = |waiting: &&mut WaitingConnection| waiting.is_another(view);
        if let Some(waiting) = self.table.get_mut(&cookie).filter(another) {
            waiting.end(context);
            self.table.remove(&cookie);
            self.outages.remove(cookie);
        }
        self.outages.note(view);
        if view.kind == FactKind::Swept {
            self.on_sweep(cookie, view, spoken_for, context);
        } else if let Some(waiting) = self.table.get_mut(&cookie) {
            waiting.on_fact(view, spoken_for, context);
            if waiting.idle() {
                self.table.remove(&cookie);
            }
        }
    }

    fn on_sweep(
        &mut self,
        cookie: u64,
        view: &FactView<'_>,
        spoken_for: bool,
        context: &mut Context<'_>,
    ) {
        let pending = Pending::of(view, context.habits);
        if !self.table.contains_key(&cookie) {
            if spoken_for || !pending.any() {
                return;
            }
            if self.table.len() >= self.capacity {
                self.dropped += 1;
                return;
            }
        }
        let waiting = self
            .table
            .entry(cookie)
            .or_insert_with(|| WaitingConnection::new(view));
        let sent_again = self.outages.sent_again(cookie);
        waiting.on_sweep(view, pending, spoken_for, sent_again, context);
        if waiting.idle() {
            self.table.remove(&cookie);
        }
    }

    /// A sweep that began at `started_ns` is over: what it did not show waits no
    /// more.
    pub(crate) fn swept(&mut self, started_ns: u64, context: &mut Context<'_>) {
        self.table.retain(|_, waiting| {
            waiting.missed(started_ns, context);
            !waiting.idle()
        });
    }

    /// Forgets what no sweep showed for long; answers how many.
    pub(crate) fn tick(&mut self, now_ns: u64, context: &mut Context<'_>) -> u64 {
        self.outages.forget(now_ns);
        let before = self.table.len();
        self.table.retain(|_, waiting| {
            waiting.bound(now_ns);
            let kept = now_ns.saturating_sub(waiting.seen_ns()) < STALL_EXPIRY_NS;
            if !kept {
                waiting.end(context);
            }
            kept
        });
        (before - self.table.len()) as u64
    }
}
