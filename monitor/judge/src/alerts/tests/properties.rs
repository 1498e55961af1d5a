//! What holds for any history, restarts included.

use super::*;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use std::collections::BTreeMap;

/// How long a page waits here, in seconds.
const WAIT: u64 = 10;

/// How long what fires does so at least, in seconds.
const LEAST: u64 = 120;

const CONNECTIONS: u32 = 4;

#[derive(Clone, Copy, Debug)]
enum Step {
    /// So many seconds pass.
    Wait(u64),
    /// The connection hangs, in this way.
    Hangs(u32, Outcome),
    /// It is found stuck, by the sweep.
    Stalls(u32),
    /// It is reset, or given up by the kernel in the same moment.
    Dies(u32, bool),
    Moves(u32),
    Over(u32, End),
    Reconnects(u32),
    /// The daemon is killed and starts again after so many seconds. Of those that hang, these have healed meanwhile,
    /// and the others are found after so many seconds.
    Restart(u64, [bool; CONNECTIONS as usize], u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let connection = 0..CONNECTIONS;
    let ends = select(vec![End::Badly, End::Left, End::InPeace, End::ByOperator]);
    let step = prop_oneof![
        6 => prop_oneof![8 => 0..8_u64, 2 => 8..30_u64, 1 => 100..140_u64].prop_map(Step::Wait),
        3 => connection.clone().prop_map(Step::Stalls),
        1 => connection.clone().prop_map(|on| Step::Hangs(on, Outcome::Blackholed)),
        2 => (connection.clone(), any::<bool>()).prop_map(|(on, given_up)| Step::Dies(on, given_up)),
        2 => connection.clone().prop_map(Step::Moves),
        2 => (connection.clone(), ends).prop_map(|(on, end)| Step::Over(on, end)),
        2 => connection.prop_map(Step::Reconnects),
        1 => (1..40_u64, any::<[bool; CONNECTIONS as usize]>(), 1..20_u64)
            .prop_map(|(down, healed, found)| Step::Restart(down, healed, found)),
    ];
    vec(step, 1..60)
}

/// What is true of one owner's connections, second by second: all of them are one page by their name.
#[derive(Default)]
struct Truth {
    /// Who hangs, and whether it ended badly, when.
    stuck: BTreeMap<u32, ()>,
    badly: BTreeMap<u32, u64>,
    /// The first second of those that were affected without a pause until now.
    since: Option<u64>,
    /// That has ended since this was last looked at, after it had lasted for long enough.
    lasted: bool,
}

impl Truth {
    fn affected(&self, now: u64) -> bool {
        !self.stuck.is_empty() || self.badly.values().any(|at| now < at + WAIT)
    }

    /// The second `now` is over.
    fn pass(&mut self, now: u64) {
        self.since = match self.affected(now) {
            true => Some(self.since.unwrap_or(now)),
            false => {
                self.lasted |= self.since.is_some_and(|since| now - since >= WAIT);
                None
            }
        };
    }
}

/// The alert named `blackholed`, held against the truth.
struct Held {
    watch: Watch,
    truth: Truth,
    fired: Option<u64>,
    /// Those that hang and that the daemon has still to find again, and when it does.
    to_find: BTreeMap<u32, u64>,
    /// Those that healed while nobody looked, until they are not looked for any more: one that fails again before is
    /// taken for one that hung on.
    healed: BTreeMap<u32, u64>,
    /// One hung on over a restart and healed before it was found again: for how long all were affected without a pause
    /// nobody can know.
    unknowable: bool,
    saved: Option<Saved>,
}

impl Held {
    fn new() -> Self {
        Self {
            watch: Watch::new(),
            truth: Truth::default(),
            fired: None,
            to_find: BTreeMap::new(),
            healed: BTreeMap::new(),
            unknowable: false,
            saved: None,
        }
    }

    fn state(&self) -> Option<AlertState> {
        let mut alerts = self.watch.alerts.all();
        let ours =
            alerts.find(|alert| alert.name == "blackholed" && alert.state != AlertState::Over);
        ours.map(|alert| alert.state)
    }

