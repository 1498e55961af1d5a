//! Connections that the peer has closed and this host's application has not: those that wait unread, one by one, and how
//! many each owner holds.
//!
//! Sweeps show them, each with [`monitor_common::flags::CLOSE_WAIT`]. What is kept is the cookies of those that were told,
//! and a few numbers for each owner.

use crate::connection::Identity;
use crate::context::Context;
use crate::fact_view::FactView;
use crate::keepalive::Settings;
use crate::paths::JudgedPath;
use crate::report::{self, About, Told};
use crate::ruling::Ruling;
use crate::stalls::{self, Pile};
use crate::thresholds::{CLOSE_WAIT_PILE, FIN_SWEEPS, MAX_FINS, MAX_PILES};
use crate::verdict::Verdict;
use monitor_model::finding::{Cause, Certainty, Clock, FindingKind};
use monitor_model::owner::Owner;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

/// All of them.
pub(crate) struct CloseWaits {
    /// Those of which it was told, or is told elsewhere, that a FIN waits unread; and the sweep that showed them last.
    told: BTreeMap<u64, u64>,
    owners: BTreeMap<OwnerKey, Counted>,
    /// The sweep that is under way, by number.
    sweep: u64,
    /// From how many connections of one owner on it is a ticket.
    ticket: u64,
    /// Looks that found no place.
    pub(crate) dropped: u64,
}

/// Whose they are: unit, else container, else process and user.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum OwnerKey {
    Unit(String),
    Container(String),
    Process(Option<String>, Option<u32>),
}

impl OwnerKey {
    fn of(owner: &Owner) -> Self {
        match (&owner.unit, &owner.container) {
            (Some(unit), _) => Self::Unit(unit.clone()),
            (None, Some(container)) => Self::Container(container.clone()),
            (None, None) => Self::Process(owner.comm.clone(), owner.uid),
        }
    }
}

/// What is known of one owner's.
#[derive(Default)]
struct Counted {
    /// In the sweep under way.
    now: u64,
    unread: u64,
    /// In the last one.
    before: u64,
    /// The oldest of them, in the sweep under way.
    oldest: Option<Example>,
    /// How many there were when it was last told, less what has gone since.
    told: u64,
    /// The connection that the ticket was told of.
    ticket: Option<Identity>,
}

/// One of them, to show.
struct Example {
    identity: Identity,
    settings: Settings,
    owner: Arc<Owner>,
    path: Option<Arc<JudgedPath>>,
    silent_ns: u64,
    wall_unix_ns: i64,
}

impl Example {
    fn of(view: &FactView<'_>) -> Self {
        Self {
            identity: Identity::of(&view.fact.socket),
            settings: Settings::of(view.fact, view.jiffy_ns),
            owner: Arc::clone(view.owner),
            path: view.path.cloned(),
            silent_ns: view.fact.packet_idle_ns,
            wall_unix_ns: view.at.wall_unix_ns,
        }
    }

    fn tell(&self, cause: Cause, ruling: Ruling, context: &mut Context<'_>) {
        let about = About {
            kind: FindingKind::Stall { cause },
            certainty: Certainty::Observed,
            beside: None,
            before: None,
            settings: &self.settings,
            wall_unix_ns: self.wall_unix_ns,
            path: self.path.as_deref(),
            clock: Clock::Packets,
        };
        let Told { finding, .. } = report::finding(
            ruling,
            &about,
            &self.identity,
            &self.owner,
            context.contrasts,
        );
        context.out.push(Verdict::Finding(Box::new(finding)));
    }
}

impl CloseWaits {
    /// None yet; `ticket` of one owner are a ticket.
    pub(crate) fn new(ticket: u64) -> Self {
        Self {
            told: BTreeMap::new(),
            owners: BTreeMap::new(),
            sweep: 0,
            ticket,
            dropped: 0,
        }
    }

