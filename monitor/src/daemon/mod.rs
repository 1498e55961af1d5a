//! The daemon: joins the rooms, and owns the loop that everything passes through.

mod alerts_file;
mod below;
mod boot_file;
mod candidate;
mod checked;
mod columns;
mod core;
mod cpu_use;
mod detail;
mod error;
mod gap_summaries;
mod heal;
mod heal_dry_run;
mod history;
mod inner;
mod inside;
mod learned_file;
mod lister;
mod listing;
mod local_tables;
mod lock;
mod look_once;
mod next_commands;
mod options;
mod own_events;
mod packed;
mod paths;
mod remembered;
mod row_room;
mod sandboxed;
pub mod self_test;
mod service_manager;
mod shared_lists;
mod sinks;
mod sources;
mod stepping;
mod sweep_interval;
mod valve;
mod work;

use crate::surfaces::alertmanager::Notifier;
use crate::surfaces::http::{AllowedHosts, HttpOptions, HttpServer, WebConfig};
use crate::surfaces::inspect::InspectServer;
pub use checked::{CONNTRACK_WITHIN, Checked, check_row, check_rows};
pub use core::Core;
pub use error::DaemonError;
pub use heal_dry_run::{DryRun, heal_dry_run};
pub use history::present;
use inner::{Inner, Outer};
pub use inside::Attached;
pub use lister::Lister;
pub use listing::list_once;
use lock::lock;
pub use options::{Options, ReadConfig};
pub use sandboxed::needs as sandbox_needs;
use service_manager::ServiceManager;
pub use sinks::alert_limits;
pub use sources::Sources;
use std::fs;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
pub use valve::ValveTimes;

/// What this host calls itself.
const HOSTNAME: &str = "/proc/sys/kernel/hostname";

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
        known: false,
    })?;
    // All that takes more is open, and no thread has begun. From here on it has what a reload has too.
    let entered = sandboxed::enter(options, &config)?;
    let begun = options.messages.begin();
    begun.map_err(|source| DaemonError::System {
        what: "cannot start a thread",
        source,
    })?;
    let notifier = Notifier::start(&config.alertmanagers, &config.notifications, host.trim())?;
    let begun = Instant::now();
    let outer = Outer {
        http: http.counters(),
        hosts,
        notifier,
        entered,
        heals: true,
    };
    let inner = Inner::start(options, &config, outer)?;
    tracing::info!(
        "attached in {} ms, watching {}; metrics on {}, inspection on {}",
        begun.elapsed().as_millis(),
        inner.way(),
        http.telemetry(),
        config.socket.display()
    );
    if let Some(note) = config.without_path() {
        tracing::info!("{note}");
    }
    let heard = |kind, what| signal(kind).map_err(|source| DaemonError::System { what, source });
    let mut terminate = heard(SignalKind::terminate(), "cannot wait for SIGTERM")?;
    let mut interrupt = heard(SignalKind::interrupt(), "cannot wait for SIGINT")?;
    let hangup = heard(SignalKind::hangup(), "cannot wait for SIGHUP")?;
    let ends = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };

    let (stop, stopping) = watch::channel(());
    let servers = [
        http.start(inner.api().clone(), closed(stopping.clone())),
        tokio::spawn(inspect.serve(inner.api().clone(), closed(stopping))),
    ];
    let mut manager = ServiceManager::of_environment();
    manager.ready(&lock(&inner.core).status());
    let core = Arc::clone(&inner.core);
    let reads_again = (hangup, Arc::clone(&options.configuration));
    let result = inner.work(ends, Some(reads_again), &mut manager).await;
    manager.stopping();
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