    /// Everything that is told in one second has been told: it ends.
    fn check(&mut self) -> Result<(), TestCaseError> {
        let now = self.watch.now;
        self.watch.tick();
        self.truth.pass(now);
        let lasted = self.truth.since.map_or(0, |since| now - since);
        let fires = self.state() == Some(AlertState::Firing);
        // What is still to be found again is not known to hang.
        self.unknowable &= self.truth.since.is_some();
        let known = self.to_find.is_empty() && !self.unknowable;
        if known && self.truth.since.is_some() && lasted >= WAIT {
            prop_assert!(fires, "second {now}: affected for {lasted} s, and no page");
        }
        if self.truth.affected(now) {
            prop_assert!(self.state().is_some(), "second {now}: affected, and over");
        }
        match (self.fired, fires) {
            (None, true) => {
                let lasts = lasted >= WAIT || self.truth.lasted;
                prop_assert!(lasts, "second {now}: fires after {lasted} s");
                self.fired = Some(now);
            }
            (Some(fired), false) => {
                prop_assert!(
                    now - fired >= LEAST,
                    "second {now}: fired for {} s",
                    now - fired
                );
                self.fired = None;
            }
            _ => {}
        }
        self.truth.lasted = false;
        self.saved = self
            .watch
            .alerts
            .to_save(self.watch.now_ns())
            .or(self.saved.take());
        Ok(())
    }

    /// One second ends, and the next begins: what was to be found again by then is.
    fn next(&mut self) -> Result<(), TestCaseError> {
        self.check()?;
        self.watch.now += 1;
        self.watch.alerts.swept();
        let now = self.watch.now;
        let found: Vec<u32> = self
            .to_find
            .iter()
            .filter_map(|(on, at)| (*at <= now).then_some(*on))
            .collect();
        for on in found {
            self.to_find.remove(&on);
            self.watch.told(hangs(on));
        }
        Ok(())
    }

    fn step(&mut self, step: Step) -> Result<(), TestCaseError> {
        let now = self.watch.now;
        // Of what is still to be found again the judge says nothing, and a dead connection does not come back.
        let on = match step {
            Step::Hangs(on, _) | Step::Stalls(on) | Step::Dies(on, _) | Step::Moves(on) => Some(on),
            Step::Over(on, _) | Step::Reconnects(on) => Some(on),
            Step::Wait(_) | Step::Restart(..) => None,
        };
        self.healed.retain(|_, until| now < *until);
        if on.is_some_and(|on| self.to_find.contains_key(&on) || self.healed.contains_key(&on)) {
            return Ok(());
        }
        match step {
            Step::Wait(seconds) => {
                for _ in 0..seconds {
                    self.next()?;
                }
            }
            Step::Hangs(on, what) => {
                self.truth.badly.remove(&on);
                self.truth.stuck.insert(on, ());
                self.watch.told(outcome(what, on));
            }
            Step::Stalls(on) => {
                self.truth.badly.remove(&on);
                self.truth.stuck.insert(on, ());
                self.watch.told(hangs(on));
            }
            Step::Dies(on, given_up) => {
                self.truth.stuck.remove(&on);
                self.truth.badly.insert(on, now);
                let mut dead = hangs(on);
                dead.given_up = true;
                if given_up {
                    self.watch.moves(on);
                }
                self.watch.told(dead);
            }
            Step::Moves(on) => {
                self.truth.stuck.remove(&on);
                self.watch.moves(on);
            }
            Step::Over(on, end) => {
                // Who is paged need not know of what its application left behind.
                let badly = matches!(end, End::Badly | End::Left);
                if self.truth.stuck.remove(&on).is_some() && badly {
                    self.truth.badly.insert(on, now);
                    self.watch.over(on, end);
                } else if !badly {
                    self.watch.over(on, end);
                }
            }
            Step::Reconnects(on) => {
                self.truth.badly.remove(&on);
                self.watch.reconnects(on);
            }
            Step::Restart(down, healed, found) => self.restart(down, healed, found)?,
        }
        Ok(())
    }

