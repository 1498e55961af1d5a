//! What the daemon has told of itself, so that it tells each thing once.

use monitor_model::time::Timestamp;

/// What was told of the daemon last.
#[derive(Debug, Default)]
pub(super) struct OwnEvents {
    /// The first sweep that failed of those that fail now.
    pub(super) sweeps_fail_since: Option<Timestamp>,
    /// Facts that the kernel side had lost.
    pub(super) lost: u64,
    /// When it was asked, CLOCK_BOOTTIME in ns.
    pub(super) asked_ns: u64,
}
