//! The loop: facts, sweeps, time, and whoever says that it is enough.

use super::core::Core;
use super::error::DaemonError;
use super::heal::{Healer, Undo};
use super::inner::Inner;
use super::local_tables::{Answer, Asker};
use super::lock::lock;
use super::options::ReadConfig;
use super::service_manager::ServiceManager;
use super::stepping::{Ring, Stepping, register};
use crate::config::{Config, ConfigError};
use crate::memory;
use crate::surfaces::metrics::HealNumbers;
use monitor_common::{Fact, SweepMode};
use monitor_kernel::{FactRing, Reading, Revisited, SweepReport, Watching};
use monitor_model::agent::AgentChange;
use std::future::{pending, ready};
use std::io;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::unix::{AsyncFd, AsyncFdReadyMutGuard};
use tokio::signal::unix::Signal;
use tokio::sync::mpsc::Receiver;
use tokio::task::{JoinError, JoinHandle};
use tokio::time::{MissedTickBehavior, interval, sleep_until};

/// Facts taken from the ring before anything else gets its turn.
const BATCH: usize = 1024;

/// How often the judge is told that time passes.
const TICK: Duration = Duration::from_secs(1);

/// From the end of a revisit of silent sockets to the next, where these are watched by snapshots; longer where it costs
/// more than its share.
const REVISIT: Duration = Duration::from_secs(1);

/// A time that no daemon waits for.
const NEVER: Duration = Duration::from_secs(24 * 3600);

/// Who asks this host's own tables, and what they answer.
type Tables = (Arc<Asker>, Receiver<Answer>);

/// A signal to read the configuration again, and what reads it.
pub(super) type ReadsAgain = (Signal, Arc<ReadConfig>);

impl Inner {
    /// Works until `ends` is over; then no socket is watched any more.
    ///
    /// # Errors
    /// What the system refused meanwhile.
    pub(super) async fn work(
        self,
        ends: impl Future<Output = ()>,
        reads_again: Option<ReadsAgain>,
        manager: &mut ServiceManager,
    ) -> Result<(), DaemonError> {
        let Self {
            core,
            watching,
            healer,
            ring,
            stepping,
            tables,
            ..
        } = self;
        let parts = (ring, stepping, tables);
        let kernel = (&watching, &healer);
        let result = turn(&core, kernel, parts, ends, reads_again, manager).await;
        let undone = lock(&healer).undo(&watching, Undo::Ends);
        if let Some(undone) = undone {
            let numbers = lock(&healer).numbers();
            lock(&core).healed(vec![undone], numbers);
        }
        let cleared = lock(&watching).unwatch();
        if let Err(error) = cleared {
            tracing::warn!("{error}; `tcplull check --repair` clears what is left");
        }
        result
    }
}