    fn restart(
        &mut self,
        down: u64,
        healed: [bool; CONNECTIONS as usize],
        found: u64,
    ) -> Result<(), TestCaseError> {
        self.check()?;
        let text = serde_json::to_string(&self.saved).expect("JSON");
        let saved: Option<Saved> = serde_json::from_str(&text).expect("it reads back");
        for (on, healed) in (0..).zip(healed) {
            if healed && self.truth.stuck.remove(&on).is_some() {
                self.unknowable |= self.to_find.remove(&on).is_some();
                self.healed.insert(on, 0);
            }
        }
        for _ in 0..down {
            self.watch.now += 1;
            self.truth.pass(self.watch.now);
        }
        let (now, now_ns) = (self.watch.now, self.watch.now_ns());
        self.watch.alerts = match saved {
            Some(saved) => Alerts::restored(saved, Limits::default(), now_ns),
            None => Alerts::new(Limits::default()),
        };
        for until in self.healed.values_mut() {
            *until = now + 40;
        }
        for on in self.truth.stuck.keys() {
            self.to_find.insert(*on, now + found);
        }
        Ok(())
    }
}

/// What any owner is told of: user, severity, connection.
fn anybody() -> impl Strategy<Value = Vec<(u32, bool, u32, u8)>> {
    vec((1..12_u32, any::<bool>(), 0..60_u32, 0..4_u8), 1..250)
}

proptest! {
    #[test]
    fn no_page_is_lost_none_is_over_while_affected_and_none_fires_for_what_healed(steps in steps()) {
        let mut held = Held::new();
        for step in &steps {
            held.step(*step)?;
        }
        for _ in 0..30 {
            held.next()?;
        }
    }

    #[test]
    fn rooms_hold_for_any_owners_and_what_has_none_of_its_own_is_counted(told in anybody()) {
        let limits = Limits { max_alerts: 16, max_members: 4, max_known: 40, ..Limits::default() };
        let mut watch = Watch::with(limits);
        for (user, page, connection, what) in told {
            let of_its_own = || (0..60).map(move |number| user * 100 + number);
            match what {
                0 => {
                    of_its_own().for_each(|number| { watch.moves(number).speaks(number); });
                }
                1 => { watch.wait(7); }
                _ => {
                    let connection = user * 100 + connection;
                    let mut finding = if page { hangs(connection) } else { crossed(connection) };
                    finding.owner = Owner {
                        uid: Some(user),
                        comm: Some(format!("p{connection}")),
                        ..Owner::default()
                    };
                    let before = watch.alerts.stats();
                    let begun = watch.alerts.all().filter(|alert| {
                        alert.state != AlertState::Over && alert.severity == finding.severity
                    }).count();
                    let (owner, severity) = (format!("p{connection}"), finding.severity);
                    watch.told(finding);
                    let after = watch.alerts.stats();
                    let own = watch.alerts.all().any(|alert| {
                        (alert.owner.as_str(), alert.severity) == (owner.as_str(), severity)
                            && alert.state != AlertState::Over && alert.connections > 0
                    });
                    let counted = after.alerts_full_total + after.share_full_total
                        > before.alerts_full_total + before.share_full_total;
                    prop_assert!(own != counted, "told in an alert of its own, or counted");
                    prop_assert!(own || begun >= limits.of_one_owner());
                }
            }
            let now: Vec<Alert> = watch.alerts.all().filter(|alert| alert.state != AlertState::Over).collect();
            for severity in [Severity::Ticket, Severity::Page] {
                let of = |more: bool| now.iter().filter(|alert| {
                    alert.severity == severity && (alert.name == "more") == more
                }).count();
                prop_assert!(of(false) <= limits.max_alerts);
                prop_assert!(of(true) <= limits.of_more() + 1);
                let user = |owner: &str| {
                    owner.trim_start_matches('p').parse::<u32>().map_or(0, |number| number / 100)
                };
                for uid in 1..12 {
                    let its = now.iter().filter(|alert| {
                        alert.severity == severity && alert.name != "more" && user(&alert.owner) == uid
                    });
                    prop_assert!(its.count() <= limits.of_one_owner());
                }
            }
            prop_assert!(watch.alerts.index.len() <= 2 * limits.max_known);
            let parts: usize = watch.alerts.groups.values().map(|group| group.parts.known()).sum();
            prop_assert_eq!(parts, watch.alerts.index.len());
        }
    }
}
