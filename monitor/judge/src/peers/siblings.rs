//! How a host's other connections fare: what moves beside a failure tells an
//! expired entry from a dead peer.
//!
//! Every fact says when its connection was heard last, and the sweep's samples show
//! those of which no fact tells. Compared are connections of one network namespace:
//! in another one the same address may be another host.

use crate::connection::{self, Identity};
use crate::fact_view::FactView;
use crate::paths::JudgedPath;
use crate::serial::jiffies_since;
use crate::thresholds::{
    FAILING, FAILING_IN_RTO, FRESH_ELSEWHERE, LEAST_RTO_NS, MAX_SIBLINGS, SIBLING_EXPIRY_NS,
};
use crate::tracked::gap::is_receive;
use monitor_common::{FactKind, TcpState};
use monitor_model::finding::Scope;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

/// A connection as its siblings see it.
#[derive(Debug)]
struct Sibling {
    netns: u32,
    remote: IpAddr,
    path: Option<Arc<JudgedPath>>,
    /// Time of the latest fact.
    seen_ns: u64,
    /// Something came from the peer at this time, or later.
    heard_ns: u64,
    segs_in: u32,
    /// Nothing came from the peer since a long silence ended.
    after_silence: bool,
    failing: Option<Failing>,
}

/// Nothing comes back on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Failing {
    /// No long silence went before.
    fresh: bool,
}

/// How the siblings of one connection fare.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct SiblingCounts {
    /// Connections to the same address that were heard.
    pub(crate) moving: u64,
    /// Connections to the same address, or on the same path, that fail.
    pub(crate) failing: u64,
    moving_elsewhere: u64,
    fresh: u64,
    fresh_elsewhere: u64,
}

impl SiblingCounts {
    /// How far a failure beside them reaches.
    ///
    /// One connection that fails without a silence before it, to the same address and
    /// with none there moving, shows a dead peer or way to it. Where only others on
    /// the path do so it takes more of them, and none of the path's may move.
    pub(crate) fn scope(&self) -> Option<Scope> {
        let there = self.fresh > 0;
        let path = self.moving_elsewhere == 0 && self.fresh_elsewhere >= FRESH_ELSEWHERE;
        (self.moving == 0 && (there || path)).then_some(Scope::PeerOrNetwork)
    }
}

/// The table of siblings: bounded, what does not fit is counted.
#[derive(Debug, Default)]
pub(crate) struct Siblings {
    table: HashMap<u64, Sibling>,
    /// Connections that were not noted because the table was full.
    pub(crate) dropped: u64,
}

impl Siblings {
    pub(crate) fn len(&self) -> usize {
        self.table.len()
    }

    /// Takes up what `view` says of its connection. Twice is as good as once.
    pub(crate) fn note(&mut self, view: &FactView<'_>) {
        let socket = &view.fact.socket;
        if view.new_state().or(view.state()) == Some(TcpState::Close) {
            self.table.remove(&socket.cookie);
            return;
        }
        let heard_ns = heard_ns(view);
        let silence = view.ends_silence() && view.kind != FactKind::PayloadArrived;
        let fails = fails(view, heard_ns);
        if let Some(known) = self.table.get_mut(&socket.cookie) {
            known.note(view, heard_ns, silence, fails);
            return;
        }
        // A connection that is merely silent is no contrast, and there are many.
        let stale = view.at.ns.saturating_sub(heard_ns) > SIBLING_EXPIRY_NS;
        if stale && !fails && !silence {
            return;
        }
        if self.table.len() >= MAX_SIBLINGS {
            self.dropped += 1;
            return;
        }
        let mut sibling = Sibling {
            netns: socket.netns,
            remote: connection::remote(socket).ip(),
            path: None,
            seen_ns: 0,
            heard_ns: 0,
            segs_in: socket.segs_in,
            after_silence: false,
            failing: None,
        };
        sibling.note(view, heard_ns, silence, fails);
        self.table.insert(socket.cookie, sibling);
    }

    /// Forgets those of which no fact came for long, at `now_ns`.
    pub(crate) fn forget(&mut self, now_ns: u64) {
        self.table.retain(|_, sibling| {
            // No fact is from the future; one that says so must not stay for ever.
            sibling.seen_ns = sibling.seen_ns.min(now_ns);
            sibling.heard_ns = sibling.heard_ns.min(now_ns);
            now_ns.saturating_sub(sibling.seen_ns) < SIBLING_EXPIRY_NS
        });
    }

