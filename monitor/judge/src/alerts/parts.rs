//! The connections of one alert: who is stuck, what was left behind, who ended badly and when, and until when that keeps
//! it affected.

use super::limits::NAMELESS_NS;
use super::member::{Member, PathHash};
use monitor_model::finding::Severity;
use monitor_model::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};

/// A moment on both clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Moment {
    /// CLOCK_MONOTONIC in ns.
    pub(super) ns: u64,
    pub(super) time: Timestamp,
}

impl Moment {
    /// What the wall clock shows at `ns`, on a host that does not sleep.
    pub(super) fn time_at(self, ns: u64) -> Timestamp {
        self.time.later_by(ns.saturating_sub(self.ns))
    }
}

/// How a connection fares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    /// It hangs, until its end is told.
    Stuck {
        /// A silence came before: whether it shares an outage is known for a moment only.
        after_silence: bool,
    },
    /// Its application has closed it, and until this time, in ns, nobody had answered what it left behind.
    Left {
        /// CLOCK_MONOTONIC.
        seen_ns: u64,
        /// Its owner moves again towards the same address: it gave this one up, and goes on with another.
        moved_on: bool,
    },
    /// It ended badly at this time, in ns.
    Badly {
        /// CLOCK_MONOTONIC.
        at_ns: u64,
    },
}

/// One connection of an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// When it was first told.
    pub(super) since: Moment,
    pub(super) state: State,
    /// This run of the daemon has seen it itself.
    pub(super) confirmed: bool,
    /// How severe it is without the rules of its path.
    pub(super) worth: Severity,
    /// Its path.
    pub(super) path: PathHash,
}

impl Part {
    pub(super) fn is_stuck(&self) -> bool {
        matches!(self.state, State::Stuck { .. } | State::Left { .. })
    }

    /// Until when it keeps its alert affected, exclusively.
    pub(super) fn until(&self, page_after_ns: u64) -> u64 {
        match self.state {
            State::Stuck { .. } | State::Left { .. } => u64::MAX,
            State::Badly { at_ns } => at_ns.saturating_add(page_after_ns),
        }
    }
}

/// How many connections there are of each time, in ns.
#[derive(Debug, Default)]
struct Times(BTreeMap<u64, usize>);

impl Times {
    fn add(&mut self, at_ns: u64) {
        *self.0.entry(at_ns).or_default() += 1;
    }

    fn remove(&mut self, at_ns: u64) {
        if let Some(count) = self.0.get_mut(&at_ns) {
            *count -= 1;
            if *count == 0 {
                self.0.remove(&at_ns);
            }
        }
    }

    fn first(&self) -> Option<u64> {
        self.0.first_key_value().map(|(at_ns, _)| *at_ns)
    }

    fn last(&self) -> Option<u64> {
        self.0.last_key_value().map(|(at_ns, _)| *at_ns)
    }
}

/// The connections of one alert.
#[derive(Debug, Default)]
pub(super) struct Parts {
    known: HashMap<Member, Part>,
    stuck: usize,
    unconfirmed: usize,
    /// Until when what was left behind is known to have had no answer.
    left: Times,
    /// When those ended that ended badly.
    badly: Times,
    /// Connections beyond the bound, counted only.
    nameless: u64,
    /// Until when these, or a hold without connections, keep it affected.
    held_until_ns: u64,
    /// When the last one left that kept it affected.
    pub(super) left_ns: u64,
}

impl Parts {
    pub(super) fn get(&self, member: Member) -> Option<&Part> {
        self.known.get(&member)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (Member, &Part)> + '_ {
        self.known.iter().map(|(member, part)| (*member, part))
    }

    /// How many it knows by name.
    pub(super) fn known(&self) -> usize {
        self.known.len()
    }

    /// How many there are.
    pub(super) fn count(&self) -> u64 {
        self.known.len() as u64 + self.nameless
    }

    pub(super) fn is_empty(&self) -> bool {
        self.known.is_empty() && self.nameless == 0
    }

    pub(super) fn insert(&mut self, member: Member, part: Part) {
        self.remove(member);
        match part.state {
            State::Stuck { .. } => {
                self.stuck += 1;
                self.unconfirmed += usize::from(!part.confirmed);
            }
            State::Left { seen_ns, .. } => self.left.add(seen_ns),
            State::Badly { at_ns } => self.badly.add(at_ns),
        }
        self.known.insert(member, part);
    }

