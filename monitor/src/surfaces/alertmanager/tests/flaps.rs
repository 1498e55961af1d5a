//! Whatever is restarted, fails or has its clock set: an alert that fires is never told to be over, and one that is over does
//! not fire on.

use super::super::notice::{Besides, Snapshot};
use super::super::schedule::{SECOND, Schedule, Sent, Times};
use super::*;
use std::collections::HashMap;

const RESEND: u64 = 60;
const LEASE: u64 = 240;

const TIMES: Times = Times {
    resend_ns: RESEND * SECOND,
    lease_ns: LEASE * SECOND,
};

/// A time of the wall clock, this many seconds after some moment.
fn wall(seconds: i64) -> Timestamp {
    Timestamp::of((1_769_860_800 + seconds) * 1_000_000_000)
}

/// What Alertmanager keeps of an alert (types.Alert and its Merge, provider/mem of Alertmanager 0.25).
#[derive(Clone, Copy, Debug)]
struct Kept {
    starts: Timestamp,
    ends: Timestamp,
}

/// Alertmanager, whose clock is right.
#[derive(Default)]
struct Model(HashMap<String, Kept>);

impl Model {
    fn takes(&mut self, sent: &Sent, sender: i64, now: i64) {
        let told = sent
            .notice
            .told_at(wall(sender), Duration::from_secs(LEASE));
        let text = monitor_model::format::json_line(&told).unwrap();
        let told: serde_json::Value = serde_json::from_str(&text).unwrap();
        let time = |name: &str| at(told[name].as_str().unwrap());
        let mut new = Kept {
            starts: time("startsAt"),
            ends: time("endsAt"),
        };
        assert!(
            new.starts <= new.ends,
            "400: start time must be before end time"
        );
        let name = told["labels"]["owner"].as_str().unwrap().to_owned();
        if let Some(old) = self.0.get(&name) {
            let within = |time: Timestamp| time > old.starts && time < old.ends;
            if within(new.ends) || within(new.starts) {
                let resolved = |kept: &Kept| kept.ends <= wall(now);
                new.starts = new.starts.min(old.starts);
                if resolved(&new) {
                    if resolved(old) {
                        new.ends = new.ends.max(old.ends);
                    }
                } else {
                    new.ends = new.ends.max(old.ends);
                }
            }
        }
        self.0.insert(name, new);
    }

    fn fires(&self, name: &str, now: i64) -> bool {
        self.0.get(name).is_some_and(|kept| kept.ends > wall(now))
    }
}

/// Numbers without end, the same for the same seed (xorshift64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, count: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % count
    }
}

/// One alert's life: it fires from one second to another, again and again.
struct Life {
    name: String,
    changes: Vec<i64>,
}

impl Life {
    fn new(name: usize, chance: &mut Chance) -> Self {
        let mut second = 0;
        let mut changes = Vec::new();
        while second < 3_600 {
            // Two minutes at the least, and a pause of any length.
            second += 1 + chance.below(900) as i64;
            changes.push(second);
            second += 120 + chance.below(1_500) as i64;
            changes.push(second);
        }
        Self {
            name: format!("owner-{name}"),
            changes,
        }
    }

    /// Since when it fires, or is over.
    fn since(&self, now: i64) -> (bool, Option<i64>, Option<i64>) {
        let before = self.changes.iter().filter(|at| **at <= now).count();
        let last = before.checked_sub(1).map(|last| self.changes[last]);
        let previous = before.checked_sub(2).map(|last| self.changes[last]);
        (before % 2 == 1, last, previous)
    }

    /// What the daemon shows of it, whose clock was wrong by so much each second until now.
    fn shown(&self, now: i64, clocks: &[i64]) -> Option<Alert> {
        let (fires_now, since, before) = self.since(now);
        let since = since?;
        let fired = if fires_now { since } else { before? };
        // All times of one alert are by the clock as it was when it began.
        let clock = clocks.get(usize::try_from(fired).ok()?)?;
        let of = |second: i64| Some(wall(second + clock));
        if fires_now {
            return Some(Alert {
                fired: of(fired),
                ..fires(&self.name)
            });
        }
        (now - since < 900).then(|| Alert {
            fired: of(fired),
            ended: of(since),
            ..over(&self.name)
        })
    }
}

