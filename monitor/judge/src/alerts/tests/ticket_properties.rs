//! What holds for tickets on what nobody answers, in any history, restarts included.

use super::*;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use std::collections::BTreeMap;

/// How long such a ticket waits here, in seconds.
const WAIT: u64 = 10;

/// How long what fires does so at least, in seconds.
const LEAST: u64 = 120;

const CONNECTIONS: u32 = 4;

#[derive(Clone, Copy, Debug)]
enum Step {
    /// So many seconds pass.
    Wait(u64),
    /// The connection hangs.
    Hangs(u32),
    /// The kernel gives it up in the moment in which it is told.
    GivenUp(u32),
    Moves(u32),
    Over(u32, End),
    /// What it left behind is sent again.
    Unanswered(u32),
    Answered(u32),
    Reconnects(u32),
    /// The daemon is killed and starts again after so many seconds; those that hang are found after so many more.
    Restart(u64, u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let on = 0..CONNECTIONS;
    let ends = vec![
        End::Badly,
        End::Left,
        End::Left,
        End::InPeace,
        End::ByClient,
        End::ByOperator,
    ];
    let step = prop_oneof![
        6 => prop_oneof![8 => 0..8_u64, 2 => 8..30_u64, 1 => 100..140_u64].prop_map(Step::Wait),
        4 => on.clone().prop_map(Step::Hangs),
        1 => on.clone().prop_map(Step::GivenUp),
        2 => on.clone().prop_map(Step::Moves),
        3 => (on.clone(), select(ends)).prop_map(|(on, end)| Step::Over(on, end)),
        3 => on.clone().prop_map(Step::Unanswered),
        2 => on.clone().prop_map(Step::Answered),
        1 => on.prop_map(Step::Reconnects),
        1 => (1..20_u64, 1..20_u64).prop_map(|(down, found)| Step::Restart(down, found)),
    ];
    vec(step, 1..60)
}

/// How one connection fares.
#[derive(Clone, Copy, Debug)]
struct Trouble {
    since: u64,
    /// Until when it was without an answer, where only what it left behind is still tried.
    left: Option<u64>,
    /// Its owner goes on with another connection since.
    moved_on: bool,
    /// When what it left behind died.
    dead: Option<u64>,
}

impl Trouble {
    /// Until when it is known to have been affected, at second `now`.
    fn until(&self, now: u64) -> u64 {
        match (self.dead, self.left) {
            (Some(at), _) => now.min(at + WAIT),
            (None, left) => left.unwrap_or(now),
        }
    }
}

/// The ticket named `blackholed`, held against the truth.
struct Held {
    watch: Watch,
    troubled: BTreeMap<u32, Trouble>,
    /// From when to when others were, until they moved, or were no more.
    past: Vec<(u64, u64)>,
    /// When the end of what each left behind was told last: it does not hang again in that moment.
    ended: BTreeMap<u32, u64>,
    /// Those that hang and that the daemon has still to find again, and when it does.
    to_find: BTreeMap<u32, u64>,
    /// Something was lost for good since this was last looked at.
    lost: bool,
    fired: Option<u64>,
    saved: Option<Saved>,
}

impl Held {
    fn new() -> Self {
        Self {
            watch: Watch::new(),
            troubled: BTreeMap::new(),
            past: Vec::new(),
            ended: BTreeMap::new(),
            to_find: BTreeMap::new(),
            lost: false,
            fired: None,
            saved: None,
        }
    }

    fn state(&self) -> Option<AlertState> {
        let mut alerts = self.watch.alerts.all();
        let ours =
            alerts.find(|alert| alert.name == "blackholed" && alert.state != AlertState::Over);
        ours.map(|alert| alert.state)
    }

