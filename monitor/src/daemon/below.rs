//! Why less is watched than at the start, and what that leaves out, for people.

use monitor_kernel::{WatchLevel, WatchMode};
use std::time::Instant;

/// Why less is watched than at the start.
#[derive(Clone, Copy, Debug)]
pub(super) struct Below {
    /// What was taken of one core.
    pub(super) share: f64,
    /// What may be taken.
    pub(super) budget: f64,
    /// When more is tried again, at the soonest.
    pub(super) again: Instant,
}

/// What is not seen at this level, for people.
pub(super) fn unseen(level: WatchLevel) -> &'static str {
    match level {
        WatchLevel::Way(WatchMode::Global) => "all is seen",
        WatchLevel::Way(_) => "a silence that begins and ends between two sweeps is not seen",
        WatchLevel::Sweeps => {
            "who is silent and who does not move is seen by sweeps alone, and not what becomes of a silence"
        }
        WatchLevel::Detached => "nothing is seen, and alerts stay as they are",
    }
}

/// A share of a core for people.
pub(super) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent < 10.0 {
        format!("{:.1} %", percent)
    } else {
        format!("{:.0} %", percent)
    }
}