async fn turn(
    core: &Arc<Mutex<Core>>,
    (watching, healer): (&Arc<Mutex<Watching>>, &Arc<Mutex<Healer>>),
    (ring, mut stepping, (asker, mut answers)): (FactRing, Stepping, Tables),
    ends: impl Future<Output = ()>,
    mut reads_again: Option<ReadsAgain>,
    manager: &mut ServiceManager,
) -> Result<(), DaemonError> {
    let system = |what| move |source| DaemonError::System { what, source };
    let mut ring: Ring = Some(register(ring)?);
    let mut ends = pin!(ends);
    let mut tick = interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut next_sweep = tokio::time::Instant::now();
    let mut next_revisit = next_sweep + REVISIT;
    let mut sweeping = None;
    let mut healing = None;
    let mut revisiting = None;
    // Never in the loop: a file may lie in a file system that hangs.
    let mut reading = None;
    loop {
        if let Some(wait) = lock(core).early_sweep() {
            next_sweep = next_sweep.min(tokio::time::Instant::now() + wait);
        }
        tokio::select! {
            readable = readable(&mut ring) => {
                let mut ready = readable.map_err(system("cannot wait for facts"))?;
                if lock(core).drain(ready.get_inner_mut(), BATCH) < BATCH {
                    ready.clear_ready();
                }
                // A storm of facts must not keep signals and scrapes waiting.
                tokio::task::yield_now().await;
            }
            () = sleep_until(next_revisit), if sweeping.is_none() && revisiting.is_none() && stepping.lets_sweep() => {
                revisiting = Some(start_revisit(watching));
            }
            done = joined(&mut revisiting) => {
                revisiting = None;
                let wait = finish_revisit(core, done);
                next_revisit = tokio::time::Instant::now() + wait;
            }
            () = sleep_until(next_sweep), if sweeping.is_none() && healing.is_none() && revisiting.is_none()
                && stepping.lets_sweep() => {
                let until_next = lock(core).begin_sweep();
                sweeping = Some(start_sweep(core, (watching, healer), &asker, until_next));
            }
            done = joined(&mut sweeping) => {
                sweeping = None;
                let (wait, rows) = finish_sweep(core, done, &mut ring);
                next_sweep = tokio::time::Instant::now() + wait;
                healing = rows.map(|rows| start_healing(watching, healer, rows));
            }
            done = joined(&mut healing) => {
                healing = None;
                match done {
                    Ok((told, numbers)) => lock(core).healed(told, numbers),
                    Err(error) => tracing::warn!("setting timers broke off: {error}"),
                }
            }
            () = sleep_until(stepping.next()), if stepping.rests() => stepping.measure(core),
            done = joined(&mut stepping.measuring) => stepping.measured(core, done)?,
            () = ready(()), if stepping.wants() && sweeping.is_none() && revisiting.is_none() => {
                stepping.begin(watching);
            }
            done = joined(&mut stepping.under_way) => {
                stepping.done(core, watching, &mut ring, done)?;
                next_sweep = tokio::time::Instant::now();
                next_revisit = next_sweep + REVISIT;
            }
            Some(answer) = answers.recv() => lock(core).local_tables_say(answer),
            _ = tick.tick() => {
                lock(core).tick();
                manager.status(|| lock(core).status());
            }
            // From here and nowhere else: whoever waits for it learns that this loop turns.
            () = sleep_until(manager.next_sign()) => manager.sign(),
            // One at a time. A signal that comes meanwhile is kept: it says that the file has changed since.
            read = asked_again(&mut reads_again), if reading.is_none() => {
                manager.reloading(Reading::now().map_or(0, |now| now.monotonic_ns));
                reading = Some(tokio::task::spawn_blocking(move || read()));
            }
            read = joined(&mut reading) => {
                reading = None;
                reload(core, healer, &mut stepping, read);
                manager.ready(&lock(core).status());
                // The interval may be shorter now.
                next_sweep = next_sweep.min(tokio::time::Instant::now() + lock(core).sweep_interval());
            }
            () = &mut ends => break,
        }
    }
    tracing::info!("stopping");
    Ok(())
}

/// A sweep, what its questions to tables were answered, and those of its rows that may be healed.
type Swept = Result<(SweepReport, Vec<Answer>, Vec<Fact>), monitor_kernel::KernelError>;

/// What is to be told of sockets that were healed after a sweep, and what is counted of it.
type Healed = (Vec<AgentChange>, HealNumbers);

/// Sweeps, and asks what the judge wants to know of its rows beside the host's sockets.
fn start_sweep(
    core: &Arc<Mutex<Core>>,
    (watching, healer): (&Arc<Mutex<Watching>>, &Arc<Mutex<Healer>>),
    asker: &Arc<Asker>,
    until_next: Duration,
) -> JoinHandle<Swept> {
    let (core, watching, asker) = (Arc::clone(core), Arc::clone(watching), Arc::clone(asker));
    let healer = Arc::clone(healer);
    tokio::task::spawn_blocking(move || {
        let report = lock(&watching).sweep(SweepMode::Findings, until_next)?;
        let questions = lock(&core).asks_tables(&report.rows);
        let to_heal = lock(&healer).of_its_paths(&report.rows);
        Ok((report, asker.ask_all(questions), to_heal))
    })
}

/// Heals what a sweep has shown. Not before the judge has its rows: a probe that leaves at once ends a silence at its other end,
/// which may be on this host as well.
fn start_healing(
    watching: &Arc<Mutex<Watching>>,
    healer: &Arc<Mutex<Healer>>,
    rows: Vec<Fact>,
) -> JoinHandle<Healed> {
    let (watching, healer) = (Arc::clone(watching), Arc::clone(healer));
    tokio::task::spawn_blocking(move || {
        let mut healer = lock(&healer);
        let told = healer.swept(&watching, &rows);
        (told, healer.numbers())
    })
}