    /// From when to when each was without an answer, as far as anybody can know.
    fn known(&self) -> Vec<(u64, u64)> {
        let now = self.watch.now;
        let present = self.troubled.values();
        let present = present.map(|one| (one.since, one.until(now)));
        let mut all: Vec<(u64, u64)> = self.past.iter().copied().chain(present).collect();
        all.sort_unstable();
        all
    }

    /// How long some of them were without a pause, at the most.
    fn longest(&self) -> u64 {
        let mut longest = 0;
        let mut run: Option<(u64, u64)> = None;
        for (from, until) in self.known() {
            let (begun, lasts) = match run {
                Some((begun, lasts)) if from <= lasts => (begun, lasts.max(until)),
                _ => (from, until),
            };
            longest = longest.max(lasts - begun);
            run = Some((begun, lasts));
        }
        longest
    }

    /// Everything that is told in one second has been told: it ends.
    fn check(&mut self) -> Result<(), TestCaseError> {
        let now = self.watch.now;
        self.watch.tick();
        let fires = self.state() == Some(AlertState::Firing);
        if std::mem::take(&mut self.lost) {
            prop_assert!(fires, "second {now}: lost for good, and no ticket");
        } else if fires && self.fired.is_none() {
            let longest = self.longest();
            prop_assert!(longest >= WAIT, "second {now}: fires after {longest} s");
        }
        for (on, one) in &self.troubled {
            let lasted = match (one.dead, one.left) {
                // Lost for good, and its owner does not move again.
                (Some(_), _) => now - one.since >= WAIT,
                (None, Some(seen)) => seen - one.since > WAIT,
                (None, None) => now - one.since >= WAIT && !self.to_find.contains_key(on),
            };
            prop_assert!(fires || !lasted, "second {now}: {on} {one:?}, no ticket");
        }
        let lapsed = |one: &Trouble| one.dead.is_some_and(|at| at + WAIT <= now);
        let lapsed = self.troubled.iter().filter(|(_, one)| lapsed(one));
        let lapsed: Vec<u32> = lapsed.map(|(on, _)| *on).collect();
        for on in lapsed {
            self.leaves(on);
        }
        if !self.troubled.is_empty() {
            prop_assert!(self.state().is_some(), "second {now}: in trouble, and over");
        }
        match (self.fired, fires) {
            (None, true) => self.fired = Some(now),
            (Some(fired), false) => {
                prop_assert!(now - fired >= LEAST, "second {now}: fired at {fired}");
                self.fired = None;
            }
            _ => {}
        }
        let saved = self.watch.alerts.to_save(self.watch.now_ns());
        self.saved = saved.or(self.saved.take());
        Ok(())
    }

    fn next(&mut self) -> Result<(), TestCaseError> {
        self.check()?;
        self.watch.now += 1;
        self.watch.alerts.swept();
        let now = self.watch.now;
        let due = |at: &u64| *at <= now;
        let found = self.to_find.iter().filter(|(_, at)| due(at));
        let found: Vec<u32> = found.map(|(on, _)| *on).collect();
        for on in found {
            self.to_find.remove(&on);
            self.watch.told(hangs_for_ticket(on));
        }
        Ok(())
    }

    /// It is in trouble no more.
    fn leaves(&mut self, on: u32) {
        let now = self.watch.now;
        if let Some(one) = self.troubled.remove(&on) {
            self.past.push((one.since, one.until(now)));
            if one.left.is_some() {
                self.ended.insert(on, now);
            }
        }
    }

