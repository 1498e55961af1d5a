//! What the daemon hands to the metrics: plain numbers, counted elsewhere.

use monitor_common::{Counter, GapHistogram};
use std::time::Duration;

/// What one sweep found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SweepReport {
    /// How long it took.
    pub duration: Duration,
    /// The interval in force, stretched or not.
    pub interval: Duration,
    /// Sockets it walked.
    pub sockets: u64,
    /// Whether a program runs on received segments of all sockets since.
    pub receives: bool,
    /// Connections that it found and had no room for.
    pub rows_dropped: u64,
    /// Samples that it found and had no room for.
    pub samples_dropped: u64,
    /// Silent connections by path; each connection counts once.
    pub silent: Vec<SilentConnections>,
}

/// Silent connections of one path, each under the worst that holds for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SilentConnections {
    /// The path; `None` for connections without one.
    pub path: Option<String>,
    /// Connections that will cross the timeout.
    pub at_risk: u64,
    /// Connections that have crossed it.
    pub crossed: u64,
    /// Connections where data is due and nothing moves.
    pub stalled: u64,
}

/// Totals of the kernel side since it was loaded, summed over all CPUs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KernelTotals {
    /// In the order of [`Counter::ALL`].
    pub counters: [u64; Counter::ALL.len()],
    /// Size of the buffer that brings facts to the daemon, in bytes.
    pub ring_bytes: u64,
    /// Calls that the kernel did not run a program for, by program.
    pub program_misses: Vec<(String, u64)>,
    /// Gaps by path (`None` for connections without one), summed over all CPUs.
    pub gaps: Vec<(Option<String>, GapHistogram)>,
}
