//! Programs on their hooks: the bench's own and those of a running daemon, put on and taken off at will, and what the
//! kernel counts of them.

mod hooked;
mod own;
mod set;
mod theirs;

use crate::error::BenchError;
use aya::sys::{Stats, enable_stats};
pub use hooked::Runs;
pub use own::OwnPrograms;
pub use set::Set;
use std::os::fd::OwnedFd;
pub use theirs::{Loaded, of_process};

/// The kernel counts and times runs of all programs as long as this lives, and no longer, whatever becomes of the
/// process.
#[derive(Debug)]
pub struct Counting {
    _statistics: OwnedFd,
}

impl Counting {
    /// Begins.
    ///
    /// # Errors
    /// [`BenchError::Statistics`].
    pub fn begin() -> Result<Self, BenchError> {
        let statistics = enable_stats(Stats::RunTime).map_err(BenchError::Statistics)?;
        Ok(Self {
            _statistics: statistics,
        })
    }
}
