//! Whether what was stuck before the daemon started still is.

use super::limits::{CONFIRM_AT_MOST_NS, CONFIRM_NS, CONFIRM_SWEEPS};

/// How far the search for those connections has come.
#[derive(Clone, Copy, Debug)]
pub(super) struct Confirming {
    since_ns: u64,
    sweeps: u32,
}

impl Confirming {
    /// It begins now.
    pub(super) fn begin(since_ns: u64) -> Self {
        Self {
            since_ns,
            sweeps: 0,
        }
    }

    /// A complete sweep is over.
    pub(super) fn swept(&mut self) {
        self.sweeps = self.sweeps.saturating_add(1);
    }

    /// Whether what has not been found by now is not stuck any more.
    pub(super) fn is_over(&self, now_ns: u64) -> bool {
        let searched_ns = now_ns.saturating_sub(self.since_ns);
        searched_ns >= CONFIRM_AT_MOST_NS
            || self.sweeps >= CONFIRM_SWEEPS && searched_ns >= CONFIRM_NS
    }
}
