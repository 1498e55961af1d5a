//! What the surfaces ask the daemon for.

use super::core::Core;
use super::listing::send_connections;
use super::lock::lock;
use crate::surfaces::http::HttpSource;
use crate::surfaces::inspect::{Lists, RowSender, Unfinished};
use monitor_kernel::Sweeper;
use serde::Serialize;
use std::sync::{Arc, Mutex};

/// A list that a running daemon is asked for.
#[derive(Clone, Copy)]
pub struct Question {
    /// Its name on the inspection socket.
    pub name: &'static str,
    /// Sends its rows, on a thread where it may wait.
    pub answer: fn(&Sources, &RowSender) -> Result<(), Unfinished>,
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
            (
                question.name,
                Arc::new(move |rows: &RowSender| answer(&daemon, rows)) as _,
            )
        };
        questions.iter().map(list).collect()
    }

    /// Sends all connections of this host, from a sweep of their own.
    ///
    /// # Errors
    /// See [`Unfinished`].
    pub fn send_connections(&self, rows: &RowSender) -> Result<(), Unfinished> {
        let lister = lock(&self.core).lister();
        send_connections(&self.sweeper, lister, rows)
    }

    /// Sends what `ask` finds in the core.
    ///
    /// # Errors
    /// See [`Unfinished`].
    pub fn send<T: Serialize>(
        &self,
        rows: &RowSender,
        ask: impl FnOnce(&Core) -> Vec<T>,
    ) -> Result<(), Unfinished> {
        let found = ask(&lock(&self.core));
        found.iter().try_for_each(|row| rows.send(row))
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
