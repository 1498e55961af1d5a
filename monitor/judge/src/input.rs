//! All that a judge can be told, as one type: who keeps its inputs and tells them
//! again gets the same findings.

use super::{Judge, JudgedPath, Observation, Verdicts};
use monitor_common::Fact;

/// One thing that the judge is told.
#[derive(Clone, Debug)]
pub enum Input<'a> {
    /// A fact: [`Judge::observe`].
    Observation(Observation<'a>),
    /// The rows of a sweep, all together, before the first of them is observed:
    /// [`Judge::look_around`].
    LookAround(&'a [Fact]),
    /// A whole sweep is over: [`Judge::sweep_done`].
    SweepDone {
        /// When it began, CLOCK_MONOTONIC in ns.
        started_ns: u64,
        /// When it ended, likewise.
        now_ns: u64,
        /// Wall-clock time of its end, in ns since 1970.
        wall_unix_ns: i64,
    },
    /// Time has passed: [`Judge::tick`].
    Tick {
        /// CLOCK_MONOTONIC in ns.
        now_ns: u64,
        /// Wall-clock time, in ns since 1970.
        wall_unix_ns: i64,
    },
    /// New paths are in force: [`Judge::set_paths`].
    Paths(Vec<JudgedPath>),
}

impl Judge {
    /// Takes up one input and adds what it leads to to `out`. The daemon and a
    /// replay come in by this door.
    pub fn take(&mut self, input: &Input<'_>, out: &mut dyn Verdicts) {
        match input {
            Input::Observation(observation) => self.observe(observation, out),
            Input::LookAround(rows) => rows.iter().for_each(|row| self.look_around(row)),
            Input::SweepDone {
                started_ns,
                now_ns,
                wall_unix_ns,
            } => self.sweep_done(*started_ns, *now_ns, *wall_unix_ns, out),
            Input::Tick {
                now_ns,
                wall_unix_ns,
            } => self.tick(*now_ns, *wall_unix_ns, out),
            Input::Paths(paths) => self.set_paths(paths.clone()),
        }
    }
}
