//! What the surfaces ask the daemon for.

use super::core::Core;
use super::listing::connections;
use super::lock::lock;
use super::row_room::RowRoom;
use crate::surfaces::http::HttpSource;
use crate::surfaces::inspect::{InspectCounters, Lists, Rows};
use monitor_kernel::Watching;
use monitor_model::alert::Alert;
use monitor_model::told::Told;
use std::sync::{Arc, Mutex};

/// A list that a running daemon is asked for.
#[derive(Clone, Copy)]
pub struct Question {
    /// Its name on the inspection socket.
    pub name: &'static str,
    /// Its rows, or why there are none; asked on a thread where it may wait.
    pub answer: fn(&Sources) -> Result<Rows, String>,
}

/// The running daemon, as those see it who ask.
#[derive(Clone)]
pub struct Sources {
    core: Arc<Mutex<Core>>,
    watching: Arc<Mutex<Watching>>,
    room: RowRoom,
}

impl Sources {
    pub(super) fn new(
        core: Arc<Mutex<Core>>,
        watching: Arc<Mutex<Watching>>,
        inspect: Arc<InspectCounters>,
    ) -> Self {
        Self {
            core,
            watching,
            room: RowRoom::new(inspect),
        }
    }

    /// What answers these questions.
    pub(super) fn lists(&self, questions: &[Question]) -> Lists {
        let list = |question: &Question| {
            let (daemon, answer) = (self.clone(), question.answer);
            (question.name, Arc::new(move || answer(&daemon)) as _)
        };
        questions.iter().map(list).collect()
    }

    /// All connections of this host, from a sweep of their own.
    ///
    /// # Errors
    /// Why there are none, for people.
    pub fn connections(&self) -> Result<Rows, String> {
        let room = self.room.for_a_sweep()?;
        let lister = lock(&self.core).lister();
        connections(&self.watching, lister, room)
    }

    /// What `ask` finds in the core.
    ///
    /// # Errors
    /// Never: the core is always there.
    pub fn rows<T: Told + Send + 'static>(
        &self,
        ask: impl FnOnce(&Core) -> Vec<T>,
    ) -> Result<Rows, String> {
        Ok(Rows::new(ask(&lock(&self.core))))
    }
}

impl HttpSource for Sources {
    fn metrics(&self) -> Result<String, String> {
        lock(&self.core).render_metrics()
    }

    fn ready(&self) -> Result<String, String> {
        lock(&self.core)
            .readiness()
            .map_err(|reason| reason.to_string())
    }

    fn alerts(&self) -> Vec<Alert> {
        lock(&self.core).alerts().all().collect()
    }
}
