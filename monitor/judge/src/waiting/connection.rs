//! One connection on which something waits: since when, and what was told of it.

use super::pending::Pending;
use crate::connection;
use crate::connection::Identity;
use crate::context::Context;
use crate::fact_view::FactView;
use crate::farewell::{next_timeouts_in_ns, nobody_waits};
use crate::keepalive::Settings;
use crate::stall_times::StallEnd;
use crate::stalls::CauseCard;
use crate::stalls::loss::Loss;
use crate::stalls::pauses::Pauses;
use crate::stalls::snapshot::{self, Snapshot};
use crate::thresholds::{
    LEAST_RTO_NS, LINGER_NS, LOSS_FORGET_NS, STALL_EXPIRY_NS, TIMEOUTS_IN_RTO,
};
use monitor_common::TcpState;
use monitor_model::finding::{Cause, Severity};
use monitor_model::owner::Owner;
use std::sync::Arc;

/// A connection, and since when what stands on it.
pub(super) struct WaitingConnection {
    pub(super) identity: Identity,
    pub(super) owner: Arc<Owner>,
    pub(super) settings: Settings,
    pub(super) seen_ns: u64,
    pub(super) sending: Option<Snapshot>,
    pub(super) reading: Option<Snapshot>,
    pub(super) reply: Option<Snapshot>,
    /// The first snapshot since which what the peer sends brings nothing new.
    pub(super) resent: Option<Snapshot>,
    pub(super) loss: Option<Loss>,
    /// First snapshot since which nothing came from the peer while something was due.
    pub(super) unheard: Option<Snapshot>,
    /// Most timeouts seen in a row while nothing was acknowledged.
    pub(super) timeouts: u8,
    /// What was due and is acknowledged now, by a fact since the last snapshot; and those timeouts.
    pub(super) freed: Option<(Snapshot, u8)>,
    pub(super) probed: bool,
    /// The peer's window was closed when it was looked at last.
    pub(super) closed: bool,
    /// How it paused of late, and went on.
    pub(super) pauses: Pauses,
    /// What is due was sent well before the application closed.
    pub(super) sent_before_close: bool,
    /// Its application has closed, or closes: no sweep need come past it any more.
    pub(super) unheld: bool,
    /// A sweep has shown it since: a process holds it, which only shut its side down and may read on.
    pub(super) held_on: bool,
    /// The retransmission timeout as it was seen last, in ns.
    pub(super) rto_ns: u64,
    /// What was told of it is over for that.
    pub(super) alone: bool,
    /// What was told of the stall that lasts.
    pub(super) reported: Option<Reported>,
    /// When the connection ended. It is remembered until the next sweep, so that a
    /// look from before does not start its story again.
    pub(super) over_ns: Option<u64>,
    /// Its end was told. That is remembered for longer, so that the same fact does not tell it again.
    pub(super) end_told: bool,
}

/// What was told of a stall.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reported {
    pub(super) cause: Cause,
    pub(super) severity: Severity,
    /// The time of the first look since which that stands.
    pub(super) since_ns: u64,
    /// Since when nothing moved, as it was told first.
    pub(super) began_ns: u64,
}

impl WaitingConnection {
    pub(super) fn new(view: &FactView<'_>, owner: Arc<Owner>) -> Self {
        Self {
            identity: Identity::of(&view.fact.socket),
            owner,
            settings: Settings::of(view.fact, view.jiffy_ns),
            seen_ns: view.at.ns,
            sending: None,
            reading: None,
            reply: None,
            resent: None,
            loss: None,
            unheard: None,
            timeouts: 0,
            freed: None,
            probed: false,
            closed: false,
            pauses: Pauses::default(),
            sent_before_close: false,
            unheld: false,
            held_on: false,
            rto_ns: view.ns(view.fact.socket.rto_jiffies),
            alone: false,
            reported: None,
            over_ns: None,
            end_told: false,
        }
    }

    /// Whether `view` is about another connection of the same socket.
    pub(super) fn is_another(&self, view: &FactView<'_>) -> bool {
        let remote = connection::remote(&view.fact.socket);
        // A socket on its way out may have lost its peer.
        remote.port() != 0
            && remote != self.identity.remote()
            && view.state() == Some(TcpState::Established)
    }

    pub(super) fn reported(&self) -> Option<Cause> {
        self.reported.map(|reported| reported.cause)
    }

