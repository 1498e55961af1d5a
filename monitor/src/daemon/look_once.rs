//! One look at this host's connections without a daemon: the iterators are loaded alone, and sweep once.

use super::paths;
use crate::config::Config;
use monitor_common::Fact;
use monitor_kernel::{Kernel, KernelError, jiffy_ns};
use std::path::Path;
use std::time::Duration;

/// What is loaded for it.
pub(super) struct LookOnce {
    kernel: Kernel,
    /// Id of the first path of the configuration; the others follow.
    pub(super) first_path: u32,
    /// Length of a jiffy in ns.
    pub(super) jiffy_ns: u64,
}

impl LookOnce {
    /// Loads the iterators.
    ///
    /// # Errors
    /// Why the kernel side cannot run here.
    pub(super) fn load(config: &Config, btf: &Path) -> Result<Self, KernelError> {
        let mut kernel = Kernel::load(&monitor_kernel::Options {
            btf: btf.to_owned(),
            min_gap: config.min_gap,
            ring_bytes: None,
            scope: config.scope.clone(),
            hooks: None,
        })?;
        let first_path = kernel.tables.set_paths(&paths::for_kernel(config))?;
        let jiffy_ns = jiffy_ns().map_err(|error| KernelError::System {
            what: "reading the length of a jiffy",
            source: error.into(),
        })?;
        Ok(Self {
            kernel,
            first_path,
            jiffy_ns: u64::from(jiffy_ns),
        })
    }

    /// Hands each connection over as it is found: one that several processes hold, with each of them.
    ///
    /// # Errors
    /// Why the kernel breaks it off, or that what the scope names is not there.
    pub(super) fn sweep(mut self, each: impl FnMut(&Fact)) -> Result<(), KernelError> {
        // Nobody looks again.
        let report = self.kernel.sweeper.list(Duration::ZERO, each)?;
        match report.scope_missing {
            Some(what) => Err(KernelError::Scope {
                flag: "scope",
                reason: format!("{what} is not there"),
            }),
            None => Ok(()),
        }
    }
}
