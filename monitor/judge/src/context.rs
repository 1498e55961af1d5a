//! What all of the judge works with at one moment.

use crate::peers::contrast::Contrasts;
use crate::peers::habit::Habits;
use crate::verdict::Verdicts;

/// Where verdicts go, and what they are weighed against.
pub(crate) struct Context<'a> {
    pub(crate) contrasts: &'a mut Contrasts,
    pub(crate) habits: &'a Habits,
    pub(crate) out: &'a mut dyn Verdicts,
}
