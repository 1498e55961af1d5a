//! How a host's other connections fare: what moves beside a failure tells an
//! expired entry from a dead peer.
//!
//! Every fact says when its connection was heard last, and the sweep's samples show
//! those of which no fact tells. Compared are connections of one network namespace:
//! in another one the same address may be another host.

use crate::connection::Identity;
use crate::fact_view::FactView;
use crate::paths::JudgedPath;
use crate::peers::look::{fails, heard_ns, tried_ns};
use crate::peers::sibling::{Sibling, Stage, ends_long_silence, stage};
use crate::thresholds::{
    CLOCK_SLACK_NS, FAILING, FRESH_ELSEWHERE, MAX_SIBLINGS, SIBLING_EXPIRY_NS,
};
use monitor_common::{FactKind, flags};
use monitor_model::owner::Owner;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;

/// The moment that siblings are looked at from, in ns of CLOCK_MONOTONIC.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Beside {
    /// Those that showed life at this time, or later, move.
    pub(crate) since_ns: u64,
    /// When this one's fate began to show: those that connected later are newer.
    pub(crate) fate_ns: u64,
    pub(crate) now_ns: u64,
}

/// How the siblings of one connection fare.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct SiblingCounts {
    /// Connections to the same address that are fine.
    pub(crate) moving: u64,
    /// Since when the first of them is known, CLOCK_MONOTONIC in ns.
    pub(crate) oldest_moving_ns: Option<u64>,
    /// Connections to the same address, or on the same path, that fail.
    pub(crate) failing: u64,
    /// Connections to the same address that were made since the failure began.
    pub(crate) newer: u64,
    /// Connects to the same address whose SYN had to be sent again.
    pub(crate) connects_failing: u64,
    /// Connections to the same address that failed on what followed a silence.
    pub(crate) silent: u64,
    /// The shortest of those silences, in ns.
    pub(crate) shortest_silence_ns: Option<u64>,
    /// The longest silence that one which moves there is known to have come out of, in ns.
    pub(crate) rested_ns: u64,
    /// Connections to the same address and port that a RST cut off in the midst of an exchange.
    pub(crate) cut: u64,
    /// Those of before that showed life after the last of these.
    outlived: u64,
    pub(crate) fresh: u64,
    moving_elsewhere: u64,
    fresh_elsewhere: u64,
}

impl SiblingCounts {
    /// Whether the peer, or the network, is down.
    ///
    /// One connection that fails without a silence before it, to the same address and
    /// with none there moving, shows a dead peer or way to it. Where only others on
    /// the path do so it takes more of them, and none of the path's may move.
    pub(crate) fn nothing_gets_through(&self) -> bool {
        let there = self.fresh > 0;
        let path = self.moving_elsewhere == 0 && self.fresh_elsewhere >= FRESH_ELSEWHERE;
        self.moving == 0 && (there || path)
    }

    /// Whether a RST was not the silence's doing: one that was not silent was cut off, too,
    /// and of those of before nobody has lived on.
    pub(crate) fn was_cut_off(&self) -> bool {
        self.cut > 0 && self.outlived == 0
    }
}

/// The table of siblings: bounded, what does not fit is counted.
#[derive(Debug, Default)]
pub(crate) struct Siblings {
    table: HashMap<u64, Sibling>,
    samples: Samples,
    /// When a RST last cut any of them off.
    last_cut_ns: u64,
    /// When clients of one port were last told to be lost in numbers.
    many_lost_ns: u64,
    /// Connections that were not noted because the table was full.
    pub(crate) dropped: u64,
}

/// Whether sweeps show all connections as samples: then one that was not shown was not there.
///
/// Where they show a share of them, another each time, none is a sample of two sweeps on end.
#[derive(Debug, Default)]
struct Samples {
    /// Number of the sweep that is on.
    sweep: u64,
    shown: u64,
    again: u64,
    /// One in so many is shown; 0 where nobody said.
    one_in: u64,
    /// Since when all were shown by each sweep.
    whole_since_ns: Option<u64>,
}

impl Siblings {
    pub(crate) fn len(&self) -> usize {
        self.table.len()
    }

    /// Takes up what `view` says of its connection. Twice is as good as once.
    pub(crate) fn note(&mut self, view: &FactView<'_>) {
        let cookie = view.fact.socket.cookie;
        if self
            .table
            .get(&cookie)
            .is_some_and(|sibling| sibling.is_another(view))
        {
            self.table.remove(&cookie);
        }
        if !self.table.contains_key(&cookie) {
            if !self.has_room(view) {
                return;
            }
            self.table.insert(cookie, Sibling::begin(view));
        }
        let Some(sibling) = self.table.get_mut(&cookie) else {
            return;
        };
        sibling.note(view);
        self.last_cut_ns = self.last_cut_ns.max(sibling.cut_ns.unwrap_or(0));
        if sibling.stage == Stage::Over && !sibling.ended_badly() {
            self.table.remove(&cookie);
            return;
        }
        if view.kind == FactKind::Swept && view.fact.has(flags::SAMPLED) {
            self.samples.note(sibling);
        }
    }

