//! Silences and what they came to, as they are kept: survived ones counted by their length, deaths one by one.

use super::turnbull::Interval;
use crate::thresholds::{LEARN_DEATHS, LEARN_FINE, LEARN_LEAST_NS, LEARN_MOST_NS};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

/// Silences of about one length that were survived.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Survivors {
    count: u64,
    longest_ns: u64,
}

/// A silence by which a connection died.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Death {
    /// Of which connection: its socket cookie; 0 for one that another run of the daemon knew.
    #[serde(skip)]
    pub(super) cookie: u64,
    /// The longest silence that the same connection had survived; 0 for none that is known.
    pub(super) over_ns: u64,
    /// How long it was, at most.
    pub(super) up_to_ns: u64,
    /// What dies within a minute may die of one thing: its number.
    pub(super) occasion: u32,
    /// Whether no silence as long was survived since.
    pub(super) stands: bool,
}

/// All that is kept of one path, prefix and side.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Kept {
    survived: BTreeMap<u16, Survivors>,
    deaths: VecDeque<Death>,
    /// Deaths that made room for later ones.
    made_room: u64,
}

impl Kept {
    /// A silence of `ns`, at least, was survived.
    pub(super) fn survived(&mut self, ns: u64) {
        for death in self.deaths.iter_mut().filter(|death| death.up_to_ns <= ns) {
            death.stands = false;
        }
        let survivors = self.survived.entry(bin(ns)).or_default();
        survivors.count = survivors.count.saturating_add(1);
        survivors.longest_ns = survivors.longest_ns.max(ns);
    }

    /// A connection died. Answers whether an older death had to go for it.
    pub(super) fn died(&mut self, death: Death) -> bool {
        let full = self.deaths.len() >= LEARN_DEATHS;
        if full {
            self.deaths.pop_front();
            self.made_room = self.made_room.saturating_add(1);
        }
        self.deaths.push_back(death);
        full
    }

    /// Keeps these deaths alone, and nothing that was survived, by these connections neither.
    pub(super) fn keep_deaths(&mut self, keeps: impl Fn(&Death) -> bool) {
        self.survived.clear();
        self.made_room = 0;
        self.deaths.retain(keeps);
        self.deaths.iter_mut().for_each(|death| death.over_ns = 0);
    }

    /// Whether the death of this connection is kept.
    pub(super) fn knows(&self, cookie: u64) -> bool {
        self.deaths.iter().any(|death| death.cookie == cookie)
    }

    /// Forgets the death of this connection.
    pub(super) fn retract(&mut self, cookie: u64) {
        self.deaths.retain(|death| death.cookie != cookie);
    }

    /// The same, as far as this could have been kept: whoever wrote it.
    pub(super) fn sound(self) -> Self {
        let lengths = LEARN_LEAST_NS..=LEARN_MOST_NS;
        let mut sound = Self {
            made_room: self.made_room,
            ..Self::default()
        };
        for one in self.survived.into_values() {
            if one.count > 0 && lengths.contains(&one.longest_ns) {
                let all = sound.survived.entry(bin(one.longest_ns)).or_default();
                all.count = all.count.saturating_add(one.count);
                all.longest_ns = all.longest_ns.max(one.longest_ns);
            }
        }
        for mut death in self.deaths {
            if lengths.contains(&death.up_to_ns) {
                if death.over_ns >= death.up_to_ns {
                    death.over_ns = 0;
                }
                sound.died(death);
            }
        }
        sound
    }

    /// The longest silence that was survived, in ns; 0 for none.
    pub(super) fn longest_ns(&self) -> u64 {
        self.survived
            .values()
            .next_back()
            .map_or(0, |survivors| survivors.longest_ns)
    }

    /// How many silences were survived that are no shorter than `ns`, but for the width of a bin.
    pub(super) fn survived_from(&self, ns: u64) -> u64 {
        let longer = self.survived.values().rev();
        longer
            .take_while(|survivors| survivors.longest_ns >= ns)
            .fold(0, |sum, survivors| sum.saturating_add(survivors.count))
    }

    /// For how many deaths, with those that made room, each one stands that is kept.
    pub(super) fn each_stands_for(&self) -> f64 {
        let kept = self.deaths.len().max(1) as f64;
        (kept + self.made_room as f64) / kept
    }

    /// Deaths, as they came.
    pub(super) fn deaths(&self) -> impl ExactSizeIterator<Item = &Death> {
        self.deaths.iter()
    }

    /// All of it as intervals.
    pub(super) fn intervals(&self) -> impl Iterator<Item = Interval> {
        let lived = self.survived.values().map(|survivors| Interval {
            over: survivors.longest_ns,
            up_to: None,
            count: survivors.count,
        });
        let died = self.deaths.iter().map(|death| Interval {
            over: death.over_ns,
            up_to: Some(death.up_to_ns),
            count: 1,
        });
        lived.chain(died)
    }
}

/// The number of the bin for silences of about `ns`: each is [`LEARN_FINE`] wide.
fn bin(ns: u64) -> u16 {
    let times = ns.max(LEARN_LEAST_NS) as f64 / LEARN_LEAST_NS as f64;
    // A few hundred at most: every u64 is below e^44.4.
    (times.ln() / LEARN_FINE.ln()) as u16
}