    /// How the other connections fare beside `identity` on `path`; those count as
    /// moving that were heard at `since_ns` or later.
    pub(crate) fn counts_beside(
        &self,
        identity: &Identity,
        path: Option<&JudgedPath>,
        since_ns: u64,
    ) -> SiblingCounts {
        let mut counts = SiblingCounts::default();
        for (cookie, sibling) in &self.table {
            if *cookie == identity.cookie() || sibling.netns != identity.netns() {
                continue;
            }
            let there = sibling.remote == identity.remote().ip();
            let same_path = match (&sibling.path, path) {
                (Some(one), Some(other)) => one.name == other.name,
                _ => false,
            };
            if !there && !same_path {
                continue;
            }
            let moving = sibling.heard_ns >= since_ns;
            let count = match (sibling.failing, there) {
                (Some(Failing { fresh: true }), true) => Some(&mut counts.fresh),
                (Some(Failing { fresh: true }), false) => Some(&mut counts.fresh_elsewhere),
                (None, true) if moving => Some(&mut counts.moving),
                (None, false) if moving => Some(&mut counts.moving_elsewhere),
                _ => None,
            };
            if let Some(count) = count {
                *count += 1;
            }
            counts.failing += u64::from(sibling.failing.is_some());
        }
        counts
    }
}

impl Sibling {
    fn note(&mut self, view: &FactView<'_>, heard_ns: u64, silence: bool, fails: bool) {
        let socket = &view.fact.socket;
        // The peer's probes move no clock, only this counter: some of it came after
        // the last snapshot.
        let counted = if socket.segs_in == self.segs_in {
            0
        } else {
            self.seen_ns
        };
        self.heard_ns = self.heard_ns.max(heard_ns).max(counted);
        // A sweep is read beside the ring: it may show what the ring outdated.
        if view.at.ns < self.seen_ns {
            return;
        }
        self.seen_ns = view.at.ns;
        self.segs_in = socket.segs_in;
        if view.path.is_some() {
            self.path = view.path.cloned();
        }
        if silence {
            self.after_silence = true;
        } else if is_receive(view.kind) || !fails && socket.packets_out == 0 {
            self.after_silence = false;
        }
        if !fails {
            self.failing = None;
        } else if self.failing.is_none() {
            let unheard = view.at.ns.saturating_sub(self.heard_ns);
            // The timeouts that passed took the better part of the one that runs.
            let waited = view.ns(socket.rto_jiffies) / 2;
            // Keepalive probes do not run while data waits: those of others ask after it.
            let sends = socket.retransmits > 0 || socket.write_seq != socket.snd_nxt;
            let fresh = sends
                && !self.after_silence
                && unheard.saturating_sub(waited) < view.threshold_ns();
            self.failing = Some(Failing { fresh });
        }
    }
}

/// When something came from the peer, at the latest that `view` shows.
fn heard_ns(view: &FactView<'_>) -> u64 {
    if is_receive(view.kind) || view.kind == FactKind::ResetReceived {
        return view.at.ns;
    }
    let socket = &view.fact.socket;
    let since = |then| jiffies_since(socket.jiffies, then);
    let age = since(socket.rcv_tstamp).min(since(socket.lrcvtime));
    view.at.ns.saturating_sub(view.ns(age))
}

/// Whether nothing comes back: an ACK of new data takes the timeouts back, any
/// answer the probes.
///
/// What this host itself cannot let out is tried again and again without another
/// timeout being counted (`tcp_retransmit_timer`): there the time of them counts.
fn fails(view: &FactView<'_>, heard_ns: u64) -> bool {
    let socket = &view.fact.socket;
    let in_flight = socket.packets_out > 0 || view.kind == FactKind::Retransmitted;
    // Each timeout that is counted doubled it.
    let first = socket.rto_jiffies >> socket.retransmits.min(31);
    let rto_ns = view.ns(first).max(LEAST_RTO_NS);
    let unheard_ns = view.at.ns.saturating_sub(heard_ns);
    let stuck = socket.retransmits > 0 && unheard_ns >= rto_ns.saturating_mul(FAILING_IN_RTO);
    let waits =
        in_flight && (socket.retransmits >= FAILING || stuck) || socket.probes_out >= FAILING;
    waits && !is_receive(view.kind)
}

/// When to look at the host, in ns of CLOCK_MONOTONIC, if `view` shows that a
/// verdict is near: half-way from the second timeout to the third, late enough for
/// siblings to have met theirs, early enough to be done in time.
pub(crate) fn sweep_wanted_at(view: &FactView<'_>) -> Option<u64> {
    let socket = &view.fact.socket;
    let local = matches!(view.kind, FactKind::Retransmitted | FactKind::Swept);
    // At the retransmission the timeout is not doubled yet.
    let wait = view.ns(socket.rto_jiffies);
    let near = local && socket.retransmits == FAILING && fails(view, view.at.ns);
    near.then(|| view.at.ns.saturating_add(wait))
}
