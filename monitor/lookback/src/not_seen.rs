//! Times of which the history knows less, or nothing; and steps of the wall clock.

use monitor_model::agent::AgentChange;
use monitor_model::report::{ClockStep, NotSeen, Why};
use monitor_model::time::Timestamp;
use monitor_store::{BootId, Moment};

/// So many are shown.
const MOST: usize = 32;

/// A wall clock that differs from the boot's clock by more than this was set, in ns: time services slew what is less.
const STEP_NS: i128 = 1_000_000_000;

/// Follows what the daemon tells of itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct Watched {
    shown: Vec<NotSeen>,
    left_out: u64,
    steps: Vec<ClockStep>,
    steps_left_out: u64,
    /// Since when something lasts.
    open: Vec<(Why, Timestamp)>,
    last: Option<(Timestamp, Moment)>,
    /// Whether the daemon has told that it stopped, or that it started.
    runs: Option<bool>,
}

impl Watched {
    /// A record was written then.
    pub(crate) fn written(&mut self, at: &Moment, wall: i64) {
        // Who knows of no boot knows a record by what it says, and that may be older than what stands before it.
        if let Some((_, before)) = self.last.filter(|_| at.boot_id != BootId::default()) {
            self.clock(before, at, wall);
        }
        self.last = Some((Timestamp::of(wall), *at));
    }

    /// Holds both clocks against each other; across boots time only must not go back.
    fn clock(&mut self, before: Moment, at: &Moment, wall: i64) {
        let passed = i128::from(at.wall_unix_ns) - i128::from(before.wall_unix_ns);
        let step = if before.boot_id == at.boot_id {
            passed - (i128::from(at.boot_ns) - i128::from(before.boot_ns))
        } else {
            passed.min(0)
        };
        if step.abs() <= STEP_NS {
            return;
        }
        if self.steps.len() >= MOST {
            self.steps_left_out += 1;
            return;
        }
        self.steps.push(ClockStep {
            time: Timestamp::of(wall),
            // To the millisecond, which f64 has for every clock.
            seconds: (step / 1_000_000) as f64 / 1_000.0,
        });
    }

    /// The daemon tells this of itself.
    pub(crate) fn event(&mut self, wall: i64, change: &AgentChange, last: Option<Timestamp>) {
        let now = Timestamp::of(wall);
        match change {
            AgentChange::Started { .. } => {
                match (self.runs, last) {
                    (Some(false), _) => self.end(Why::Stopped, now),
                    // It ran until the last record, at the least.
                    (Some(true), last) => self.push(Why::Killed, last, Some(now), None),
                    (None, _) => {}
                }
                for why in [Why::Detached, Why::WatchedLess, Why::SweepsFailed] {
                    self.end(why, now);
                }
                self.runs = Some(true);
            }
            AgentChange::Stopped => {
                for why in [Why::Detached, Why::WatchedLess, Why::SweepsFailed] {
                    self.end(why, now);
                }
                self.begin(Why::Stopped, now);
                self.runs = Some(false);
            }
            AgentChange::Watching { level, less } => {
                for why in [Why::Detached, Why::WatchedLess] {
                    self.end(why, now);
                }
                match (less, level.as_str()) {
                    (false, _) => {}
                    (true, "detached") => self.begin(Why::Detached, now),
                    (true, _) => self.begin(Why::WatchedLess, now),
                }
            }
            AgentChange::SweepsFail => self.begin(Why::SweepsFailed, now),
            AgentChange::SweepsWork { .. } => self.end(Why::SweepsFailed, now),
            AgentChange::FactsLost { facts } => {
                self.push(Why::FactsLost, last, Some(now), Some(*facts))
            }
            AgentChange::HistoryResumed { lacks } => {
                self.push(Why::NotWritten, last, Some(now), Some(*lacks));
            }
            AgentChange::Reloaded { .. }
            | AgentChange::ReloadFailed
            | AgentChange::ConnectionsCut { .. }
            | AgentChange::SocketsHealed { .. }
            | AgentChange::HealUndone { .. } => {}
        }
    }

    /// When the last record was written.
    pub(crate) fn last(&self) -> Option<Timestamp> {
        self.last.as_ref().map(|(time, _)| *time)
    }

    fn begin(&mut self, why: Why, now: Timestamp) {
        if !self.open.iter().any(|(open, _)| *open == why) {
            self.open.push((why, now));
        }
    }

    fn end(&mut self, why: Why, now: Timestamp) {
        if let Some(place) = self.open.iter().position(|(open, _)| *open == why) {
            let (_, since) = self.open.remove(place);
            self.push(why, Some(since), Some(now), None);
        }
    }

    pub(crate) fn push(
        &mut self,
        why: Why,
        since: Option<Timestamp>,
        until: Option<Timestamp>,
        count: Option<u64>,
    ) {
        if self.shown.len() >= MOST {
            self.left_out += 1;
            return;
        }
        self.shown.push(NotSeen {
            why,
            since,
            until,
            count,
        });
    }

    /// What was over before the time of the report is none of its business; what lasts is.
    pub(crate) fn begin_report(&mut self) {
        self.shown.clear();
        self.left_out = 0;
        self.steps.clear();
        self.steps_left_out = 0;
    }

    /// What there is to show, and how much more there was: of times, and of steps.
    pub(crate) fn finish(mut self) -> (Vec<NotSeen>, u64, Vec<ClockStep>, u64) {
        for (why, since) in std::mem::take(&mut self.open) {
            self.push(why, Some(since), None, None);
        }
        self.shown
            .sort_by_key(|not| (not.since, not.until, not.why));
        (self.shown, self.left_out, self.steps, self.steps_left_out)
    }
}
