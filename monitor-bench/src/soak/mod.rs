//! What a node does to its daemon in a soak: each kind of it on a thread of its own, until the end.

mod traffic;

use crate::bpf;
use crate::context::Context;
use crate::error::BenchError;
use monitor_lab::testbed::http::get;
use monitor_lab::testbed::{Daemon, Place, wait};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use std::{fs, io, thread};
pub use traffic::{churn, namespaces};

/// How often a daemon is scraped.
const SCRAPE: Duration = Duration::from_secs(5);

/// How soon all threads see that the end has come.
const SEES_THE_END: Duration = Duration::from_millis(50);

/// What a daemon has at one moment.
#[derive(Clone, Copy, Debug)]
pub struct Has {
    /// In KiB.
    pub resident: u64,
    /// Open ones.
    pub descriptors: usize,
    /// Sockets that the kernel side keeps something for.
    pub entries: f64,
    /// In bytes.
    pub maps: u64,
}

impl Has {
    /// Of this daemon now.
    ///
    /// # Errors
    /// [`BenchError::Lab`] where it has ended.
    pub fn of(daemon: &Daemon) -> Result<Self, BenchError> {
        let folder = format!("/proc/{}/fd", daemon.pid());
        let descriptors =
            fs::read_dir(&folder).map_err(BenchError::io(format!("reading {folder}")))?;
        Ok(Self {
            resident: daemon.memory_kib("VmRSS")?,
            descriptors: descriptors.count(),
            entries: daemon.metric("suspects", &[])? + daemon.metric("snapshots", &[])?,
            maps: bpf::of_process(daemon.pid())?.map_bytes,
        })
    }
}

/// All that is done at once. Where one part breaks off, all end.
#[derive(Debug, Default)]
pub struct Work {
    ends: AtomicBool,
}

impl Work {
    /// Whether the end has come.
    pub fn ends(&self) -> bool {
        self.ends.load(Ordering::Relaxed)
    }

    /// Sleeps for so long, or until the end.
    pub fn rest(&self, pause: Duration) {
        let until = Instant::now() + pause;
        while !self.ends() && Instant::now() < until {
            thread::sleep(SEES_THE_END.min(until.saturating_duration_since(Instant::now())));
        }
    }

    /// Does one part, which ends by itself when the end has come.
    pub fn until_the_end<T>(
        &self,
        part: impl FnOnce() -> Result<T, BenchError>,
    ) -> Result<T, BenchError> {
        let done = part();
        self.ends.store(true, Ordering::Relaxed);
        done
    }

    /// Does this again and again for so long, which then is the end; answers what came of each time.
    pub fn until<T>(
        &self,
        lasts: Duration,
        mut once: impl FnMut() -> Result<T, BenchError>,
    ) -> Result<Vec<T>, BenchError> {
        let until = Instant::now() + lasts;
        self.until_the_end(|| {
            let mut all = Vec::new();
            while !self.ends() && Instant::now() < until {
                all.push(once()?);
            }
            Ok(all)
        })
    }
}

/// Asks for the metrics, as Prometheus does.
pub fn scrapes(place: &Place, work: &Work) -> Result<(), BenchError> {
    while !work.ends() {
        scrape(place)?;
        work.rest(SCRAPE);
    }
    Ok(())
}

fn scrape(place: &Place) -> Result<(), BenchError> {
    let (status, _) = get(place.listen(), "/metrics")?;
    match status {
        200 => Ok(()),
        status => Err(BenchError::io("scraping")(io::Error::other(format!(
            "/metrics answers {status}"
        )))),
    }
}

/// What came of the daemon that was started anew.
#[derive(Debug)]
pub struct Restarted {
    /// What it took of a core, in percent, from its first start to its last end.
    pub share: f64,
    /// What it had at the end of each life.
    pub lives: Vec<Has>,
}

/// Starts a daemon, lets it live for so long, and stops it, again and again in one place.
pub fn restarts(
    context: &Context,
    configuration: &str,
    life: Duration,
    work: &Work,
) -> Result<Restarted, BenchError> {
    let begun = Instant::now();
    let mut daemon = context.start(context.best(), configuration)?;
    let place = daemon.place().clone();
    let mut cpu = Duration::ZERO;
    let mut lives = Vec::new();
    loop {
        let until = Instant::now() + life;
        while !work.ends() && Instant::now() < until {
            scrape(&place)?;
            work.rest(SCRAPE.min(until.saturating_duration_since(Instant::now())));
        }
        lives.push(Has::of(&daemon)?);
        cpu += daemon.cpu()?;
        daemon.end(wait::BOUND)?;
        if work.ends() {
            let share = cpu.as_secs_f64() / begun.elapsed().as_secs_f64() * 100.0;
            return Ok(Restarted { share, lives });
        }
        daemon = Daemon::start(&place, &["--watch", context.best().name()])?;
    }
}
