//! A daemon within another command, for as long as that runs: it watches as any does, and is asked by the same API. Nobody
//! else can ask it, it writes nothing, and it leaves nothing: neither a file, nor a pin, nor a mark on a socket. What it has
//! in the kernel goes with the process, however that ends.

use super::core::Core;
use super::error::DaemonError;
use super::inner::{Inner, Outer};
use super::lock::lock;
use super::options::Options;
use super::service_manager::ServiceManager;
use super::valve::ValveTimes;
use super::{LAST_SWEEP, closed};
use crate::client::{Host, Inside};
use crate::config::Config;
use crate::sandbox::Sandbox;
use crate::surfaces::messages::Messages;
use monitor_kernel::HookOptions;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle, sleep};
use std::time::{Duration, Instant};
use tokio::runtime::Builder;
use tokio::sync::{Notify, watch};

/// Between two looks whether the first sweep is over.
const LOOK: Duration = Duration::from_millis(20);

/// How long the first sweep may take: one of a million sockets takes seconds.
const FIRST_SWEEP: Duration = Duration::from_secs(60);

/// A daemon within this process. It ends when this is dropped.
pub struct Attached {
    host: Host,
    core: Arc<Mutex<Core>>,
    begin: Arc<Notify>,
    stop: watch::Sender<()>,
    thread: JoinHandle<Result<(), DaemonError>>,
}

impl Attached {
    /// Attaches, with these paths and this scope; what the configuration says of surfaces is left aside. What it says of
    /// itself goes to `messages`. It looks at nothing before it is told to [begin](Self::begin).
    ///
    /// # Errors
    /// What keeps it from that; each names the remedy.
    pub fn start(config: Config, btf: &Path, messages: Messages) -> Result<Self, DaemonError> {
        monitor_kernel::check_privileges()?;
        let config = Config {
            history: None,
            ..config
        };
        let system = |what| move |source| DaemonError::System { what, source };
        let options = Options {
            configuration: Arc::new({
                let config = config.clone();
                move || Ok(config.clone())
            }),
            messages,
            log_format: None,
            sandbox: Sandbox::Off,
            keeps_alerts: false,
            btf: btf.to_owned(),
            ring_bytes: None,
            hooks: Box::new(|_| HookOptions::default()),
            valve: ValveTimes::default(),
            record: None,
        };
        let inner = Inner::start(&options, &config, Outer::default())?;
        let (stop, stopping) = watch::channel(());
        // The streams of who asks end with the thread.
        let (works, ended) = watch::channel(());
        let host = Host::Inside(Inside::new("this command", inner.api(), ended));
        let core = Arc::clone(&inner.core);
        let begin = Arc::<Notify>::default();
        let begun = Arc::clone(&begin);
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(system("cannot start the runtime"))?;
        let work = move || {
            let result = runtime.block_on(async {
                tokio::select! {
                    () = begun.notified() => {
                        inner.work(closed(stopping), None, &mut ServiceManager::none()).await
                    }
                    () = closed(stopping.clone()) => Ok(()),
                }
            });
            runtime.shutdown_timeout(LAST_SWEEP);
            drop(works);
            result
        };
        let thread = thread::Builder::new().name("daemon".to_owned()).spawn(work);
        Ok(Self {
            host,
            core,
            begin,
            stop,
            thread: thread.map_err(system("cannot start a thread"))?,
        })
    }

    /// Where it is asked.
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// Looks from now on. Who watches for findings asks for them before: the first look finds what is silent already.
    pub fn begin(&self) {
        self.begin.notify_one();
    }

    /// Begins, and waits until it has looked at all connections once; answers whether it did so in time.
    pub fn look(&self) -> bool {
        self.begin();
        let until = Instant::now() + FIRST_SWEEP;
        while !lock(&self.core).has_swept() {
            if Instant::now() > until || self.thread.is_finished() {
                return false;
            }
            sleep(LOOK);
        }
        true
    }

    /// Ends it.
    ///
    /// # Errors
    /// Why it had ended before.
    pub fn end(self) -> Result<(), DaemonError> {
        drop(self.stop);
        let died = |_| DaemonError::System {
            what: "what watched here ended",
            source: io::Error::other("a fault of its own; please report it"),
        };
        self.thread.join().map_err(died)?
    }
}