    /// Takes up a row that a sweep shows for this. `spoken_for`: what its FIN comes to is told elsewhere.
    pub(crate) fn note(
        &mut self,
        view: &FactView<'_>,
        spoken_for: bool,
        context: &mut Context<'_>,
    ) {
        // One that waits to be accepted has no owner yet.
        if view.fact.socket.orphan != 0 {
            return;
        }
        let unread = stalls::fin_unread(view);
        let known = self.told.get_mut(&view.fact.socket.cookie);
        let is_known = known.is_some();
        if let Some(seen) = known {
            *seen = self.sweep;
        }
        if unread && !is_known && self.keep(view.fact.socket.cookie) && !spoken_for {
            Example::of(view).tell(Cause::FinUnread, stalls::unread_fin(view), context);
        }
        let places = self.owners.len();
        let counted = match self.owners.entry(OwnerKey::of(view.owner)) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) if places < MAX_PILES => place.insert(Counted::default()),
            Entry::Vacant(_) => {
                self.dropped += 1;
                return;
            }
        };
        counted.now += 1;
        counted.unread += u64::from(unread);
        let cookie = view.fact.socket.cookie;
        let older = |known: &Example| known.identity.cookie() <= cookie;
        if !counted.oldest.as_ref().is_some_and(older) {
            counted.oldest = Some(Example::of(view));
        }
    }

    /// Notes that this connection's FIN is told; answers whether there is room for that.
    fn keep(&mut self, cookie: u64) -> bool {
        let room = self.told.len() < MAX_FINS;
        if room {
            self.told.insert(cookie, self.sweep);
        } else {
            self.dropped += 1;
        }
        room
    }

    /// A sweep is over. One that was cut did not show all: nobody is gone for that, and nothing is concluded.
    pub(crate) fn swept(&mut self, complete: bool, context: &mut Context<'_>) {
        let ticket = self.ticket;
        self.owners.retain(|_, counted| {
            if complete {
                counted.conclude(ticket, context);
            } else {
                counted.begin_anew(counted.before);
            }
            counted.before > 0 || counted.ticket.is_some()
        });
        if complete {
            let last = self.sweep;
            // One that keepalive has just moved is not shown.
            self.told
                .retain(|_, seen| last.saturating_sub(*seen) < FIN_SWEEPS);
            self.sweep += 1;
        }
    }
}

impl Counted {
    /// All of them were shown.
    fn conclude(&mut self, ticket: u64, context: &mut Context<'_>) {
        let (now, before) = (self.now, self.before);
        let shows_one = self.oldest.as_ref().map(|oldest| oldest.identity.cookie());
        let firing = self.ticket.as_ref().map(Identity::cookie);
        // It is over well below what made it one, or goes on with another connection to show.
        if firing.is_some() && (now < ticket.div_ceil(2) || shows_one != firing) {
            self.over(context);
        }
        let known = now.min(before);
        let wakes = known >= ticket || firing.is_some() && now >= ticket.div_ceil(2);
        let more = known >= self.told.saturating_mul(2).max(1);
        let grows = now > before && known >= CLOSE_WAIT_PILE && more;
        let tells = if wakes {
            self.ticket.is_none() || more
        } else {
            grows
        };
        if let Some(oldest) = self.oldest.as_ref().filter(|_| tells) {
            let pile = Pile {
                connections: now,
                before,
                unread: self.unread,
                ticket,
                silent_ns: oldest.silent_ns,
            };
            oldest.tell(Cause::CloseWait, stalls::close_wait(&pile, wakes), context);
            self.told = known;
            if wakes {
                self.ticket = Some(oldest.identity);
            }
        }
        // What has gone may come again, and is news then.
        if now < self.told / 4 {
            self.told = now;
        }
        self.begin_anew(now);
    }

    fn over(&mut self, context: &mut Context<'_>) {
        if let Some(told) = self.ticket.take() {
            context.out.push(Verdict::PileEnded {
                connection_id: told.id(),
            });
        }
    }

    fn begin_anew(&mut self, before: u64) {
        self.before = before;
        self.now = 0;
        self.unread = 0;
        self.oldest = None;
    }
}