    /// Who holds the connection with this cookie, where a fact that knew its process said so.
    pub(crate) fn owner(&self, cookie: u64) -> Option<&Arc<Owner>> {
        self.table.get(&cookie)?.owner.as_ref()
    }

    /// Whether a connection that is not known is to be noted.
    fn has_room(&mut self, view: &FactView<'_>) -> bool {
        let heard_ns = heard_ns(view);
        // A connection that is merely silent is no contrast, and there may be many: where there are few they
        // are noted, so that one which speaks again is not taken for a new one.
        let stale = view.at.ns.saturating_sub(heard_ns) > SIBLING_EXPIRY_NS;
        // What died long ago says nothing of now, and a server has many such clients.
        let long_dead = fails(view, heard_ns) && tried_ns(view) > SIBLING_EXPIRY_NS;
        // Nor is one on its way out, and a server on a lossy path tells of many: others ask who held it.
        let bystands = stale || stage(view) == Stage::Closing;
        if long_dead || bystands && !fails(view, heard_ns) && !ends_long_silence(view) {
            return self.table.len() < MAX_SIBLINGS / 2;
        }
        let room = self.table.len() < MAX_SIBLINGS;
        self.dropped += u64::from(!room);
        room
    }

    /// Clients of one port are told to be lost in numbers at `now_ns`.
    pub(crate) fn many_lost(&mut self, now_ns: u64) {
        self.many_lost_ns = now_ns;
    }

    /// Whether that was told lately, and one that was lost at `since_ns` may be among them.
    pub(crate) fn are_many_lost(&self, since_ns: u64, now_ns: u64) -> bool {
        let lately = |at_ns: u64| now_ns.saturating_sub(at_ns) <= SIBLING_EXPIRY_NS;
        self.many_lost_ns > 0 && lately(self.many_lost_ns) && lately(since_ns)
    }

    /// Of so many healthy connections a sweep shows one as a sample.
    pub(super) fn one_in(&self) -> u64 {
        self.samples.one_in.max(1)
    }

    /// The same, of the sweeps from now on.
    pub(crate) fn set_one_in(&mut self, one_in: u32) {
        self.samples.one_in = one_in.into();
    }

    /// The numbers of the sweep whose rows come in, and of the one before: see [`Sibling::sampled`].
    pub(super) fn last_sweeps(&self) -> [u64; 2] {
        [self.samples.sweep + 1, self.samples.sweep.max(1)]
    }

    /// A sweep that began at `started_ns` is over.
    pub(crate) fn swept(&mut self, started_ns: u64) {
        self.samples.swept(started_ns);
    }

    /// Forgets those of which no fact came for long, at `now_ns`.
    pub(crate) fn forget(&mut self, now_ns: u64) {
        let crowded = self.table.len() > MAX_SIBLINGS / 2;
        self.table.retain(|_, sibling| {
            // No fact is from the future; one that says so must not stay for ever.
            sibling.seen_ns = sibling.seen_ns.min(now_ns);
            sibling.heard_ns = sibling.heard_ns.min(now_ns);
            sibling.exchanged_ns = sibling.exchanged_ns.min(now_ns);
            sibling.life_ns = sibling.life_ns.min(now_ns);
            let long_dead = sibling
                .failing
                .is_some_and(|failing| now_ns.saturating_sub(failing.since_ns) > SIBLING_EXPIRY_NS);
            now_ns.saturating_sub(sibling.seen_ns) < SIBLING_EXPIRY_NS && !(crowded && long_dead)
        });
    }

    /// How long this connection was silent before what is unanswered on it, in ns, at most; `None` if
    /// that is not known, or nothing is.
    pub(crate) fn preceding_silence_ns(&self, cookie: u64) -> Option<u64> {
        self.table.get(&cookie)?.preceding_silence_ns()
    }

    /// When what is unanswered on this connection was first sent, at the earliest; `None` if that is not known,
    /// or nothing is.
    pub(crate) fn waits_since_ns(&self, cookie: u64) -> Option<u64> {
        self.table.get(&cookie)?.waits_since_ns()
    }

    /// When payload, or an ACK of new data, last came on this connection, at the least; 0 for never.
    pub(crate) fn exchanged_ns(&self, cookie: u64) -> u64 {
        self.table
            .get(&cookie)
            .map_or(0, |sibling| sibling.exchanged_ns)
    }

    /// How the other connections fare beside `identity` on `path`.
    pub(crate) fn counts_beside(
        &self,
        identity: &Identity,
        path: Option<&JudgedPath>,
        beside: &Beside,
    ) -> SiblingCounts {
        let mut counts = SiblingCounts::default();
        let (fate_ns, last_cut_ns) = self.fate_there(identity, beside);
        for sibling in self.others(identity) {
            let there = sibling.remote.ip() == identity.remote().ip();
            let same_path = match (&sibling.path, path) {
                (Some(one), Some(other)) => one.name == other.name,
                _ => false,
            };
            if there {
                let newer = self.is_newer(sibling, fate_ns);
                counts.add(sibling, newer, beside);
                let outlived = last_cut_ns.is_some_and(|cut_ns| sibling.moves(cut_ns + 1));
                counts.outlived +=
                    u64::from(outlived && !newer && sibling.remote == identity.remote());
                counts.cut += u64::from(is_cut(sibling, identity.remote(), beside.now_ns));
            } else if same_path {
                counts.add_elsewhere(sibling, beside);
            }
        }
        counts
    }

