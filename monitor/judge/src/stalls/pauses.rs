//! How long a connection paused of late for one end's slow reading, and went on: as long again is its pace, and no
//! stall.

use crate::thresholds::{HABIT_MULTIPLE, PAUSE_NS};

/// The longest pause of late of one reader, in ns; 0 for none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pause(u64);

impl Pause {
    /// One of so many ns is over.
    pub(crate) fn ended(&mut self, lasted_ns: u64) {
        self.0 = self.0.max(lasted_ns);
    }

    /// How long its reader may rest before that is told, in ns.
    pub(crate) fn patience_ns(self) -> u64 {
        self.0.saturating_mul(HABIT_MULTIPLE).max(PAUSE_NS)
    }
}

/// The same of both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pauses {
    /// While the peer's window was closed.
    pub(crate) there: Pause,
    /// While ours was.
    pub(crate) here: Pause,
}

impl Pauses {
    /// How long both may rest before that is told, in ns.
    pub(crate) fn patience_ns(self) -> u64 {
        self.there.patience_ns().max(self.here.patience_ns())
    }
}
