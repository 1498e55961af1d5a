//! Sweeps by tcplull's own kernel side, without a daemon around them.

use crate::error::BenchError;
use monitor_common::SweepMode;
use monitor_kernel::{Kernel, Scope, TablePath, VMLINUX_BTF};
use std::path::PathBuf;
use std::time::Duration;

/// The kernel side, loaded for sweeps alone.
pub struct Sweeps {
    kernel: Kernel,
}

/// What one sweep took.
#[derive(Clone, Copy, Debug)]
pub struct Sweep {
    /// By the clock.
    pub took: Duration,
    /// CPU time, nearly all of it the kernel's.
    pub cpu: Duration,
    /// Sockets it came by: one that two passes see counts twice.
    pub sockets: u64,
    /// Connections it wrote out.
    pub rows: usize,
}

impl Sweeps {
    /// Loads it with these paths.
    ///
    /// # Errors
    /// [`BenchError::Kernel`].
    pub fn load(paths: &[TablePath]) -> Result<Self, BenchError> {
        Self::load_within(paths, Scope::default())
    }

    /// The same, within a scope.
    ///
    /// # Errors
    /// [`BenchError::Kernel`].
    pub fn load_within(paths: &[TablePath], scope: Scope) -> Result<Self, BenchError> {
        let mut kernel = Kernel::load(&monitor_kernel::Options {
            btf: PathBuf::from(VMLINUX_BTF),
            // The product's default: `min_gap` of a configuration that says nothing.
            min_gap: Duration::from_secs(1),
            ring_bytes: None,
            scope,
            hooks: None,
        })?;
        kernel.tables.set_paths(paths)?;
        Ok(Self { kernel })
    }

    /// One sweep as the daemon makes it, over this thread's network namespace and all that processes hold.
    ///
    /// # Errors
    /// [`BenchError::Kernel`].
    pub fn once(&mut self) -> Result<Sweep, BenchError> {
        let report = self
            .kernel
            .sweeper
            .sweep(SweepMode::Findings, Duration::ZERO)?;
        Ok(Sweep {
            took: report.took,
            cpu: report.cpu,
            sockets: report.sockets,
            rows: report.rows.len(),
        })
    }
}
