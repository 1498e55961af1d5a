//! What is known of one path, prefix and side: it takes up how silences end, and notices that the box has another timeout.

use super::bounds::{Bounds, bounds, needed, occasions, unfit_share};
use super::kept::{Death, Kept};
use super::turns::{Contradiction, Turns};
use crate::peers::contrast::Ended;
use crate::thresholds::{
    LEARN_DRIFT, LEARN_LEAST_DRIFT, LEARN_LEAST_NS, LEARN_MOST_NS, LEARN_OCCASION_NS, LEARN_OWN,
};
use monitor_model::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// What is known of one path, prefix and side.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Lived {
    kept: Kept,
    /// What speaks against the timeout that is stated.
    turns: Turns,
    /// What follows from what is kept, and whether something was kept since.
    #[serde(skip)]
    known: Bounds,
    #[serde(skip)]
    stale: bool,
    /// Silences that were survived, also those that are forgotten.
    pub(super) survived: u64,
    /// The longest silence that each connection survived, by its cookie, those of late last.
    #[serde(skip)]
    own: VecDeque<(u64, u64)>,
    /// The last occasion's number, and when it began, CLOCK_MONOTONIC in ns.
    occasion: u32,
    #[serde(skip)]
    occasion_ns: Option<u64>,
    /// Silences since the last death that were survived beyond what is learned.
    #[serde(skip)]
    beyond: Option<Beyond>,
    /// When the first and the last silence ended.
    pub(super) since: Option<Timestamp>,
    pub(super) until: Option<Timestamp>,
    /// When the timeout was seen to have become another.
    pub(super) changed: Option<Timestamp>,
    /// What says nothing because it is too short or too long, and deaths that made room for others.
    pub(super) dropped: u64,
}

/// Silences that were survived beyond an upper bound.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Beyond {
    from_ns: u64,
    /// On how many occasions, and when the last of them was, CLOCK_MONOTONIC in ns.
    occasions: u64,
    last_ns: u64,
}

impl Lived {
    /// The same at `now_ns` (CLOCK_MONOTONIC), where another run of the daemon has kept it. What dies within a minute of that may
    /// be of the occasion that was the last one then; and nothing is known of single connections.
    pub(super) fn taken_up(self, now_ns: u64) -> Self {
        Self {
            kept: self.kept.sound(),
            stale: true,
            occasion_ns: Some(now_ns),
            ..self
        }
    }

    /// A silence of at least `ended.ns` was survived; the timeout that somebody stated is `stated_ns`.
    pub(super) fn survived(&mut self, ended: &Ended, stated_ns: Option<u64>, at: Timestamp) {
        self.turns.survived(ended.ns, stated_ns);
        if ended.ns < LEARN_LEAST_NS {
            self.dropped += 1;
            return;
        }
        // What is longer was survived for so long as well.
        let ns = ended.ns.min(LEARN_MOST_NS);
        self.seen(at);
        self.lives_longer(ended, ns, at);
        self.survived = self.survived.saturating_add(1);
        self.remember(ended.cookie, ns);
        self.kept.survived(ns);
    }

    /// A connection died by a silence of at most `ended.ns`. Answers how that contradicts what is stated, where it is certain.
    pub(super) fn died(
        &mut self,
        ended: &Ended,
        stated_ns: Option<u64>,
        at: Timestamp,
    ) -> Option<Contradiction> {
        if !(LEARN_LEAST_NS..=LEARN_MOST_NS).contains(&ended.ns) {
            self.turns.begin_anew();
            self.dropped += 1;
            return None;
        }
        self.seen(at);
        let contradiction = match self.kept.knows(ended.cookie) {
            true => None,
            false => self.turns.died(ended.ns, stated_ns, at),
        };
        // It is told once more where it turns out graver.
        self.kept.retract(ended.cookie);
        if is_another(self.occasion_ns, ended.at_ns) {
            self.occasion = self.occasion.wrapping_add(1);
            self.occasion_ns = Some(ended.at_ns);
        }
        let own = self.own.iter().position(|own| own.0 == ended.cookie);
        let own = own.and_then(|place| self.own.remove(place));
        let forgets = self.kept.died(Death {
            cookie: ended.cookie,
            // Where the same connection had survived as long, the two say nothing of each other.
            over_ns: own
                .map(|own| own.1)
                .filter(|ns| *ns < ended.ns)
                .unwrap_or(0),
            up_to_ns: ended.ns,
            occasion: self.occasion,
            stands: true,
        });
        self.dropped += u64::from(forgets);
        self.beyond = None;
        self.dies_sooner(at);
        contradiction
    }

