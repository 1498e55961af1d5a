//! The daemon: joins the rooms, and owns the loop that everything passes through.

mod alerts_file;
mod below;
mod core;
mod cpu_use;
mod error;
mod gap_summaries;
mod history;
mod listing;
mod lock;
mod options;
mod own_events;
mod packed;
mod paths;
mod row_room;
pub mod self_test;
mod sinks;
mod sources;
mod stepping;
mod sweep_interval;
mod valve;

use crate::config::{Config, ConfigError};
use crate::memory;
use crate::surfaces::alertmanager::Notifier;
use crate::surfaces::api::{Api, ApiCounters, Feed};
use crate::surfaces::http::{AllowedHosts, HttpOptions, HttpServer, WebConfig};
use crate::surfaces::inspect::InspectServer;
pub use core::Core;
use core::Parts;
pub use error::DaemonError;
pub use history::present;
pub use listing::{Lister, list_once};
use lock::lock;
use monitor_common::SweepMode;
use monitor_kernel::{FactRing, Revisited, SweepReport, Watching};
pub use options::{Options, ReadConfig};
pub use sinks::alert_limits;
pub use sources::Sources;
use std::fs;
use std::future::ready;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use stepping::{Ring, Stepping, register};
use tokio::io::unix::{AsyncFd, AsyncFdReadyMutGuard};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::{JoinError, JoinHandle};
use tokio::time::{MissedTickBehavior, interval, sleep_until};
pub use valve::ValveTimes;

/// Facts taken from the ring before anything else gets its turn.
const BATCH: usize = 1024;

/// How often the judge is told that time passes.
const TICK: Duration = Duration::from_secs(1);

/// From the end of a revisit of silent sockets to the next, where these are watched by snapshots; longer where it costs
/// more than its share.
const REVISIT: Duration = Duration::from_secs(1);

/// What this host calls itself.
const HOSTNAME: &str = "/proc/sys/kernel/hostname";

/// A time that no daemon waits for.
const NEVER: Duration = Duration::from_secs(24 * 3600);

/// Time for what is under way on other threads, such as a sweep, when the daemon stops.
const LAST_SWEEP: Duration = Duration::from_secs(2);

/// Runs the daemon until SIGTERM or SIGINT.
///
/// # Errors
///
/// What keeps it from starting; each names the remedy.
pub fn run(options: &Options) -> Result<(), DaemonError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|source| DaemonError::System {
            what: "cannot start the runtime",
            source,
        })?;
    let result = runtime.block_on(serve(options));
    runtime.shutdown_timeout(LAST_SWEEP);
    result
}

async fn serve(options: &Options) -> Result<(), DaemonError> {
    let config = (options.configuration)()?;
    for note in config.notes.iter().chain(&config.rule_notes) {
        tracing::info!("{note}");
    }
    let web = config.web.config_file.as_deref();
    let web = web
        .map(|file| WebConfig::load(file, config.web.open_health))
        .transpose()?;
    let host = fs::read_to_string(HOSTNAME).unwrap_or_default();
    let notifier = Notifier::start(&config.alertmanagers, &config.notifications, host.trim())?;
    // First what a plain user lacks, then what another daemon holds, then the load.
    monitor_kernel::check_privileges()?;
    let inspect = InspectServer::bind(&config.socket, config.socket_group.as_ref())?;
    let hosts = AllowedHosts::new(config.allowed_hosts.clone());
    let http = HttpServer::bind(HttpOptions {
        addresses: config.listen.clone(),
        hosts: hosts.clone(),
        telemetry_path: config.web.telemetry_path.clone(),
        web,
        open_health: config.web.open_health,
        api: config.web.api,
    })?;
    let begun = Instant::now();
    let (watching, ring, tables, watch) = Watching::start(monitor_kernel::Options {
        btf: options.btf.clone(),
        min_gap: config.min_gap,
        ring_bytes: options.ring_bytes,
        scope: config.scope.clone(),
        hooks: Some((options.hooks)(config.socket.clone())),
    })?;
    // Reading the types of a whole kernel took much that is never needed again.
    memory::settle();
    for status in watching.hooks() {
        match &status.mechanism {
            Some(mechanism) => tracing::debug!("hook {}: {mechanism}", status.hook),
            None => tracing::warn!(
                "hook {}: no mechanism works here; what it tells is not seen (`tcplull check` says why)",
                status.hook
            ),
        }
    }

    let feed = Feed::default();
    let counters = Arc::<ApiCounters>::default();
    let core = Arc::new(Mutex::new(Core::new(Parts {
        options,
        config: &config,
        tables,
        level: watching.level(),
        hooks: watching.hooks(),
        ring_bytes: ring.bytes(),
        feed: feed.clone(),
        api: Arc::clone(&counters),
        http: http.counters(),
        hosts,
        notifier,
    })?));
    let level = watching.level();
    let stepping = Stepping::new(config.cpu_budget, options.valve, level, &core)?;
    let watching = Arc::new(Mutex::new(watching));
    let sources = Sources::new(
        Arc::clone(&core),
        Arc::clone(&watching),
        Arc::clone(&counters),
        config.history.as_ref().map(|kept| kept.dir.clone()),
    );
    let api = Api::new(Arc::new(sources), feed, counters);
    tracing::info!(
        "attached in {} ms, watching {}; metrics on {}, inspection on {}",
        begun.elapsed().as_millis(),
        watch.map_or("nothing", |watch| watch.mode.name()),
        http.telemetry(),
        config.socket.display()
    );
    if let Some(note) = config.without_path() {
        tracing::info!("{note}");
    }

    let (stop, stopping) = watch::channel(());
    let servers = [
        http.start(api.clone(), closed(stopping.clone())),
        tokio::spawn(inspect.serve(api, closed(stopping))),
    ];
    let result = work(options, &core, &watching, ring, stepping).await;
    let cleared = lock(&watching).unwatch();
    if let Err(error) = cleared {
        tracing::warn!("{error}; `tcplull check --repair` clears what is left");
    }
    drop(stop);
    for server in servers {
        if let Err(error) = server.await {
            tracing::warn!("a server ended badly: {error}");
        }
    }
    lock(&core).end();
    result
}

