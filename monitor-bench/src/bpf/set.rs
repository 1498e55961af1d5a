//! Several programs as one.

use super::hooked::{Hooked, Runs};
use crate::error::BenchError;

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
