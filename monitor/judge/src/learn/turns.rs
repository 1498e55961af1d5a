//! Whether it is certain that connections die of silences that are shorter than the timeout that somebody stated. It takes
//! more than the bounds do ([`super::bounds`]), for somebody is told: in turn, and for half a day, a silence was survived and
//! one that is hardly longer was fatal; and nothing else happened. One silence that was survived beyond a fatal one, or fatal
//! below a survived one, and it begins anew. So evictions, peers that die and what nobody has thought of lead nowhere.
//!
//! That a timeout is longer than was stated is never certain: many boxes take up a connection again that they had forgotten,
//! where this host speaks first.

use crate::thresholds::{
    LEARN_NEAR, LEARN_OCCASION_NS, LEARN_TELL_AGAIN_NS, LEARN_TURN_MOST_NS, LEARN_TURNS,
    LEARN_TURNS_NS,
};
use monitor_model::learned::TOLERANCE;
use monitor_model::time::Timestamp;
use serde::{Deserialize, Serialize};

/// What speaks against a stated timeout so far. Times are the wall clock's: they go on over a restart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Turns {
    /// The timeout, in ns. Against another one it begins anew.
    stated_ns: u64,
    /// The longest silence that was survived, and the longest of those since the last turn; 0 for none.
    lived_ns: u64,
    lived_since_ns: u64,
    /// The shortest that was fatal; 0 for none.
    died_ns: u64,
    turns: u32,
    /// How long they have taken, in ns, and when the last one was.
    lasted_ns: u64,
    last: Option<Timestamp>,
    /// When that it is certain was told last, in this run.
    #[serde(skip)]
    told: Option<Timestamp>,
}

/// What contradicts a stated timeout.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Contradiction {
    /// The longest silence that was survived, in ns.
    pub(crate) at_least_ns: u64,
    /// The shortest that was fatal, in ns.
    pub(crate) at_most_ns: u64,
    /// How often the two came in turn.
    pub(crate) turns: u32,
    /// For how long, in ns.
    pub(crate) lasted_ns: u64,
}

impl Turns {
    /// A silence of at least `ns` was survived on a path of which this timeout is stated; `None` where none is.
    pub(super) fn survived(&mut self, ns: u64, stated_ns: Option<u64>) {
        self.is_against(stated_ns);
        if self.died_ns > 0 && ns >= self.died_ns {
            self.begin_anew();
        }
        self.lived_ns = self.lived_ns.max(ns);
        self.lived_since_ns = self.lived_since_ns.max(ns);
    }

    /// One of `ns` at most was fatal. Answers what that makes certain, once it does.
    pub(super) fn died(
        &mut self,
        ns: u64,
        stated_ns: Option<u64>,
        at: Timestamp,
    ) -> Option<Contradiction> {
        self.is_against(stated_ns);
        let stated_ns = stated_ns?;
        if ns <= self.lived_ns {
            self.begin_anew();
            return None;
        }
        self.died_ns = match self.died_ns {
            0 => ns,
            shortest_ns => shortest_ns.min(ns),
        };
        let shorter = (ns as f64) < stated_ns as f64 * (1.0 - TOLERANCE);
        let near = self.lived_since_ns as f64 >= ns as f64 * LEARN_NEAR;
        if !shorter || !near {
            return None;
        }
        if let Some(last) = self.last {
            // A clock that went back counts from there.
            self.last = Some(last.min(at));
            let since_ns = between(last, at);
            if since_ns < LEARN_OCCASION_NS {
                return None;
            }
            let counts_ns = since_ns.min(LEARN_TURN_MOST_NS);
            self.lasted_ns = self.lasted_ns.saturating_add(counts_ns);
        }
        self.last = Some(at);
        self.lived_since_ns = 0;
        self.turns = self.turns.saturating_add(1);
        let certain = self.turns >= LEARN_TURNS && self.lasted_ns >= LEARN_TURNS_NS;
        let due = self
            .told
            .is_none_or(|told| told > at || between(told, at) >= LEARN_TELL_AGAIN_NS);
        if !certain || !due {
            return None;
        }
        self.told = Some(at);
        Some(Contradiction {
            at_least_ns: self.lived_ns,
            at_most_ns: self.died_ns,
            turns: self.turns,
            lasted_ns: self.lasted_ns,
        })
    }

    /// Something happened that no timeout explains.
    pub(super) fn begin_anew(&mut self) {
        *self = Self {
            stated_ns: self.stated_ns,
            ..Self::default()
        };
    }

    fn is_against(&mut self, stated_ns: Option<u64>) {
        let stated_ns = stated_ns.unwrap_or(0);
        if self.stated_ns != stated_ns {
            *self = Self {
                stated_ns,
                ..Self::default()
            };
        }
    }
}

/// How long after `one` the other is by the wall clock, in ns; 0 where that went back.
fn between(one: Timestamp, other: Timestamp) -> u64 {
    let ns = other.unix_ns().saturating_sub(one.unix_ns());
    u64::try_from(ns).unwrap_or(0)
}
