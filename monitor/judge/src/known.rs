//! What the judge knows of one connection, as it tells whoever asks.

use monitor_model::detail::SiblingsNow;
use monitor_model::finding::{Cause, Outcome};

/// What the judge knows of one connection. Times are CLOCK_MONOTONIC, in ns.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Known {
    /// Since when it is silent past its path's threshold.
    pub silent_since_ns: Option<u64>,
    /// The last silence that ended.
    pub gap: Option<KnownGap>,
    /// Since when something is due on it and does not move.
    pub stalled_since_ns: Option<u64>,
    /// Why, as it was told.
    pub cause: Option<Cause>,
    /// When what is unanswered was first sent, at the earliest.
    pub waits_since_ns: Option<u64>,
    /// How others fare.
    pub siblings: SiblingsNow,
    /// The longest silence that was survived on its path and prefix, in ns.
    pub longest_survived_ns: Option<u64>,
    /// The shortest that failed there, in ns.
    pub shortest_failed_ns: Option<u64>,
}

/// A silence that ended.
#[derive(Clone, Debug, PartialEq)]
pub struct KnownGap {
    /// When it ended.
    pub ended_ns: u64,
    /// How long it lasted, in ns, at the least.
    pub length_ns: u64,
    /// What ended it, as evidence has it.
    pub ended_by: &'static str,
    /// What became of it, as it was told last.
    pub outcome: Option<Outcome>,
    /// More may be told of it.
    pub open: bool,
}
