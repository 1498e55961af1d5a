//! What the surfaces ask the daemon for.

use super::core::{Core, lock};
use super::listing::send_connections;
use crate::surfaces::http::HttpSource;
use crate::surfaces::inspect::{Lists, RowSender};
use monitor_kernel::Sweeper;
use serde::Serialize;
use std::sync::{Arc, Mutex};

/// A list that a running daemon is asked for.
#[derive(Clone, Copy)]
pub struct Question {
    /// Its name on the inspection socket.
    pub name: &'static str,
    /// Begins to answer, and returns at once.
    pub answer: fn(&Sources, RowSender),
}

/// The running daemon, as those see it who ask.
#[derive(Clone)]
pub struct Sources {
    core: Arc<Mutex<Core>>,
    sweeper: Arc<Mutex<Sweeper>>,
}

impl Sources {
    pub(super) fn new(core: Arc<Mutex<Core>>, sweeper: Arc<Mutex<Sweeper>>) -> Self {
        Self { core, sweeper }
    }

    /// What answers these questions.
    pub(super) fn lists(&self, questions: &[Question]) -> Lists {
        let list = |question: &Question| {
            let (daemon, answer) = (self.clone(), question.answer);
            let list: Box<dyn Fn(RowSender) + Send + Sync> =
                Box::new(move |rows| answer(&daemon, rows));
            (question.name, list)
        };
        questions.iter().map(list).collect()
    }

    /// Sends all connections of this host, from a sweep of their own.
    pub fn send_connections(&self, rows: RowSender) {
        let sweeper = Arc::clone(&self.sweeper);
        let lister = lock(&self.core).lister();
        // A sweep blocks, and so may the client.
        tokio::task::spawn_blocking(move || send_connections(&sweeper, lister, rows));
    }

    /// Sends what `ask` finds in the core.
    pub fn send<T>(&self, rows: RowSender, ask: impl FnOnce(&Core) -> Vec<T>)
    where
        T: Serialize + Send + Sync + 'static,
    {
        let found = ask(&lock(&self.core));
        tokio::spawn(async move {
            for row in found {
                if rows.send(&row).await.is_err() {
                    return;
                }
            }
        });
    }
}

impl HttpSource for Sources {
    fn metrics(&self) -> Result<String, String> {
        lock(&self.core).render_metrics()
    }

    fn ready(&self) -> Result<(), String> {
        lock(&self.core)
            .readiness()
            .map_err(|reason| reason.to_string())
    }
}
