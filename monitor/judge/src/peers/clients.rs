//! The clients of one of this host's ports, beside one that is lost: how many fail with it, and how many are fine.
//!
//! A client is an address. What fails is shown by every sweep; of those that are fine, large hosts show a share, another
//! each time, so how many there are is estimated from what the last sweep showed.

use crate::connection::Identity;
use crate::paths::JudgedPath;
use crate::peers::prefix::prefix;
use crate::peers::sibling::{Sibling, Stage};
use crate::peers::siblings::Siblings;
use crate::thresholds::{
    CLIENTS, CLIENTS_SHARE, OVERDUE_NS, SIBLING_EXPIRY_NS, SIBLING_SWEEPS, SURELY_SAMPLED,
};
use monitor_common::NO_PATH_WARN_NS;
use monitor_model::finding::Role;
use std::collections::HashMap;
use std::net::IpAddr;

/// The one that is lost.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lost<'a> {
    pub(crate) identity: &'a Identity,
    pub(crate) path: Option<&'a JudgedPath>,
    /// When what is unanswered was first sent, in ns of CLOCK_MONOTONIC.
    pub(crate) since_ns: u64,
    /// The silence before that, in ns; `None` if unknown.
    pub(crate) silence_ns: Option<u64>,
    pub(crate) now_ns: u64,
}

/// How the other clients of its port fare.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Clients {
    /// Clients that fail since a minute at most, besides this one.
    pub(crate) failing: u64,
    /// Of these and this one, those that are known to have lived up to a minute before.
    pub(crate) died: u64,
    /// Clients that showed life within the last minute.
    pub(crate) fine: u64,
    /// Clients that did not, and on which nothing is due.
    pub(crate) quiet: u64,
    /// Clients of this one's prefix that died since the last sign of life from there, this one among them, if they are
    /// too many for chance.
    pub(crate) whole_prefix: Option<u64>,
    /// The same of its path.
    pub(crate) whole_path: Option<u64>,
    /// Connections besides this one that failed on what followed a silence as long as the path's timeout.
    pub(crate) crossed_failing: u64,
    /// Connections that came out of one, and are fine.
    pub(crate) crossed_fine: u64,
}

/// What is known of one client.
#[derive(Clone, Copy, Debug, Default)]
struct Client {
    /// When a connection of it that is still new to failing was first unanswered.
    failing_ns: Option<u64>,
    /// The same, where it was alive up to a minute before.
    died_ns: Option<u64>,
    /// The last sign of life on those that do not fail, if there are any.
    life_ns: Option<u64>,
    on_path: bool,
}

impl Client {
    /// Whether a connection of it fails, and none has shown life since.
    fn fails(&self) -> bool {
        let life_ns = self.life_ns.unwrap_or(0);
        let dead = |failing_ns: u64| failing_ns.saturating_add(OVERDUE_NS) >= life_ns;
        self.failing_ns.is_some_and(dead)
    }
}

impl Clients {
    /// Whether most of the others fail, as far as they are known.
    pub(crate) fn most_fail(&self) -> bool {
        self.fine <= self.failing && self.fine + self.failing > 0
    }

    /// Whether so many died lately that it is no coincidence.
    pub(crate) fn share_died(&self) -> bool {
        is_share(self.died, self.fine)
    }

    /// Whether only few of those that were silent as long fail, and others came out of it.
    pub(crate) fn few_crossed_fail(&self) -> bool {
        self.crossed_fine > self.crossed_failing
            && !is_share(self.crossed_failing + 1, self.crossed_fine)
    }
}

/// Whether `failing` are a share of all, `fine` beside them.
fn is_share(failing: u64, fine: u64) -> bool {
    failing >= CLIENTS && failing.saturating_mul(CLIENTS_SHARE) >= failing.saturating_add(fine)
}

