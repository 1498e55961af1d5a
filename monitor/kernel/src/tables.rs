//! The maps that user space writes and reads besides the ring.

use crate::counters::{self, CounterMap, Counters};
use crate::error::KernelError;
use crate::paths::{LeastThreshold, PathTable, TablePath};
use crate::pod::{Pod, take};
use crate::program_runs::{ProgramRuns, Programs};
use crate::run_time::ProgramTimes;
use aya::Ebpf;
use aya::maps::{Array, LpmTrie, MapData, PerCpuArray};
use monitor_common::GapHistogram;
use std::sync::Arc;

/// The maps that user space writes and reads besides the ring.
pub struct Tables {
    paths: PathTable,
    counters: Arc<CounterMap>,
    gaps: PerCpuArray<MapData, Pod<GapHistogram>>,
    programs: Programs,
}

impl Tables {
    /// Out of the loaded object, but the counters, which others read too.
    pub(crate) fn take(ebpf: &mut Ebpf, counters: Arc<CounterMap>) -> Result<Self, KernelError> {
        Ok(Self {
            paths: PathTable::new(
                take(ebpf, "PATH_PREFIXES", LpmTrie::try_from)?,
                take(ebpf, "PATHS", Array::try_from)?,
            ),
            counters,
            gaps: take(ebpf, "GAPS", PerCpuArray::try_from)?,
            programs: Programs::of(ebpf),
        })
    }

    pub(crate) fn least_threshold(&self) -> LeastThreshold {
        self.paths.least_threshold()
    }

    /// Puts paths in force; answers the path id of the first, the others follow.
    ///
    /// # Errors
    ///
    /// [`KernelError::Map`].
    pub fn set_paths(&mut self, paths: &[TablePath]) -> Result<u32, KernelError> {
        self.paths.set(paths)
    }

    /// Counter counters since the load.
    ///
    /// # Errors
    ///
    /// [`KernelError::Map`].
    pub fn counters(&self) -> Result<Counters, KernelError> {
        counters::read(&self.counters)
    }

    /// Gaps seen on one path, or with `None` on connections without one.
    ///
    /// # Errors
    ///
    /// [`KernelError::Map`].
    pub fn gaps(&self, path_id: Option<u32>) -> Result<GapHistogram, KernelError> {
        counters::read_gaps(&self.gaps, path_id)
    }

    /// What the kernel counts of the programs: calls that it did not run them for, and where its statistics are on, runs
    /// and their time.
    pub fn program_runs(&self) -> ProgramRuns {
        self.programs.read()
    }

    /// The programs of the hooks, to be asked on a thread that may wait for how long they run.
    pub fn program_times(&self) -> ProgramTimes {
        self.programs.times()
    }
}