/// Over as soon as the sender is gone.
async fn closed(mut stopping: watch::Receiver<()>) {
    while stopping.changed().await.is_ok() {}
}

/// The loop: facts, sweeps, time, signals.
async fn work(
    options: &Options,
    core: &Arc<Mutex<Core>>,
    watching: &Arc<Mutex<Watching>>,
    ring: FactRing,
    mut stepping: Stepping,
) -> Result<(), DaemonError> {
    let system = |what| move |source| DaemonError::System { what, source };
    let mut ring: Ring = Some(register(ring)?);
    let mut terminate =
        signal(SignalKind::terminate()).map_err(system("cannot wait for SIGTERM"))?;
    let mut interrupt =
        signal(SignalKind::interrupt()).map_err(system("cannot wait for SIGINT"))?;
    let mut hangup = signal(SignalKind::hangup()).map_err(system("cannot wait for SIGHUP"))?;
    let mut tick = interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut next_sweep = tokio::time::Instant::now();
    let mut next_revisit = next_sweep + REVISIT;
    let mut sweeping = None;
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
            () = sleep_until(next_sweep), if sweeping.is_none() && revisiting.is_none() && stepping.lets_sweep() => {
                let until_next = lock(core).begin_sweep();
                sweeping = Some(start_sweep(watching, until_next));
            }
            done = joined(&mut sweeping) => {
                sweeping = None;
                let wait = finish_sweep(core, done, &mut ring);
                next_sweep = tokio::time::Instant::now() + wait;
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
            _ = tick.tick() => lock(core).tick(),
            // One at a time. A signal that comes meanwhile is kept: it says that the file has changed since.
            _ = hangup.recv(), if reading.is_none() => {
                let read = Arc::clone(&options.configuration);
                reading = Some(tokio::task::spawn_blocking(move || read()));
            }
            read = joined(&mut reading) => {
                reading = None;
                reload(core, &mut stepping, read);
                // The interval may be shorter now.
                next_sweep = next_sweep.min(tokio::time::Instant::now() + lock(core).sweep_interval());
            }
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
        }
    }
    tracing::info!("stopping");
    Ok(())
}

type Swept = Result<SweepReport, monitor_kernel::KernelError>;

fn start_sweep(watching: &Arc<Mutex<Watching>>, until_next: Duration) -> JoinHandle<Swept> {
    let watching = Arc::clone(watching);
    tokio::task::spawn_blocking(move || lock(&watching).sweep(SweepMode::Findings, until_next))
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
        None => std::future::pending().await,
    }
}

/// What the task under way answers, once it is over; never, while there is none.
async fn joined<T>(task: &mut Option<JoinHandle<T>>) -> Result<T, JoinError> {
    match task {
        Some(task) => task.await,
        None => std::future::pending().await,
    }
}

/// Puts a configuration in force that was read anew.
fn reload(
    core: &Mutex<Core>,
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
            lock(core).reload(&config);
            return;
        }
        Ok(Err(error)) => tracing::error!("{error}; {STAYS}"),
        Err(error) => tracing::error!("reading the configuration broke off: {error}; {STAYS}"),
    }
    lock(core).reload_failed();
}

/// Takes a sweep in; answers the time until the next.
fn finish_sweep(
    core: &Arc<Mutex<Core>>,
    done: Result<Swept, JoinError>,
    ring: &mut Ring,
) -> Duration {
    let mut core = lock(core);
    let mut ring = ring.as_mut().map(AsyncFd::get_mut);
    match done {
        Ok(Ok(mut report)) => {
            let rows = core.hand_over_rows(&mut report);
            // What the ring holds happened before the sweep was over.
            if let Some(ring) = &mut ring {
                core.drain_held(ring);
            }
            core.swept(&report, rows, ring);
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
    core.sweep_interval()
}