/// What goes wrong now.
#[derive(Default)]
struct Trouble {
    next: i64,
    unreachable_until: i64,
    down_until: i64,
    alertmanager_since: i64,
    up_since: i64,
}

/// The longest that a daemon is down, that nobody is reached, or that a clock is wrong, in seconds.
const LONGEST: u64 = 60;

fn live(seed: u64, clock_steps: bool) {
    let mut chance = Chance(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let lives: Vec<Life> = (0..8).map(|name| Life::new(name, &mut chance)).collect();
    let mut model = Model::default();
    let mut schedule = Schedule::new(TIMES);
    let mut trouble = Trouble::default();
    let mut clocks: Vec<i64> = Vec::new();
    for now in 0..3_600_i64 {
        let now_ns = now as u64 * SECOND;
        let mut clock = clocks.last().copied().unwrap_or_default();
        if now >= trouble.next {
            // One at a time, with time to get over it.
            trouble.next = now + 130 + chance.below(200) as i64;
            let until = now + 1 + chance.below(LONGEST) as i64;
            match chance.below(3 + u64::from(clock_steps)) {
                0 => trouble.unreachable_until = until,
                1 => {
                    // A new daemon knows nothing of what was sent.
                    trouble.down_until = until;
                    schedule = Schedule::new(TIMES);
                }
                2 => {
                    model = Model::default();
                    trouble.alertmanager_since = now;
                }
                _ => clock = chance.below(2 * LONGEST + 1) as i64 - LONGEST as i64,
            }
        }
        clocks.push(clock);
        if now < trouble.down_until {
            trouble.up_since = now + 1;
            continue;
        }
        let alerts = lives.iter().filter_map(|life| life.shown(now, &clocks));
        let snapshot = Snapshot::of(alerts, &Besides::default(), wall(now + clock));
        schedule.take(&snapshot, now_ns);
        loop {
            let batch = schedule.batch(now_ns);
            if batch.is_empty() {
                break;
            }
            let early = chance.below(1_000) as f64 / 10_000.0;
            if now < trouble.unreachable_until {
                schedule.failed(now_ns, early);
                break;
            }
            for sent in &batch {
                model.takes(sent, now + clock, now);
            }
            schedule.taken(&batch, now_ns, early);
        }
        hold(&lives, &model, &trouble, now, seed);
    }
}

/// An alert that has fired for long enough to be told fires there, and one that has long been over does not.
fn hold(lives: &[Life], model: &Model, trouble: &Trouble, now: i64, seed: u64) {
    // Unreachable for a minute at the most, then tried within another, by a clock that is ahead by one.
    let told_by = (RESEND + 2 * LONGEST) as i64;
    let alertmanager_knows = now - trouble.alertmanager_since > told_by;
    let daemon_is_up = now - trouble.up_since > told_by;
    for life in lives {
        let (is_firing, since, _) = life.since(now);
        let since = since.unwrap_or(i64::MIN / 2);
        if now - since <= told_by {
            continue;
        }
        let there = model.fires(&life.name, now);
        let name = &life.name;
        if is_firing {
            // That a daemon is down is no reason to be over.
            assert!(
                there || !alertmanager_knows,
                "seed {seed}, second {now}: {name} is gone"
            );
        } else if daemon_is_up {
            assert!(!there, "seed {seed}, second {now}: {name} fires on");
        }
    }
}

#[test]
fn nothing_that_fires_is_told_to_be_over_and_nothing_that_is_over_fires_on() {
    for seed in 1..=8 {
        live(seed, false);
    }
}

#[test]
fn nor_where_the_wall_clock_is_set_again_and_again() {
    for seed in 1..=8 {
        live(seed, true);
    }
}