type Again = Option<Result<Revisited, monitor_kernel::KernelError>>;

fn start_revisit(watching: &Arc<Mutex<Watching>>) -> JoinHandle<Again> {
    let watching = Arc::clone(watching);
    tokio::task::spawn_blocking(move || lock(&watching).revisit())
}

/// What a revisit found has come as facts; answers the time until the next.
fn finish_revisit(core: &Arc<Mutex<Core>>, done: Result<Again, JoinError>) -> Duration {
    match done {
        Ok(Some(Ok(revisited))) => return lock(core).revisited(&revisited).max(REVISIT),
        // Sockets are not watched so.
        Ok(None) => return NEVER,
        Ok(Some(Err(error))) => tracing::warn!("{error}"),
        Err(error) => tracing::warn!("looking again at silent sockets broke off: {error}"),
    }
    lock(core).revisit_failed();
    REVISIT
}

/// Facts that wait, once there are any; never, while nothing is attached.
async fn readable(ring: &mut Ring) -> io::Result<AsyncFdReadyMutGuard<'_, FactRing>> {
    match ring {
        Some(ring) => ring.readable_mut().await,
        None => pending().await,
    }
}

/// What reads the configuration, once that is asked for.
async fn asked_again(reads_again: &mut Option<ReadsAgain>) -> Arc<ReadConfig> {
    match reads_again {
        Some((hangup, read)) => {
            hangup.recv().await;
            Arc::clone(read)
        }
        None => pending().await,
    }
}

/// What the task under way answers, once it is over; never, while there is none.
async fn joined<T>(task: &mut Option<JoinHandle<T>>) -> Result<T, JoinError> {
    match task {
        Some(task) => task.await,
        None => pending().await,
    }
}

/// Puts a configuration in force that was read anew.
fn reload(
    core: &Mutex<Core>,
    healer: &Arc<Mutex<Healer>>,
    stepping: &mut Stepping,
    read: Result<Result<Config, ConfigError>, JoinError>,
) {
    const STAYS: &str = "the settings before stay in force";
    match read {
        Ok(Ok(config)) => {
            for note in &config.rule_notes {
                tracing::info!("{note}");
            }
            for fault in &config.faults {
                tracing::error!("{fault}");
            }
            stepping.configure(core, config.cpu_budget);
            let first = lock(core).reload(&config);
            if let Some(first) = first {
                // Never in the loop: who sets timers waits for the kernel.
                let healer = Arc::clone(healer);
                tokio::task::spawn_blocking(move || lock(&healer).configure(&config, first));
            }
            return;
        }
        Ok(Err(error)) => tracing::error!("{error}; {STAYS}"),
        Err(error) => tracing::error!("reading the configuration broke off: {error}; {STAYS}"),
    }
    lock(core).reload_failed();
}

/// Takes a sweep in; answers the time until the next, and what may be healed of what it showed.
fn finish_sweep(
    core: &Arc<Mutex<Core>>,
    done: Result<Swept, JoinError>,
    ring: &mut Ring,
) -> (Duration, Option<Vec<Fact>>) {
    let mut core = lock(core);
    let mut ring = ring.as_mut().map(AsyncFd::get_mut);
    let mut seen = None;
    match done {
        Ok(Ok((mut report, answers, to_heal))) => {
            for answer in answers {
                core.local_tables_say(answer);
            }
            let rows = core.hand_over_rows(&mut report);
            // What the ring holds happened before the sweep was over.
            if let Some(ring) = &mut ring {
                core.drain_held(ring);
            }
            core.swept(&report, rows, ring);
            seen = Some(to_heal);
            memory::give_back();
        }
        // The next one may do better; that none completes shows in /readyz.
        Ok(Err(error)) => {
            core.sweep_failed();
            tracing::warn!("{error}");
        }
        Err(error) => {
            core.sweep_failed();
            tracing::warn!("the sweep broke off: {error}");
        }
    }
    (core.sweep_interval(), seen)
}
