//! The safety valve: when less is watched, and when more again. No clock, no kernel; times come in.
//!
//! Measured is what tcplull takes of one core, in parts of ten seconds: the daemon's CPU time, sweeps included, which run
//! in its own threads; and the run time of the hooks' programs, by the kernel's statistics, which are switched on for a
//! tenth of a second: each minute, and in each part once half of `cpu_budget` is taken (`cpu_use.rs`).
//!
//! - **Down** by one step once each part of a window, three on end, was above the budget. What one burst costs, or the step
//!   itself, does not count: a window begins anew after each step.
//! - **Up** by one step after a time of waiting, if a whole window just before took less than half of the budget. Whether
//!   the upper level is too dear again cannot be known below, so it is tried.
//! - **No flapping**: a level that was come up to and does not last for as long as was waited doubles the waiting, from ten
//!   minutes to two hours; one that does last brings it back. So there are at most seven steps up in an hour, and no more
//!   steps down than that and the three with which it began.
//! - **The levels**: global, snapshots, sweeps, detached; per-socket steps to sweeps (`WatchLevel::below`).
//! - **Alerts** stay as they are while nothing is attached: the judge is told of no time that passes until a sweep has
//!   looked again (`Core::tick`), so that nothing is forgotten because nobody looked. A page never ends by a step.

use crate::config::CpuBudget;
use std::time::{Duration, Instant};

/// Parts of a window.
const PARTS: u32 = 3;

/// The share of the budget below which there is room for more.
const ROOM: f64 = 0.5;

/// The waiting grows to this many times the first.
const MOST_WAITS: u32 = 12;

/// How long things take here.
#[derive(Clone, Copy, Debug)]
pub struct ValveTimes {
    /// A part of a window.
    pub part: Duration,
    /// The first time of waiting.
    pub wait: Duration,
}

impl Default for ValveTimes {
    fn default() -> Self {
        Self {
            part: Duration::from_secs(10),
            wait: Duration::from_secs(600),
        }
    }
}

/// What is to be done now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// All stays as it is.
    Stay,
    /// One level down.
    Down,
    /// One level up.
    Up,
}

/// More than the budget was taken.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Over {
    /// What was taken of one core, in the mean of the window.
    pub(super) share: f64,
    /// What may be taken.
    pub(super) budget: f64,
}

/// Decides how much is watched.
#[derive(Debug)]
pub(super) struct Valve {
    times: ValveTimes,
    budget: Option<f64>,
    /// Steps below the level of the start.
    depth: usize,
    /// As many as there are.
    deepest: usize,
    /// Parts on end that were above the budget, and what they took together.
    over: (u32, f64),
    /// Parts on end that left room.
    roomy: u32,
    /// How long is waited at present.
    wait: Duration,
    /// Since when the level is what it is.
    since: Option<Instant>,
    /// Whether it was come up to.
    risen: bool,
    /// Why it is below that of the start.
    why: Option<Over>,
}

impl Valve {
    /// At the level of the start, below which there are so many.
    pub(super) fn new(budget: CpuBudget, times: ValveTimes, deepest: usize) -> Self {
        Self {
            times,
            budget: budget.share(),
            depth: 0,
            deepest,
            over: (0, 0.0),
            roomy: 0,
            wait: times.wait,
            since: None,
            risen: false,
            why: None,
        }
    }

    /// Goes by another budget from now on. A new one ends the waiting.
    pub(super) fn configure(&mut self, budget: CpuBudget) {
        if self.budget != budget.share() {
            self.budget = budget.share();
            self.over = (0, 0.0);
            self.since = None;
            self.wait = self.times.wait;
        }
    }

    /// A part is over that ended `now` and took so much of one core.
    pub(super) fn part(&mut self, now: Instant, share: f64) -> Turn {
        let Some(budget) = self.budget else {
            return if self.depth > 0 { Turn::Up } else { Turn::Stay };
        };
        let (parts, sum) = self.over;
        self.over = if share > budget {
            (parts + 1, sum + share)
        } else {
            (0, 0.0)
        };
        self.roomy = if share <= budget * ROOM {
            self.roomy.saturating_add(1)
        } else {
            0
        };
        let (parts, sum) = self.over;
        if parts >= PARTS && self.depth < self.deepest {
            self.over = (0, 0.0);
            let share = sum / f64::from(parts);
            self.why = Some(Over { share, budget });
            return Turn::Down;
        }
        if self.depth > 0 && self.roomy >= PARTS && self.waits(now).is_zero() {
            return Turn::Up;
        }
        Turn::Stay
    }

    /// How long it waits until it tries the level above.
    pub(super) fn waits(&self, now: Instant) -> Duration {
        let passed = self
            .since
            .map_or(Duration::MAX, |since| now.saturating_duration_since(since));
        self.wait.saturating_sub(passed)
    }

    /// The level is so many steps below that of the start since `now`.
    pub(super) fn reached(&mut self, now: Instant, depth: usize) {
        if depth > self.depth {
            let lasted = self.waits(now).is_zero();
            match (self.risen, lasted) {
                (true, false) => self.wait_longer(),
                (true, true) => self.wait = self.times.wait,
                // A step down after the other: the same trouble.
                (false, _) => {}
            }
        }
        if depth != self.depth {
            self.risen = depth < self.depth;
            self.depth = depth;
        }
        self.begin(now);
        if depth == 0 {
            self.why = None;
        }
    }

    /// The level above could not be had: it is tried again later.
    pub(super) fn failed(&mut self, now: Instant) {
        self.wait_longer();
        self.begin(now);
    }

    /// Why less is watched than at the start; `None` where nothing less is.
    pub(super) fn why(&self) -> Option<Over> {
        self.why.filter(|_| self.depth > 0)
    }

    /// The budget in force.
    pub(super) fn budget(&self) -> Option<f64> {
        self.budget
    }

    /// What the last part took was so much that the next is to be measured well.
    pub(super) fn is_near(&self, share: f64) -> bool {
        self.budget.is_some_and(|budget| share > budget * ROOM)
    }

    fn begin(&mut self, now: Instant) {
        self.over = (0, 0.0);
        self.roomy = 0;
        self.since = Some(now);
    }

    fn wait_longer(&mut self) {
        let most = self.times.wait.saturating_mul(MOST_WAITS);
        self.wait = self.wait.saturating_mul(2).min(most);
    }
}

#[cfg(test)]
mod tests;
