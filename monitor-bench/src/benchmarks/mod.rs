//! What is measured: one file a row, with a page of Markdown beside it that says how, and what was tried.

mod application;
mod memory;
mod program_run;
mod round_trip;
mod start;
mod storm;
mod sweep;
mod versus_ss;

use crate::bpf::{self, Loaded};
use crate::daemon::{Daemon, Watch};
use crate::error::BenchError;
use crate::results::Outcome;
use crate::world::World;
use monitor_lab::interrupt::Interrupt;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
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
    /// Sockets of the largest crowd.
    pub sockets: u32,
    /// Results of the instruction counts in a virtual machine.
    pub instructions: Option<PathBuf>,
    /// The user's wish to stop.
    pub interrupt: Interrupt,
    /// This program, for the processes of a crowd.
    pub myself: PathBuf,
    /// The crowd of the rows so far, if any: the next may want it, too.
    pub world: Mutex<Option<World>>,
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

    /// Waits until `holds`, which is asked a few times a second.
    ///
    /// # Errors
    /// [`BenchError::InVain`], and what `holds` answers.
    pub fn eventually(
        &self,
        until: &str,
        mut holds: impl FnMut() -> Result<bool, BenchError>,
    ) -> Result<(), BenchError> {
        // A sweep of 2 s is followed by an interval of 200 s.
        const BOUND: Duration = Duration::from_secs(240);
        let begun = Instant::now();
        while !holds()? {
            self.go_on()?;
            if begun.elapsed() >= BOUND {
                return Err(BenchError::InVain {
                    until: until.to_owned(),
                    bound: BOUND,
                });
            }
            thread::sleep(Duration::from_millis(200));
        }
        Ok(())
    }

    /// Works with a world that holds a crowd of so many sockets.
    ///
    /// # Errors
    /// Whatever keeps it from being built, and what `work` answers.
    fn with_crowd<T>(
        &self,
        sockets: u32,
        work: impl FnOnce(&World) -> Result<T, BenchError>,
    ) -> Result<T, BenchError> {
        self.go_on()?;
        let kept = self.kept_world().take();
        let mut world = match kept {
            Some(world) => world,
            None => World::build(&self.myself)?,
        };
        world.resize(sockets)?;
        let done = work(&world);
        *self.kept_world() = Some(world);
        done
    }

    /// Takes the world down, if there is one.
    fn forget_world(&self) {
        drop(self.kept_world().take());
    }

    fn kept_world(&self) -> MutexGuard<'_, Option<World>> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
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
    let daemon = Daemon::start_ready(&context.tcplull, watch, "sweep_interval = \"1s\"")?;
    context.eventually("tcplull has swept three times", || {
        Ok(daemon.metric("tcplull_sweeps_total", &[])? >= SWEEPS)
    })?;
    let programs = bpf::of_process(daemon.pid())?;
    daemon.end()?;
    Ok(programs)
}

/// All rows, in the order of the page.
pub const ALL: &[Row] = &[
    program_run::ROW,
    round_trip::ROW,
    application::ROW,
    sweep::ROW,
    memory::ROW,
    versus_ss::ROW,
    storm::ROW,
    start::ROW,
];
