//! What is learned of each path and remote prefix, for either side. Bounded: what is worth least makes room.

use super::before::{Key, LearnedBefore};
use super::lived::Lived;
use super::says::Bears;
use super::turns::Contradiction;
use crate::paths::JudgedPath;
use crate::peers::contrast::{Ended, First};
use crate::peers::prefix;
use crate::thresholds::LEARN_A_TICK;
use monitor_model::finding::Clock;
use monitor_model::format::seconds;
use monitor_model::learned::{FirstWord, LearnedTimeout};
use monitor_model::time::Timestamp;
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

/// After which silence connections to a prefix are lost that have no path, and this host speaks first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fatal {
    /// The longest that was survived, in ns.
    pub(crate) at_least_ns: Option<u64>,
    /// The shortest that is fatal, in ns.
    pub(crate) at_most_ns: u64,
    /// What that rests on: deaths, and the occasions on which they were.
    pub(crate) died: u64,
    pub(crate) occasions: u64,
}

/// What is learned of all paths.
#[derive(Debug, Default)]
pub(crate) struct Learned {
    table: BTreeMap<Key, Lived>,
    capacity: usize,
    /// Silences of which nothing was learned because of a bound: theirs, or of those that made room.
    dropped: u64,
    /// Goes up with whatever is learned or forgotten.
    changes: u64,
}

