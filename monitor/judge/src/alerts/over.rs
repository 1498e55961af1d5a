//! Alerts that are over, for as long as they are still shown.

use super::limits::OVER_SHOWN_NS;
use monitor_model::alert::Alert;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// So many at most: a screen or two, and what a page list needs.
const MOST: usize = 256;

/// One that is over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Ended {
    /// When it was, CLOCK_MONOTONIC in ns.
    pub(super) at_ns: u64,
    pub(super) alert: Alert,
}

/// Those that are over, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Over(VecDeque<Ended>);

impl Over {
    /// Adds one; answers how many had to go for it.
    pub(super) fn push(&mut self, ended: Ended) -> u64 {
        self.0.push_back(ended);
        let many = self.0.len() > MOST;
        if many {
            self.0.pop_front();
        }
        u64::from(many)
    }

    /// Forgets those that were shown for long enough; answers whether there were any.
    pub(super) fn tick(&mut self, now_ns: u64) -> bool {
        let before = self.0.len();
        self.0
            .retain(|ended| now_ns.saturating_sub(ended.at_ns) < OVER_SHOWN_NS);
        self.0.len() < before
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Ended> + '_ {
        self.0.iter()
    }
}