    /// Every other connection of its network namespace.
    pub(super) fn others(&self, identity: &Identity) -> impl Iterator<Item = &Sibling> {
        let (cookie, netns) = (identity.cookie(), identity.netns());
        let others = self.table.iter();
        others.filter_map(move |(other, sibling)| {
            (*other != cookie && sibling.netns == netns).then_some(sibling)
        })
    }

    /// When the failure of this one, or of those that fail there with it, began; and when a RST last cut one off.
    fn fate_there(&self, identity: &Identity, beside: &Beside) -> (u64, Option<u64>) {
        let remote = identity.remote();
        let (mut fate_ns, mut last_cut_ns) = (beside.fate_ns, None);
        let cut_lately = beside.now_ns.saturating_sub(self.last_cut_ns) <= SIBLING_EXPIRY_NS;
        if self.samples.whole_since_ns.is_none() && !cut_lately {
            // Nobody asks for either: where many connections fail at once, a walk over all siblings for each is dear.
            return (fate_ns, None);
        }
        for sibling in self.others(identity) {
            if sibling.remote.ip() != remote.ip() {
                continue;
            }
            if let Some(failing) = sibling.failing.filter(|failing| failing.fresh) {
                fate_ns = fate_ns.min(failing.since_ns);
            }
            if is_cut(sibling, remote, beside.now_ns) {
                fate_ns = fate_ns.min(sibling.cut_ns.unwrap_or(fate_ns));
                last_cut_ns = last_cut_ns.max(sibling.cut_ns);
            }
        }
        (fate_ns, last_cut_ns)
    }

    /// Whether it connected after `fate_ns`, for all that is known.
    fn is_newer(&self, sibling: &Sibling, fate_ns: u64) -> bool {
        let whole = self
            .samples
            .whole_since_ns
            .is_some_and(|since_ns| since_ns <= fate_ns);
        let connecting = matches!(sibling.stage, Stage::Connecting { .. });
        // Both times are in jiffies.
        let known_since_ns = sibling.known_since_ns.saturating_add(CLOCK_SLACK_NS);
        whole && !connecting && known_since_ns > fate_ns
    }
}

impl SiblingCounts {
    /// One to the same address.
    fn add(&mut self, sibling: &Sibling, newer: bool, beside: &Beside) {
        self.connects_failing += u64::from(sibling.stage == Stage::Connecting { again: true });
        self.failing += u64::from(sibling.ended_badly());
        if let Some(failing) = sibling.failing {
            self.fresh += u64::from(failing.fresh);
            if let Some(silence_ns) = failing.silence_ns.filter(|_| !failing.fresh) {
                self.silent += 1;
                let shortest = self.shortest_silence_ns.unwrap_or(silence_ns);
                self.shortest_silence_ns = Some(shortest.min(silence_ns));
            }
        } else if newer {
            self.newer += u64::from(sibling.stage == Stage::Open);
        } else if sibling.moves(beside.since_ns) {
            self.moving += 1;
            let oldest_ns = self.oldest_moving_ns.unwrap_or(u64::MAX);
            self.oldest_moving_ns = Some(oldest_ns.min(sibling.known_since_ns));
            self.rested_ns = self.rested_ns.max(sibling.rested_ns);
        }
    }

    /// One to another address on the same path.
    fn add_elsewhere(&mut self, sibling: &Sibling, beside: &Beside) {
        self.failing += u64::from(sibling.failing.is_some());
        match sibling.failing {
            Some(failing) => self.fresh_elsewhere += u64::from(failing.fresh),
            None => self.moving_elsewhere += u64::from(sibling.moves(beside.since_ns)),
        }
    }
}

impl Samples {
    fn note(&mut self, sibling: &mut Sibling) {
        // The first sweep has the number 1.
        let sweep = self.sweep + 1;
        if sibling.sampled == sweep {
            return;
        }
        self.shown += 1;
        self.again += u64::from(sibling.sampled > 0 && sibling.sampled + 1 == sweep);
        sibling.sampled = sweep;
    }

    fn swept(&mut self, started_ns: u64) {
        if self.again > 0 {
            self.whole_since_ns.get_or_insert(started_ns);
        } else if self.shown > 0 {
            self.whole_since_ns = None;
        }
        (self.shown, self.again) = (0, 0);
        self.sweep += 1;
    }
}

/// Whether a RST cut it off lately, and it led to `remote`: another port is another service.
fn is_cut(sibling: &Sibling, remote: SocketAddr, now_ns: u64) -> bool {
    let lately = sibling
        .cut_ns
        .is_some_and(|cut_ns| now_ns.saturating_sub(cut_ns) <= SIBLING_EXPIRY_NS);
    lately && sibling.remote == remote
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
