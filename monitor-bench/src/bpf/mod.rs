//! Programs on their hooks: the bench's own and those of a running daemon, put on and taken off at will, and what the
//! kernel counts of them.

mod hooked;
mod own;
mod theirs;

pub use hooked::{Hooked, Runs};
pub use own::OwnPrograms;
pub use theirs::{Loaded, of_process};

use crate::error::BenchError;
use aya::sys::{Stats, enable_stats};
use std::os::fd::OwnedFd;

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

/// Programs that are on and off together. They are taken off when this is dropped.
#[derive(Debug, Default)]
pub struct Set(pub Vec<Hooked>);

impl Set {
    /// Puts all of them on their hooks.
    ///
    /// # Errors
    /// [`BenchError::Program`]; then none is on.
    pub fn attach(&mut self) -> Result<(), BenchError> {
        for program in &mut self.0 {
            if let Err(error) = program.attach() {
                self.detach();
                return Err(error);
            }
        }
        Ok(())
    }

    /// Takes all of them off.
    pub fn detach(&mut self) {
        for program in &mut self.0 {
            program.detach();
        }
    }

    /// What each was run so far.
    ///
    /// # Errors
    /// [`BenchError::Program`].
    pub fn runs(&self) -> Result<Vec<Runs>, BenchError> {
        self.0.iter().map(Hooked::runs).collect()
    }

    /// What all of them were run so far.
    ///
    /// # Errors
    /// [`BenchError::Program`].
    pub fn total(&self) -> Result<Runs, BenchError> {
        Ok(self.runs()?.into_iter().fold(Runs::default(), Runs::plus))
    }
}