    /// Takes one out, as if it had never been in.
    pub(super) fn remove(&mut self, member: Member) -> Option<Part> {
        let part = self.known.remove(&member)?;
        match part.state {
            State::Stuck { .. } => {
                self.stuck -= 1;
                self.unconfirmed -= usize::from(!part.confirmed);
            }
            State::Left { seen_ns, .. } => self.left.remove(seen_ns),
            State::Badly { at_ns } => self.badly.remove(at_ns),
        }
        Some(part)
    }

    /// It is in trouble no more, since `now_ns`.
    pub(super) fn leave(
        &mut self,
        member: Member,
        now_ns: u64,
        page_after_ns: u64,
    ) -> Option<Part> {
        let part = self.remove(member)?;
        let until_ns = match part.state {
            // Nobody saw the answer come: it came after this.
            State::Left { seen_ns, .. } => seen_ns,
            _ => part.until(page_after_ns).min(now_ns),
        };
        // Of one that was stuck before the daemon started, nobody knows until when it was.
        if part.confirmed || !part.is_stuck() {
            self.left_ns = self.left_ns.max(until_ns);
        }
        Some(part)
    }

    /// One more that can only be counted.
    pub(super) fn count_only(&mut self, now_ns: u64) {
        self.nameless += 1;
        self.hold_until(now_ns.saturating_add(NAMELESS_NS));
    }

    /// Keeps it affected until then.
    pub(super) fn hold_until(&mut self, until_ns: u64) {
        self.held_until_ns = self.held_until_ns.max(until_ns);
    }

    pub(super) fn held_until_ns(&self) -> u64 {
        self.held_until_ns
    }

    /// Takes out those that it only counts: how many, and until when they keep an alert affected.
    pub(super) fn take_nameless(&mut self) -> (u64, u64) {
        match std::mem::take(&mut self.nameless) {
            0 => (0, 0),
            count => (count, std::mem::take(&mut self.held_until_ns)),
        }
    }

    /// Takes over such ones of another alert.
    pub(super) fn absorb_nameless(&mut self, (count, until_ns): (u64, u64)) {
        self.nameless += count;
        self.hold_until(until_ns);
    }

    /// Until when it is affected, exclusively, as far as is known.
    pub(super) fn until(&self, page_after_ns: u64) -> u64 {
        if self.stuck > 0 || self.has_left_behind() {
            return u64::MAX;
        }
        self.until_without_stuck(page_after_ns)
    }

    /// The same by what this run of the daemon has seen itself.
    pub(super) fn surely_until(&self, page_after_ns: u64) -> u64 {
        if self.stuck > self.unconfirmed {
            return u64::MAX;
        }
        let left_ns = self.left.last().unwrap_or(0);
        self.until_without_stuck(page_after_ns).max(left_ns)
    }

    /// Whether of one only what it left behind is still tried.
    pub(super) fn has_left_behind(&self) -> bool {
        self.left.last().is_some()
    }

    /// Until when one is known to have been stuck, as seen at `now_ns`.
    pub(super) fn seen_until(&self, now_ns: u64) -> u64 {
        if self.stuck > self.unconfirmed {
            now_ns
        } else {
            self.left_ns
        }
    }

    fn until_without_stuck(&self, page_after_ns: u64) -> u64 {
        let badly = self.badly.last();
        let badly = badly.map_or(0, |at_ns| at_ns.saturating_add(page_after_ns));
        badly.max(self.held_until_ns).max(self.left_ns)
    }

    /// Takes out those that ended badly too long ago, and forgets those that were only counted.
    pub(super) fn lapse(&mut self, now_ns: u64, page_after_ns: u64) -> Vec<Member> {
        if self.held_until_ns < now_ns {
            self.nameless = 0;
        }
        let oldest = self.badly.first();
        if oldest.is_none_or(|at_ns| at_ns.saturating_add(page_after_ns) >= now_ns) {
            return Vec::new();
        }
        let lapsed = self.iter().filter_map(|(member, part)| {
            let until = part.until(page_after_ns);
            (until < now_ns).then_some((member, until))
        });
        let lapsed: Vec<(Member, u64)> = lapsed.collect();
        for (member, until) in &lapsed {
            self.remove(*member);
            self.left_ns = self.left_ns.max(*until);
        }
        lapsed.into_iter().map(|(member, _)| member).collect()
    }

    /// Those that were stuck before the daemon started, and that it has not found stuck.
    pub(super) fn unconfirmed(&self) -> Vec<Member> {
        if self.unconfirmed == 0 {
            return Vec::new();
        }
        let all = self
            .iter()
            .filter(|(_, part)| matches!(part.state, State::Stuck { .. }) && !part.confirmed);
        all.map(|(member, _)| member).collect()
    }
}
