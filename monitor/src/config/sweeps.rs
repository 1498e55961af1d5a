//! How often sweeps come, and what they may take.

use super::duration::SWEEP_INTERVAL;
use super::error::{Fault, Place, Problem};
use super::table::Lined;
use std::time::Duration;

const DEFAULT_INTERVAL: Duration = Duration::from_secs(5);

/// 1 % of a core: nobody misses so much.
pub(super) const DEFAULT_BUDGET: f64 = 0.01;

/// The shortest timeout of the boxes that most connections pass is four minutes (Azure's), and a connection counts as
/// at risk for its last quarter, which is a minute.
const DEFAULT_INTERVAL_MAX: Duration = Duration::from_secs(60);

/// The least that `sweep_budget` can be: with it, a sweep of ten thousand sockets (10 ms) comes every 100 s.
pub(super) const LEAST_BUDGET: f64 = 0.0001;

/// Holds a share of a core to its bounds.
pub(super) fn budget(value: f64) -> Result<f64, Problem> {
    let least = LEAST_BUDGET;
    if (least..=1.0).contains(&value) {
        Ok(value)
    } else {
        Err(Problem::SweepBudget { value, least })
    }
}

/// `sweep_interval`: what the flag says goes before the file.
pub(super) fn interval(flag: Option<Duration>, file: Option<Duration>) -> Result<Duration, Fault> {
    match flag {
        Some(value) => SWEEP_INTERVAL.check(value).map_err(|problem| {
            let key = "sweep_interval";
            Place::Flag("--sweep-interval").fault(Problem::Duration { key, problem })
        }),
        None => Ok(file.unwrap_or(DEFAULT_INTERVAL)),
    }
}

/// `sweep_interval_max`, which is no less than `interval`.
pub(super) fn interval_max(
    file: Option<Lined<Duration>>,
    interval: Duration,
) -> Result<Duration, Fault> {
    match file {
        Some(most) if most.value < interval => Err(most.fault(Problem::SweepIntervals {
            most: most.value,
            interval,
        })),
        Some(most) => Ok(most.value),
        None => Ok(interval.max(DEFAULT_INTERVAL_MAX)),
    }
}