    /// What was taken for the death of this connection was none.
    pub(super) fn retract(&mut self, cookie: u64) {
        self.kept.retract(cookie);
        self.turns.begin_anew();
        self.stale = true;
    }

    /// A connection died by something else than a timeout, after a silence.
    pub(super) fn doubted(&mut self) {
        self.turns.begin_anew();
    }

    /// What is learned.
    pub(super) fn known(&self) -> Bounds {
        match self.stale {
            true => bounds(&self.kept),
            false => self.known,
        }
    }

    /// Brings what is learned up to date, so that it costs nothing to ask. Answers whether there was anything to do.
    pub(super) fn settle(&mut self) -> bool {
        let stale = std::mem::take(&mut self.stale);
        if stale {
            self.known = bounds(&self.kept);
        }
        stale
    }

    /// What was learned by the time that it was last brought up to date.
    pub(super) fn settled(&self) -> Bounds {
        self.known
    }

    /// How much would be lost by forgetting it: deaths count more than its age.
    pub(super) fn worth(&self) -> (usize, Option<Timestamp>) {
        (self.kept.deaths().len(), self.until)
    }

    fn seen(&mut self, at: Timestamp) {
        self.since.get_or_insert(at);
        self.until = Some(at);
        self.stale = true;
    }

    fn remember(&mut self, cookie: u64, ns: u64) {
        let known = self.own.iter().position(|own| own.0 == cookie);
        let before = known.and_then(|place| self.own.remove(place));
        if self.own.len() >= LEARN_OWN {
            // A death of that one is known by its upper end alone.
            self.own.pop_front();
        }
        let longest = before.map_or(ns, |before| before.1.max(ns));
        self.own.push_back((cookie, longest));
    }

    /// Silences are survived that were taken to be fatal, with good reason, and none is fatal any more: the timeout is longer
    /// now.
    fn lives_longer(&mut self, ended: &Ended, ns: u64, at: Timestamp) {
        let beyond = match &mut self.beyond {
            Some(beyond) if ns >= beyond.from_ns => {
                if is_another(Some(beyond.last_ns), ended.at_ns) {
                    beyond.occasions += 1;
                    beyond.last_ns = ended.at_ns;
                }
                beyond
            }
            Some(_) => return,
            None => match self.fatal_ns(ns) {
                Some(from_ns) => self.beyond.insert(Beyond {
                    from_ns,
                    occasions: 1,
                    last_ns: ended.at_ns,
                }),
                None => return,
            },
        };
        if beyond.occasions >= LEARN_LEAST_DRIFT {
            self.begin_anew(at, |_| false);
        }
    }

    /// The upper bound, where `ns` is not below it and it rests on more than evictions may come to.
    fn fatal_ns(&self, ns: u64) -> Option<u64> {
        // The estimate is not to be made for each silence of a storm, in which some die and others live: all deaths of that
        // are one occasion.
        let enough = needed(0.0, LEARN_DRIFT);
        let is_shorter = |death: &Death| death.stands && death.up_to_ns <= ns;
        if occasions(self.kept.deaths()) < enough || !self.kept.deaths().any(is_shorter) {
            return None;
        }
        let known = self.known();
        let rests = known.occasions >= enough;
        known.at_most_ns.filter(|most_ns| rests && ns >= *most_ns)
    }

    /// Where silences are fatal that were survived, and none as long is survived any more, the timeout is shorter now.
    fn dies_sooner(&mut self, at: Timestamp) {
        let longest_ns = self.kept.longest_ns();
        let sooner = |death: &Death| death.stands && death.up_to_ns <= longest_ns;
        // Those after which as long a silence was survived are no timeout's.
        let others: Vec<&Death> = self.kept.deaths().filter(|death| !death.stands).collect();
        let enough = needed(unfit_share(&self.kept, &others), LEARN_DRIFT).max(LEARN_LEAST_DRIFT);
        if occasions(self.kept.deaths().filter(|death| sooner(death))) >= enough {
            self.begin_anew(at, sooner);
        }
    }

    /// What was before the timeout became another is forgotten.
    fn begin_anew(&mut self, at: Timestamp, keeps: impl Fn(&Death) -> bool) {
        self.kept.keep_deaths(keeps);
        self.own.clear();
        self.beyond = None;
        self.since = Some(at);
        self.changed = Some(at);
    }
}

/// Whether `now_ns` is another occasion than the one that began then.
fn is_another(began_ns: Option<u64>, now_ns: u64) -> bool {
    began_ns.is_none_or(|began_ns| now_ns.saturating_sub(began_ns) >= LEARN_OCCASION_NS)
}
