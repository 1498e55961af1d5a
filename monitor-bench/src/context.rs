//! What benchmarks are measured with: the daemon to be measured, the world around it, and how long one waits for both.

use crate::bpf::{self, Loaded};
use crate::error::BenchError;
use crate::watch::Watch;
use crate::world::World;
use monitor_lab::interrupt::Interrupt;
use monitor_lab::testbed::wait::{self, PAUSE};
use monitor_lab::testbed::{Daemon, Place};
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// A silence has outlived its path's timeout for certain this long after it.
const SPARE: Duration = Duration::from_secs(1);

/// What benchmarks are measured with.
pub struct Context {
    /// The release build of tcplull.
    pub tcplull: PathBuf,
    /// Fewer repetitions and smaller numbers, to see that everything works.
    pub quick: bool,
    /// Sockets of the largest crowd.
    pub sockets: u32,
    /// The ways of watching that this machine's kernel lets one choose.
    pub ways: Vec<Watch>,
    /// Results of the instruction counts in a virtual machine.
    pub instructions: Option<PathBuf>,
    /// The user's wish to stop.
    pub interrupt: Interrupt,
    /// This program, for the processes of a crowd.
    pub myself: PathBuf,
    /// The crowd of the benchmarks so far, if any: the next may want it, too.
    pub world: Mutex<Option<World>>,
}

impl Context {
    /// The way of watching that a daemon chooses here by itself: the best that works.
    pub fn best(&self) -> Watch {
        let mut ways = self.ways.iter();
        let found = ways.find(|watch| **watch == Watch::Snapshots);
        *found.unwrap_or(&Watch::Global)
    }

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

    /// A daemon that watches so, with these lines of configuration besides its addresses. The calling thread must live
    /// as long as it.
    ///
    /// # Errors
    /// Whatever keeps it from being ready.
    pub fn start(&self, watch: Watch, configuration: &str) -> Result<Daemon, BenchError> {
        self.start_asking(PAUSE, watch, configuration)
    }

    /// The same, asked every `pause` whether it is ready.
    ///
    /// # Errors
    /// As there.
    pub fn start_asking(
        &self,
        pause: Duration,
        watch: Watch,
        configuration: &str,
    ) -> Result<Daemon, BenchError> {
        // Among a million sockets it sweeps less often than a daemon that is to be ready may, which is what is measured.
        let configuration = format!("sweep_interval_max = \"1h\"\n{configuration}");
        let place = Place::new(&self.tcplull, Ipv4Addr::LOCALHOST, &configuration)?;
        let mut daemon = Daemon::spawn(&place, "json", &["--watch", watch.name()])?;
        daemon.await_ready_every(pause, &self.interrupt)?;
        Ok(daemon)
    }

    /// Waits until `holds`, which is asked a few times a second.
    ///
    /// # Errors
    /// [`BenchError::Lab`], and what `holds` answers.
    pub fn eventually(
        &self,
        until: &str,
        mut holds: impl FnMut() -> Result<bool, BenchError>,
    ) -> Result<(), BenchError> {
        // A sweep of 2 s is followed by an interval of 200 s.
        const BOUND: Duration = Duration::from_secs(240);
        let often = (BOUND, Duration::from_millis(200));
        let held = wait::poll(often, &self.interrupt, || {
            Ok::<_, BenchError>(holds()?.then_some(()).ok_or(()))
        })?;
        held.map_err(|()| BenchError::in_vain(until, BOUND))
    }

    /// Works with a world that holds a crowd of so many sockets.
    ///
    /// # Errors
    /// Whatever keeps it from being built, and what `work` answers.
    pub fn with_crowd<T>(
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
    pub fn forget_world(&self) {
        drop(self.kept_world().take());
    }

    fn kept_world(&self) -> MutexGuard<'_, Option<World>> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says how far a benchmark is.
    pub fn progress(&self, what: &str) {
        eprintln!("    {what}");
    }

    /// The programs of the daemon as they are after some sweeps on this machine: which of them are on may depend on what
    /// a sweep saw. The daemon is gone when this returns; its programs stay as long as the answer.
    ///
    /// # Errors
    /// Whatever the daemon fails with, and [`BenchError::Program`].
    pub fn watched(&self, watch: Watch) -> Result<Loaded, BenchError> {
        const SWEEPS: f64 = 3.0;
        let mut daemon = self.start(watch, "sweep_interval = \"1s\"")?;
        self.eventually("tcplull has swept three times", || {
            Ok(daemon.sweeps()? >= SWEEPS)
        })?;
        let programs = bpf::of_process(daemon.pid())?;
        daemon.end(wait::BOUND)?;
        Ok(programs)
    }

    /// Waits until so many connections to the servers are silent for longer than their path forgives, and a daemon
    /// that watches like this will tell when that ends: watching globally, its hooks see by themselves how long it was;
    /// watching socket by socket, they see it of those that a sweep has chosen, so one is needed that began after now.
    ///
    /// # Errors
    /// [`BenchError::Lab`].
    pub fn await_silence(
        &self,
        (daemon, watch): (&Daemon, Watch),
        count: u32,
        timeout: Duration,
    ) -> Result<(), BenchError> {
        if watch.needs_sweep() {
            return self.await_silence_seen(daemon, count, timeout);
        }
        thread::sleep(timeout + SPARE);
        Ok(())
    }

    /// The same, and that a sweep which began after it has seen so many of them, however the daemon watches.
    ///
    /// # Errors
    /// [`BenchError::Lab`].
    pub fn await_silence_seen(
        &self,
        daemon: &Daemon,
        count: u32,
        timeout: Duration,
    ) -> Result<(), BenchError> {
        thread::sleep(timeout + SPARE);
        // A sweep under way may have passed them while they spoke.
        self.await_sweeps(daemon, 2.0)?;
        let crossed = [("path", "bench"), ("silence", "crossed")];
        self.eventually("all connections are seen to be silent", || {
            Ok(daemon.metric("connections", &crossed)? >= f64::from(count))
        })
    }

    /// Waits for so many further sweeps.
    ///
    /// # Errors
    /// [`BenchError::Lab`].
    pub fn await_sweeps(&self, daemon: &Daemon, further: f64) -> Result<(), BenchError> {
        let sweeps = || daemon.sweeps();
        let until = sweeps()? + further;
        self.eventually("tcplull has swept again", || Ok(sweeps()? >= until))
    }
}
