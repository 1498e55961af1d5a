//! What the API asks the daemon for.

use super::core::Core;
use super::detail::detail;
use super::history;
use super::listing::connections;
use super::lock::lock;
use super::row_room::RowRoom;
use crate::surfaces::api::{
    AlertQuery, ApiCounters, ApiSource, ConnectionQuery, DetailQuery, HistoryQuery, Peer, Rows,
};
use monitor_kernel::Watching;
use monitor_model::agent::AgentEvent;
use monitor_model::alert::Alert;
use monitor_model::api::{AgentState, Cut};
use monitor_model::detail::ConnectionDetail;
use monitor_model::path_state::{FoundInTime, PathState};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

/// The running daemon, as those see it who ask.
#[derive(Clone)]
pub struct Sources {
    core: Arc<Mutex<Core>>,
    watching: Arc<Mutex<Watching>>,
    room: RowRoom,
    /// Where the history lies, if one is kept.
    history: Option<PathBuf>,
}

impl Sources {
    pub(super) fn new(
        core: Arc<Mutex<Core>>,
        watching: Arc<Mutex<Watching>>,
        counters: Arc<ApiCounters>,
        history: Option<PathBuf>,
    ) -> Self {
        Self {
            core,
            watching,
            room: RowRoom::new(counters),
            history,
        }
    }
}

impl ApiSource for Sources {
    fn metrics(&self) -> Result<String, String> {
        lock(&self.core).render_metrics()
    }

    fn ready(&self) -> Result<String, String> {
        lock(&self.core)
            .readiness()
            .map_err(|reason| reason.to_string())
    }

    fn alerts(&self, _: &AlertQuery) -> Vec<Alert> {
        lock(&self.core).alerts().all().collect()
    }

    /// From a sweep of their own.
    fn connections(&self, asked: &ConnectionQuery) -> Result<Rows, String> {
        let room = self.room.for_a_list()?;
        let (choosing, lister) = {
            let core = lock(&self.core);
            let alerts = core.alerts().membership();
            let choosing = core.lister().with_alerts(alerts.clone());
            (choosing, core.lister().with_alerts(alerts))
        };
        connections(&self.watching, choosing, lister, room, asked)
    }

    fn connection(
        &self,
        id: &str,
        asked: &DetailQuery,
    ) -> Result<Option<ConnectionDetail>, String> {
        let history = self.history.as_deref();
        detail(&self.core, &self.watching, history, id, asked)
    }

    fn history(&self, asked: &HistoryQuery) -> Result<Rows, String> {
        let dir = self.history.as_ref().ok_or(
            "this daemon keeps no history: [history] in its configuration says where one is to lie",
        )?;
        history::rows(dir, asked)
    }

    fn paths(&self) -> Result<Vec<PathState>, String> {
        lock(&self.core).path_states()
    }

    fn found(&self) -> Vec<FoundInTime> {
        lock(&self.core).found_lately()
    }

    fn note_cut(&self, peer: Peer, cut: Cut) -> Option<AgentEvent> {
        lock(&self.core).note_cut(peer, cut)
    }

    fn agent(&self) -> AgentState {
        lock(&self.core).agent()
    }
}
