//! What all of the judge works with at one moment.

use crate::peers::contrast::Contrasts;
use crate::peers::habit::Habits;
use crate::peers::outages::Outages;
use crate::verdict::Verdicts;

/// Where verdicts go, and what they are weighed against.
pub(crate) struct Context<'a> {
    pub(crate) contrasts: &'a mut Contrasts,
    pub(crate) habits: &'a Habits,
    pub(crate) outages: &'a Outages,
    /// When the judge began, CLOCK_MONOTONIC in ns.
    pub(crate) began_ns: u64,
    pub(crate) out: &'a mut dyn Verdicts,
}
