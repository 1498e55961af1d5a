//! What is measured: one file a row, with a page of Markdown beside it that says how, and what was tried.

mod application;
mod program_run;
mod round_trip;

use crate::bpf::{self, Loaded};
use crate::daemon::{Daemon, Watch};
use crate::error::BenchError;
use crate::results::Outcome;
use monitor_lab::interrupt::Interrupt;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

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

/// The programs of the daemon as they are after some sweeps on this machine: which of them are on may depend on what a
/// sweep saw. The daemon is gone when this returns; its programs stay as long as the answer.
fn watched(context: &Context, watch: &Watch) -> Result<Loaded, BenchError> {
    const SWEEPS: f64 = 3.0;
    const BOUND: Duration = Duration::from_secs(20);
    let daemon = Daemon::start_ready(&context.tcplull, watch, "sweep_interval = \"1s\"")?;
    let until = Instant::now() + BOUND;
    while daemon.metric("tcplull_sweeps_total", &[])? < SWEEPS {
        context.go_on()?;
        if Instant::now() >= until {
            return Err(BenchError::InVain {
                until: "tcplull has swept three times".to_owned(),
                bound: BOUND,
            });
        }
        thread::sleep(Duration::from_millis(100));
    }
    let programs = bpf::of_process(daemon.pid())?;
    daemon.end()?;
    Ok(programs)
}

/// All rows, in the order of the page.
pub const ALL: &[Row] = &[program_run::ROW, round_trip::ROW, application::ROW];