impl Learned {
    /// Of so many paths and prefixes at most.
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            ..Self::default()
        }
    }

    /// What the end of a silence said. Answers how it contradicts what is stated, where that is certain.
    pub(crate) fn note(
        &mut self,
        says: Bears,
        path: Option<&JudgedPath>,
        remote: SocketAddr,
        ended: &Ended,
        wall_unix_ns: i64,
    ) -> Option<Contradiction> {
        if says == Bears::Nothing {
            return None;
        }
        self.changes += 1;
        let by_payload = path.is_some_and(|path| path.clock == Clock::Payload);
        let name = path.map(|path| path.name.clone());
        let key = Key::new(name, by_payload, remote.ip(), ended.first);
        // What the peer may do after a silence says nothing of what this host may.
        let stated = path.filter(|path| path.stated && !key.by_peer);
        let stated_ns = stated.map(|path| path.timeout_ns);
        let at = Timestamp::of(wall_unix_ns);
        match says {
            Bears::Survived => self.of(key)?.survived(ended, stated_ns, at),
            Bears::Died => return self.of(key)?.died(ended, stated_ns, at),
            Bears::Retracted => {
                if let Some(lived) = self.table.get_mut(&key) {
                    lived.retract(ended.cookie);
                }
            }
            Bears::Doubted => {
                if let Some(lived) = self.table.get_mut(&key) {
                    lived.doubted();
                }
            }
            Bears::Nothing => {}
        }
        None
    }

    /// Takes up what an earlier run has learned of one of these paths; `now_ns` is CLOCK_MONOTONIC. What is learned already
    /// stays.
    pub(crate) fn take_up<'a>(
        &mut self,
        before: &LearnedBefore,
        paths: impl IntoIterator<Item = &'a JudgedPath>,
        now_ns: u64,
    ) {
        let mut key = before.key.clone();
        key.prefix = prefix::prefix(key.prefix);
        if stays(&key, paths) && !self.table.contains_key(&key) && self.table.len() < self.capacity
        {
            self.table
                .insert(key, before.lived.clone().taken_up(now_ns));
            self.changes += 1;
        }
    }

    /// All that is learned, to be taken up by a later run.
    pub(crate) fn to_keep(&self) -> Vec<LearnedBefore> {
        let all = self.table.iter();
        all.map(|(key, lived)| LearnedBefore {
            key: key.clone(),
            lived: lived.clone(),
        })
        .collect()
    }

    /// How often something was learned or forgotten.
    pub(crate) fn changes(&self) -> u64 {
        self.changes
    }

    /// These paths are in force: of others, and of those that count by another clock now, what was learned is forgotten.
    pub(crate) fn keep(&mut self, paths: &[JudgedPath]) {
        self.table.retain(|key, _| stays(key, paths));
        self.changes += 1;
    }

    /// Time passes: some of what was learned since is brought up to date.
    pub(crate) fn tick(&mut self) {
        let settled = self
            .table
            .values_mut()
            .filter_map(|lived| lived.settle().then_some(()));
        settled.take(LEARN_A_TICK).for_each(drop);
    }

    /// How many paths and prefixes something is known of.
    pub(crate) fn len(&self) -> usize {
        self.table.len()
    }

    /// Silences that a bound has dropped.
    pub(crate) fn dropped(&self) -> u64 {
        let within = self.table.values().map(|lived| lived.dropped);
        within.fold(self.dropped, u64::saturating_add)
    }

    /// What is learned of the path of this name (`None`: of connections without one), to each prefix. Those of which the
    /// upper bound is known come first, the lowest one before the others; then those that lived longest.
    pub(crate) fn of_path(&self, path: Option<&str>) -> Vec<LearnedTimeout> {
        let here = self.table.iter();
        let here = here.filter(|(key, _)| key.path.as_deref() == path);
        let mut all: Vec<LearnedTimeout> = here.map(|(key, lived)| told(key, lived)).collect();
        all.sort_by(|one, other| {
            let most = |learned: &LearnedTimeout| learned.at_most_seconds.unwrap_or(f64::INFINITY);
            let least = |learned: &LearnedTimeout| learned.at_least_seconds.unwrap_or(0.0);
            let by_most = most(one).total_cmp(&most(other));
            by_most.then(least(other).total_cmp(&least(one)))
        });
        all
    }

    /// What is fatal on the way to `remote` for connections without a path, as of the last tick; `None` where the evidence does
    /// not carry it.
    pub(crate) fn fatal(&self, remote: IpAddr) -> Option<Fatal> {
        let key = Key::new(None, false, remote, First::Us);
        let known = self.table.get(&key)?.settled();
        Some(Fatal {
            at_least_ns: known.at_least_ns,
            at_most_ns: known.at_most_ns?,
            died: known.died,
            occasions: known.occasions,
        })
    }

    fn of(&mut self, key: Key) -> Option<&mut Lived> {
        if self.capacity == 0 {
            self.dropped += 1;
            return None;
        }
        if !self.table.contains_key(&key) && self.table.len() >= self.capacity {
            self.make_room();
        }
        Some(self.table.entry(key).or_default())
    }

    /// Forgets what rests on the fewest deaths, and of these what is oldest.
    fn make_room(&mut self) {
        let least = self.table.iter().min_by_key(|(_, lived)| lived.worth());
        let Some(key) = least.map(|(key, _)| key.clone()) else {
            return;
        };
        if let Some(lived) = self.table.remove(&key) {
            let silences = lived.survived.saturating_add(lived.worth().0 as u64);
            let lost = silences.saturating_add(lived.dropped);
            self.dropped = self.dropped.saturating_add(lost);
        }
    }
}

/// Whether what is learned so is still of one of these paths.
fn stays<'a>(key: &Key, paths: impl IntoIterator<Item = &'a JudgedPath>) -> bool {
    let Some(name) = &key.path else {
        return true;
    };
    let mut same = paths.into_iter().filter(|path| path.name == *name);
    same.any(|path| key.by_payload == (path.clock == Clock::Payload))
}

fn told(key: &Key, lived: &Lived) -> LearnedTimeout {
    let known = lived.known();
    LearnedTimeout {
        prefix: Some(prefix::written(key.prefix)),
        first_word: match key.by_peer {
            true => FirstWord::Peer,
            false => FirstWord::Us,
        },
        at_least_seconds: known.at_least_ns.map(seconds),
        at_most_seconds: known.at_most_ns.map(seconds),
        survived: lived.survived,
        died: known.died,
        occasions: known.occasions,
        unfit: known.unfit,
        since: lived.since,
        until: lived.until,
        changed: lived.changed,
    }
}
