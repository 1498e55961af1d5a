//! What is measured: one file a row, with a page of Markdown beside it that says how, and what was tried.

mod program_run;
mod round_trip;

use crate::daemon::Watch;
use crate::error::BenchError;
use crate::results::Outcome;
use monitor_lab::interrupt::Interrupt;
use std::path::PathBuf;

/// A row of the page.
pub struct Row {
    /// For the command line.
    pub name: &'static str,
    /// For the page.
    pub title: &'static str,
    /// How it is measured, as Markdown.
    pub method: &'static str,
    /// What was tried to make it better, and what that brought, as Markdown; may be empty.
    pub tried: &'static str,
    /// Measures it; `None` where there is nothing to measure it with.
    pub run: fn(&Context) -> Result<Option<Outcome>, BenchError>,
}

/// What rows are measured with.
pub struct Context {
    /// The release build of tcplull.
    pub tcplull: PathBuf,
    /// The ways of watching that it has.
    pub watches: Vec<Watch>,
    /// Fewer repetitions and smaller numbers, to see that everything works.
    pub quick: bool,
    /// Results of the instruction counts in a virtual machine.
    pub instructions: Option<PathBuf>,
    /// The user's wish to stop.
    pub interrupt: Interrupt,
}

impl Context {
    /// How often something is repeated.
    pub fn times(&self, full: usize, quick: usize) -> usize {
        if self.quick { quick } else { full }
    }

    /// To be asked between repetitions.
    ///
    /// # Errors
    /// [`BenchError::Interrupted`].
    pub fn go_on(&self) -> Result<(), BenchError> {
        if self.interrupt.is_set() {
            return Err(BenchError::Interrupted);
        }
        Ok(())
    }

    /// Says how far a row is.
    pub fn progress(&self, what: &str) {
        eprintln!("    {what}");
    }
}

/// All rows, in the order of the page.
pub const ALL: &[Row] = &[program_run::ROW, round_trip::ROW];
