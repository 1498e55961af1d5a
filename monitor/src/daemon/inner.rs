//! What a daemon is, whoever runs it and however it is asked: the kernel side, what is known of it, and the API of both.
//! The loop that moves it is in `work.rs`.

use super::core::{Core, Parts};
use super::error::DaemonError;
use super::heal::Healer;
use super::local_tables::{Answer, Asker, LocalTables};
use super::lock::lock;
use super::options::Options;
use super::sources::Sources;
use super::stepping::Stepping;
use crate::config::Config;
use crate::memory;
use crate::sandbox::Entered;
use crate::surfaces::alertmanager::Notifier;
use crate::surfaces::api::{Api, ApiCounters, Feed};
use crate::surfaces::http::{AllowedHosts, HttpCounters};
use monitor_kernel::{FactRing, WatchMode, Watching};
use std::sync::{Arc, Mutex};
use tokio::sync::mpsc::Receiver;

/// A daemon that is attached, and does not look yet.
pub(super) struct Inner {
    api: Api,
    pub(super) core: Arc<Mutex<Core>>,
    pub(super) watching: Arc<Mutex<Watching>>,
    pub(super) healer: Arc<Mutex<Healer>>,
    pub(super) ring: FactRing,
    pub(super) stepping: Stepping,
    /// Who asks this host's own tables, and what they answer.
    pub(super) tables: (Arc<Asker>, Receiver<Answer>),
    way: Option<WatchMode>,
}

/// What it is told of the ways in and out that lie around it.
#[derive(Default)]
pub(super) struct Outer {
    pub(super) http: Arc<HttpCounters>,
    pub(super) hosts: AllowedHosts,
    pub(super) notifier: Option<Notifier>,
    /// What the daemon gave up at its start.
    pub(super) entered: Entered,
    /// Whether it sets timers of sockets, where the configuration says so: what runs within a command touches none.
    pub(super) heals: bool,
}

impl Inner {
    /// Loads and attaches it.
    ///
    /// # Errors
    /// What keeps it from that; each names the remedy.
    pub(super) fn start(
        options: &Options,
        config: &Config,
        outer: Outer,
    ) -> Result<Self, DaemonError> {
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
        let level = watching.level();
        let (local_tables, answers) =
            LocalTables::start().map_err(|source| DaemonError::System {
                what: "cannot start a thread",
                source,
            })?;
        let asker = local_tables.asker();
        let core = Arc::new(Mutex::new(Core::new(Parts {
            options,
            config,
            tables,
            level,
            hooks: watching.hooks(),
            ring_bytes: ring.bytes(),
            feed: feed.clone(),
            api: Arc::clone(&counters),
            http: outer.http,
            hosts: outer.hosts,
            notifier: outer.notifier,
            local_tables,
            entered: outer.entered,
        })?));
        let mut healer = lock(&core).healer(outer.heals.then_some(config), options.keeps_alerts);
        let stepping = Stepping::new(config.cpu_budget, options.valve, level, &core)?;
        let watching = Arc::new(Mutex::new(watching));
        if healer.is_wanted() {
            healer.try_it(&watching);
        }
        lock(&core).healed(Vec::new(), healer.numbers());
        let healer = Arc::new(Mutex::new(healer));
        let sources = Sources::new(
            Arc::clone(&core),
            Arc::clone(&watching),
            Arc::clone(&healer),
            Arc::clone(&counters),
            config.history.as_ref().map(|kept| kept.dir.clone()),
        );
        Ok(Self {
            api: Api::new(Arc::new(sources), feed, counters),
            core,
            watching,
            healer,
            ring,
            stepping,
            tables: (asker, answers),
            way: watch.map(|watch| watch.mode),
        })
    }

    /// The API that it is asked by.
    pub(super) fn api(&self) -> &Api {
        &self.api
    }

    /// How connections are watched, by name.
    pub(super) fn way(&self) -> &'static str {
        self.way.map_or("nothing", WatchMode::name)
    }
}
