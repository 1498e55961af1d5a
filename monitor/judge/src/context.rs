//! What all of the judge works with at one moment.

use crate::learn::Learned;
use crate::peers::contrast::Contrasts;
use crate::peers::habit::Habits;
use crate::peers::outages::Outages;
use crate::stall_times::{StallEnd, StallTimes};
use crate::verdict::Verdicts;
use monitor_model::finding::Cause;

/// Where verdicts go, and what they are weighed against.
pub(crate) struct Context<'a> {
    pub(crate) contrasts: &'a mut Contrasts,
    pub(crate) habits: &'a Habits,
    pub(crate) outages: &'a Outages,
    /// When the judge began, CLOCK_MONOTONIC in ns.
    pub(crate) began_ns: u64,
    /// The moment, CLOCK_MONOTONIC in ns.
    pub(crate) now_ns: u64,
    pub(crate) stall_times: &'a mut StallTimes,
    pub(crate) learned: &'a mut Learned,
    pub(crate) out: &'a mut dyn Verdicts,
}

impl Context<'_> {
    /// A stall that was told, and that began at `since_ns`, is over.
    pub(crate) fn stall_over(&mut self, cause: Cause, since_ns: u64, end: StallEnd) {
        let lasted_ns = self.now_ns.saturating_sub(since_ns);
        self.stall_times.note(cause, lasted_ns, end);
    }
}
