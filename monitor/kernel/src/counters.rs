//! The kernel side's counters and histograms, summed over CPUs.

use crate::error::KernelError;
use crate::pod::Pod;
use aya::maps::{MapData, PerCpuArray};
use monitor_common::{Counter, GapHistogram, MAX_PATHS};

/// The counters' map.
pub(crate) type CounterMap = PerCpuArray<MapData, u64>;

/// The counters since the load, by [`Counter`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters([u64; Counter::ALL.len()]);

impl Counters {
    /// One of them.
    pub fn get(&self, counter: Counter) -> u64 {
        self.0[counter as usize]
    }

    /// Suspects alive now.
    pub fn suspects(&self) -> u64 {
        self.get(Counter::SuspectsCreated)
            .saturating_sub(self.get(Counter::SuspectsRemoved))
    }
}

pub(crate) fn read(map: &CounterMap) -> Result<Counters, KernelError> {
    let mut counters = Counters::default();
    for counter in Counter::ALL {
        let per_cpu = map
            .get(&(counter as u32), 0)
            .map_err(KernelError::map("COUNTERS"))?;
        counters.0[counter as usize] = per_cpu.iter().sum();
    }
    Ok(counters)
}

/// The gap histogram of one path, or with `None` that of connections without.
pub(crate) fn read_gaps(
    gaps: &PerCpuArray<MapData, Pod<GapHistogram>>,
    path_id: Option<u32>,
) -> Result<GapHistogram, KernelError> {
    let per_cpu = gaps
        .get(&path_id.unwrap_or(MAX_PATHS), 0)
        .map_err(KernelError::map("GAPS"))?;
    let mut sum = GapHistogram::default();
    for Pod(one) in per_cpu.iter() {
        for (total, part) in sum.buckets.iter_mut().zip(one.buckets) {
            *total += part;
        }
        sum.sum_ms += one.sum_ms;
    }
    Ok(sum)
}