    fn step(&mut self, step: Step) -> Result<(), TestCaseError> {
        let now = self.watch.now;
        let on = match step {
            Step::Hangs(on) | Step::GivenUp(on) | Step::Moves(on) | Step::Over(on, _) => Some(on),
            Step::Unanswered(on) | Step::Answered(on) | Step::Reconnects(on) => Some(on),
            Step::Wait(_) | Step::Restart(..) => None,
        };
        // Of what is still to be found again the judge says nothing.
        if on.is_some_and(|on| self.to_find.contains_key(&on)) {
            return Ok(());
        }
        let its = on.and_then(|on| self.troubled.get(&on).copied());
        let dead = its.is_some_and(|one| one.dead.is_some());
        let left = its.is_some_and(|one| one.left.is_some()) && !dead;
        match step {
            Step::Wait(seconds) => {
                for _ in 0..seconds {
                    self.next()?;
                }
            }
            Step::Hangs(on) if its.is_none() && self.ended.get(&on) != Some(&now) => {
                let one = Trouble {
                    since: now,
                    left: None,
                    moved_on: false,
                    dead: None,
                };
                self.troubled.insert(on, one);
                self.watch.told(hangs_for_ticket(on));
            }
            Step::GivenUp(on) if !left && !dead => {
                let mut dead = hangs_for_ticket(on);
                dead.given_up = true;
                self.leaves(on);
                self.lost = true;
                self.watch.told(dead);
            }
            Step::Moves(on) if its.is_some() && !left && !dead => {
                self.leaves(on);
                self.watch.moves(on);
            }
            Step::Over(on, End::Left) if its.is_some() && !left && !dead => {
                self.troubled
                    .entry(on)
                    .and_modify(|one| one.left = Some(now));
                self.watch.over(on, End::Left);
            }
            Step::Over(on, End::Badly) if its.is_some() && !dead => {
                let gives_up = left && its.is_some_and(|one| one.since < now && !one.moved_on);
                if gives_up {
                    self.troubled
                        .entry(on)
                        .and_modify(|one| one.dead = Some(now));
                } else {
                    // Who goes on with another has given it up.
                    self.lost |= !its.is_some_and(|one| one.moved_on);
                    self.leaves(on);
                }
                self.watch.over(on, End::Badly);
            }
            Step::Over(on, end) if its.is_some() && end != End::Left && !dead => {
                self.leaves(on);
                self.watch.over(on, end);
            }
            Step::Unanswered(on) if left => {
                self.troubled
                    .entry(on)
                    .and_modify(|one| one.left = Some(now));
                self.watch.unanswered(on);
            }
            Step::Answered(on) if left => {
                self.leaves(on);
                self.watch.answered(on);
            }
            Step::Reconnects(on) => {
                if dead {
                    self.leaves(on);
                } else if left {
                    self.troubled
                        .entry(on)
                        .and_modify(|one| one.moved_on = true);
                }
                self.watch.reconnects(on);
            }
            Step::Restart(down, found) => self.restart(down, found)?,
            _ => {}
        }
        Ok(())
    }

    fn restart(&mut self, down: u64, found: u64) -> Result<(), TestCaseError> {
        self.check()?;
        let text = serde_json::to_string(&self.saved).expect("JSON");
        let saved: Option<Saved> = serde_json::from_str(&text).expect("it reads back");
        self.watch.now += down;
        let (now, now_ns) = (self.watch.now, self.watch.now_ns());
        self.watch.alerts = match saved {
            Some(saved) => Alerts::restored(saved, Limits::default(), now_ns),
            None => Alerts::new(Limits::default()),
        };
        // Nobody follows what was left behind any more: it is told.
        let left = self.troubled.iter().filter(|(_, one)| one.left.is_some());
        let left: Vec<u32> = left.map(|(on, _)| *on).collect();
        for on in left {
            // What had died was told where the ticket fired already.
            let dead = self.troubled.get(&on).is_some_and(|one| one.dead.is_some());
            self.lost |= !dead || self.fired.is_none();
            self.leaves(on);
        }
        self.to_find = self.troubled.keys().map(|on| (*on, now + found)).collect();
        Ok(())
    }
}

proptest! {
    #[test]
    fn no_loss_goes_without_its_ticket_and_what_was_answered_in_time_has_none(steps in steps()) {
        let mut held = Held::new();
        for step in &steps {
            held.step(*step)?;
        }
        for _ in 0..30 {
            held.next()?;
        }
    }
}
