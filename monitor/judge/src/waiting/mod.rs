//! The connections on which something waits.

mod connection;
mod facts;
mod paces;
mod pending;
mod reporting;
mod standing;

use crate::connection::Identity;
use crate::context::Context;
use crate::fact_view::FactView;
use crate::farewell::sent_before_close;
use crate::stall_times::StallEnd;
use crate::stalls::snapshot;
use crate::unanswered::given_up;
use connection::WaitingConnection;
use monitor_common::{FactKind, TcpState};
use monitor_model::finding::Cause;
use monitor_model::owner::Owner;
use paces::Paces;
use pending::Pending;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Connections on which something waits, by socket cookie. Bounded; what does
/// not fit is counted.
pub(crate) struct Stalls {
    table: BTreeMap<u64, WaitingConnection>,
    /// How those paused that went on, for longer than they stay in the table.
    paces: Paces,
    capacity: usize,
    /// Looks at connections that found no place.
    dropped: u64,
}

/// Whether a fact other than a look tells that something waits on a connection of which nothing is known: timeouts, a
/// close that leaves behind what was sent before, or a death with something due.
fn begins(view: &FactView<'_>) -> bool {
    let due = snapshot::can_send(view) && snapshot::waiting_bytes(&view.fact.socket) > 0;
    let died = view.new_state() == Some(TcpState::Close) && given_up(&view.fact.socket).is_some();
    due && (view.kind == FactKind::Retransmitted || sent_before_close(view) || died)
}

/// Who holds the connection of `view`, as far as it knows or an earlier fact did: what a timer does has no process.
fn owner(view: &FactView<'_>, context: &Context<'_>) -> Arc<Owner> {
    let cookie = view.fact.socket.cookie;
    let known = context.contrasts.siblings.owner(cookie);
    let known = known.filter(|_| view.owner.pid.is_none());
    Arc::clone(known.unwrap_or(view.owner))
}

impl Stalls {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            table: BTreeMap::new(),
            paces: Paces::new(capacity),
            capacity,
            dropped: 0,
        }
    }

    /// Connections watched now.
    pub(crate) fn len(&self) -> usize {
        self.table.len()
    }

    /// Looks at connections, and pauses of them, that found no place.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.saturating_add(self.paces.dropped)
    }

    /// Whether this connection was told to be blackholed, and still is.
    pub(crate) fn blackholed(&self, cookie: u64) -> bool {
        self.table
            .get(&cookie)
            .is_some_and(WaitingConnection::is_lost)
    }

    /// Since when something is due on this connection and does not move, in ns, and why, as it was told; `None` where
    /// nothing is.
    pub(crate) fn standing(
        &self,
        cookie: u64,
        identity: &Identity,
    ) -> Option<(u64, Option<Cause>)> {
        let waiting = self.table.get(&cookie)?;
        waiting.stands_since_ns(identity)
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
            waiting.end(StallEnd::LostSight, context);
            self.table.remove(&cookie);
        }
        if view.kind == FactKind::Swept {
            self.on_sweep(cookie, view, spoken_for, context);
        } else if self.table.contains_key(&cookie) || !spoken_for && begins(view) && self.room() {
            let waiting = self
                .table
                .entry(cookie)
                .or_insert_with(|| WaitingConnection::new(view, owner(view, context)));
            waiting.on_fact(view, spoken_for, context);
            self.paces.note(cookie, waiting.pauses, view.at.ns);
            if waiting.idle() {
                self.table.remove(&cookie);
            }
        }
    }

    /// Whether there is room for one more; counts the one that there is none for.
    fn room(&mut self) -> bool {
        let room = self.table.len() < self.capacity;
        self.dropped += u64::from(!room);
        room
    }

    /// When a look at the connection of `view` may decide that what is due there is lost, CLOCK_MONOTONIC in
    /// ns.
    pub(crate) fn sweep_wanted_at(&self, view: &FactView<'_>) -> Option<u64> {
        self.table
            .get(&view.fact.socket.cookie)?
            .sweep_wanted_at(view)
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
            if !self.room() {
                return;
            }
        }
        let waiting = self.table.entry(cookie).or_insert_with(|| {
            let mut waiting = WaitingConnection::new(view, owner(view, context));
            waiting.pauses = self.paces.of(cookie);
            waiting
        });
        waiting.on_sweep(view, pending, spoken_for, context);
        self.paces.note(cookie, waiting.pauses, view.at.ns);
        if waiting.idle() {
            self.table.remove(&cookie);
        }
    }

    /// A sweep that began at `started_ns` is over: what it did not show waits no
    /// more.
    pub(crate) fn swept(&mut self, started_ns: u64, context: &mut Context<'_>) {
        let paces = &mut self.paces;
        self.table.retain(|cookie, waiting| {
            let before = waiting.pauses;
            waiting.missed(started_ns, context);
            if waiting.pauses != before {
                paces.note(*cookie, waiting.pauses, started_ns);
            }
            !waiting.idle()
        });
    }

    /// Forgets what no sweep showed for long; answers how many of these one should have shown.
    pub(crate) fn tick(&mut self, now_ns: u64, context: &mut Context<'_>) -> u64 {
        let mut expired = 0;
        self.paces.forget(now_ns);
        self.table.retain(|_, waiting| {
            waiting.bound(now_ns);
            let kept = now_ns.saturating_sub(waiting.seen_ns()) < waiting.patience_ns();
            if !kept {
                waiting.end(StallEnd::LostSight, context);
                waiting.end_left(context);
                expired += u64::from(!waiting.unheld);
            }
            kept
        });
        expired
    }
}
