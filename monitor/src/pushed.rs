//! What was pushed to one Alertmanager, and what was not, as it is counted and shown.

use std::collections::BTreeMap;
use std::time::Duration;

/// Upper bounds of the buckets for how long a request took, in seconds: from the next rack to the longest timeout.
pub static LATENCY_BOUNDS: [f64; 9] = [0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 60.0];

/// Alerts that wait for an Alertmanager, at most: all that the daemon has at once, 1,000 tickets and 1,000 pages with `more`,
/// 256 that are over, and 1,024 that are and that it has forgotten itself.
pub const MOST_WAITING: u64 = 4_096;

/// Numbers about one Alertmanager.
#[derive(Clone, Debug, Default)]
pub struct Pushed {
    /// What it is called.
    pub name: String,
    /// Alerts that it took, each time they were sent.
    pub sent: u64,
    /// Requests that failed, by reason.
    pub errors: BTreeMap<&'static str, u64>,
    /// Alerts that were given up, by reason.
    pub dropped: BTreeMap<&'static str, u64>,
    /// Alerts that are due and not sent.
    pub waiting: u64,
    /// How many requests took how long, by bucket of [`LATENCY_BOUNDS`], those beyond last.
    pub latency: [u64; 10],
    /// How long all of them took.
    pub latency_sum: Duration,
}

impl Pushed {
    /// A request was over, well or not, after so long.
    pub fn took(&mut self, time: Duration) {
        let seconds = time.as_secs_f64();
        let bucket = LATENCY_BOUNDS.partition_point(|bound| *bound < seconds);
        if let Some(count) = self.latency.get_mut(bucket) {
            *count += 1;
        }
        self.latency_sum += time;
    }
}