    /// Since when something is due on it and does not move, in ns, and why, as it was told; `None` where nothing is, and of
    /// the connection that this socket had before.
    pub(super) fn stands_since_ns(&self, identity: &Identity) -> Option<(u64, Option<Cause>)> {
        if self.over_ns.is_some() || self.identity.remote() != identity.remote() {
            return None;
        }
        let told = self.reported.map(|reported| reported.began_ns);
        let firsts = [self.sending, self.reading, self.reply];
        let first = firsts.into_iter().flatten().map(|first| first.at_ns).min();
        Some((told.or(first)?, self.reported()))
    }

    /// When a snapshot last showed it, or a timeout.
    pub(super) fn seen_ns(&self) -> u64 {
        self.seen_ns
    }

    /// No fact is from the future; one that says so must not stay for ever.
    pub(super) fn bound(&mut self, now_ns: u64) {
        self.seen_ns = self.seen_ns.min(now_ns);
    }

    /// How long it is remembered without a snapshot or a timeout, in ns. One that no sweep need show any more was
    /// acknowledged where its third timeout has not come by when it was due: servers on a lossy path close many such ones
    /// each second, whose end nothing tells. Likewise one that its application left behind, of which the next two timeouts
    /// do not come: a death is told.
    pub(super) fn patience_ns(&self) -> u64 {
        if self.alone {
            next_timeouts_in_ns(self.rto_ns)
        } else if self.unheld {
            let rto_ns = self.rto_ns.max(LEAST_RTO_NS);
            rto_ns.saturating_mul(TIMEOUTS_IN_RTO).min(STALL_EXPIRY_NS)
        } else {
            STALL_EXPIRY_NS
        }
    }

    /// Whether nothing waits any more.
    pub(super) fn idle(&self) -> bool {
        self.over_ns.is_none()
            && !self.alone
            && self.sending.is_none()
            && self.reading.is_none()
            && self.reply.is_none()
            && self.resent.is_none()
            && self.freed.is_none()
            && self.loss.is_none()
    }

    /// A snapshot of the sweep. Nothing new is told of a connection that is `spoken_for`.
    pub(super) fn on_sweep(
        &mut self,
        view: &FactView<'_>,
        pending: Pending,
        spoken_for: bool,
        context: &mut Context<'_>,
    ) {
        // A sweep is read beside the ring: it may show what the ring outdated. Who holds it stands.
        if self.owner.pid.is_none() {
            self.owner.clone_from(view.owner);
        }
        if view.at.ns < self.seen_ns || self.over_ns.is_some() {
            return;
        }
        if self.alone {
            return self.follow_left(view, context);
        }
        self.seen_ns = view.at.ns;
        self.held_on |= self.unheld && !nobody_waits(view);
        self.rto_ns = view.ns(view.fact.socket.rto_jiffies);
        self.settings = Settings::of(view.fact, view.jiffy_ns);
        if view.owner.pid.is_some() {
            self.owner.clone_from(view.owner);
        }
        let now = Snapshot::of(view);
        let mss_fell = self.mss_fell(&now);
        self.note_pauses(&now, pending);
        self.compare(&now, pending);
        self.break_deadlock(now.at_ns);
        self.closed = snapshot::window_closed(&view.fact.socket, self.probed);
        self.look(view, now, mss_fell, spoken_for, context);
    }

    /// Whether it was told that nothing comes back.
    pub(super) fn is_lost(&self) -> bool {
        self.reported().is_some_and(|cause| cause.card().is_loss)
    }

    pub(super) fn stop(&mut self) {
        self.sending = None;
        self.unheard = None;
        self.freed = None;
        self.reading = None;
        self.reply = None;
        self.resent = None;
    }

    /// A sweep that began at `started_ns` did not show it: what waited does so no
    /// more. Losses are not shown by every sweep.
    pub(super) fn missed(&mut self, started_ns: u64, context: &mut Context<'_>) {
        if self.seen_ns >= started_ns {
            return;
        }
        if self.unheld {
            // Nobody hangs on it any more: who read on got its answer, or nobody holds it since it was closed.
            if self.held_on {
                self.end(StallEnd::Moved, context);
            } else {
                self.left_alone(context);
            }
            return;
        }
        if self.over_ns.is_none() {
            self.sending_goes_on(started_ns);
            self.reading_goes_on(started_ns);
        }
        self.stop();
        let lingers = if self.end_told { LINGER_NS } else { 0 };
        self.over_ns = self
            .over_ns
            .filter(|over| over.saturating_add(lingers) >= started_ns);
        self.loss = self
            .loss
            .filter(|loss| started_ns.saturating_sub(loss.seen_ns()) < LOSS_FORGET_NS);
        self.end_unless_standing(context);
    }
}