impl Siblings {
    /// How the other clients of the port of `lost` fare.
    pub(crate) fn clients_beside(&self, lost: &Lost<'_>) -> Clients {
        let identity = lost.identity;
        let this = identity.remote().ip();
        let own_port = identity.local().port();
        let timeout_ns = lost.path.map_or(u64::MAX, |path| path.timeout_ns);
        let mut clients: HashMap<IpAddr, Client> = HashMap::new();
        let mut counts = Clients::default();
        // Connections that fail, this one among them; and samples that are fine, of the sweep at hand and of the last.
        let (mut connections, mut samples) = (1, [0, 0]);
        let listeners =
            |sibling: &&Sibling| sibling.role == Role::Server && sibling.local_port == own_port;
        for sibling in self.others(identity).filter(listeners) {
            let failing_ns = lately_failing_ns(sibling, lost.now_ns);
            connections += u64::from(failing_ns.is_some());
            counts.note_crossed(sibling, failing_ns.is_some(), timeout_ns);
            if sibling.remote.ip() == this {
                continue;
            }
            let client = clients.entry(sibling.remote.ip()).or_default();
            client.on_path |= same_path(sibling, lost.path);
            if let Some(failing_ns) = failing_ns {
                client.failing_ns = client.failing_ns.max(Some(failing_ns));
                if died(sibling) {
                    client.died_ns = client.died_ns.max(Some(failing_ns));
                }
            } else if sibling.stage == Stage::Open && !sibling.ended_badly() {
                client.life_ns = client.life_ns.max(Some(sibling.life_ns));
                let lately = is_lately(sibling.life_ns, lost.now_ns);
                for (count, sweep) in samples.iter_mut().zip(self.last_sweeps()) {
                    *count += u64::from(lately && sibling.sampled == sweep);
                }
            }
        }
        // What was silent for longer may have died at any time.
        let died = lost
            .silence_ns
            .is_none_or(|silence| silence <= NO_PATH_WARN_NS);
        counts.died += u64::from(died);
        for client in clients.values() {
            counts.note(client, lost.now_ns);
        }
        let sampled = samples.into_iter().max().unwrap_or(0);
        let there = self.one_in().saturating_mul(sampled);
        // As many connections each as those that fail have.
        counts.fine = counts
            .fine
            .max(there.saturating_mul(counts.failing + 1) / connections);
        if died {
            let least = CLIENTS.max(self.one_in() * SURELY_SAMPLED / SIBLING_SWEEPS);
            let of_prefix =
                |(ip, client): (&IpAddr, &Client)| (prefix(*ip) == prefix(this)).then_some(*client);
            let of_path = |(_, client): (&IpAddr, &Client)| client.on_path.then_some(*client);
            counts.whole_prefix = whole(clients.iter().filter_map(of_prefix), lost.since_ns, least);
            counts.whole_path = whole(clients.iter().filter_map(of_path), lost.since_ns, least);
        }
        counts
    }
}

impl Clients {
    fn note(&mut self, client: &Client, now_ns: u64) {
        if client.fails() {
            self.failing += 1;
            self.died += u64::from(client.died_ns.is_some());
        } else if let Some(life_ns) = client.life_ns {
            let lately = is_lately(life_ns, now_ns);
            self.fine += u64::from(lately);
            self.quiet += u64::from(!lately);
        }
    }

    fn note_crossed(&mut self, sibling: &Sibling, fails: bool, timeout_ns: u64) {
        let silence_ns = sibling.failing.and_then(|failing| failing.silence_ns);
        let after_silence = silence_ns.is_some_and(|silence_ns| silence_ns >= timeout_ns);
        self.crossed_failing += u64::from(fails && after_silence);
        let fine = sibling.stage == Stage::Open && !sibling.ended_badly();
        self.crossed_fine += u64::from(fine && sibling.rested_ns >= timeout_ns);
    }
}

/// Since when it fails, if that is no longer ago than a minute: one that died long ago says nothing of now.
fn lately_failing_ns(sibling: &Sibling, now_ns: u64) -> Option<u64> {
    let failing = sibling.failing?;
    is_lately(failing.since_ns, now_ns).then_some(failing.since_ns)
}

/// Whether it was within the last minute.
fn is_lately(at_ns: u64, now_ns: u64) -> bool {
    now_ns.saturating_sub(at_ns) <= SIBLING_EXPIRY_NS
}

/// Whether it lived up to a minute before it failed.
fn died(sibling: &Sibling) -> bool {
    let silence_ns = sibling.failing.and_then(|failing| failing.silence_ns);
    silence_ns.is_none_or(|silence_ns| silence_ns <= NO_PATH_WARN_NS)
}

fn same_path(sibling: &Sibling, path: Option<&JudgedPath>) -> bool {
    match (&sibling.path, path) {
        (Some(one), Some(other)) => one.name == other.name,
        _ => false,
    }
}

/// How many of a place died since the last sign of life from there, if these are `least` and more: `clients` are the
/// others there, and this one is unanswered since `since_ns`.
fn whole(clients: impl Iterator<Item = Client>, since_ns: u64, least: u64) -> Option<u64> {
    let mut life_ns = 0;
    let mut died = vec![since_ns];
    for client in clients {
        life_ns = life_ns.max(client.life_ns.unwrap_or(0));
        died.extend(client.died_ns.filter(|_| client.fails()));
    }
    let after = |died_ns: &&u64| died_ns.saturating_add(OVERDUE_NS) >= life_ns;
    let died = died.iter().filter(after).count() as u64;
    (died >= least).then_some(died)
}
