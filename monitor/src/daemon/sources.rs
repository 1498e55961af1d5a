//! What the API asks the daemon for.

use super::checked::CONNTRACK_WITHIN;
use super::core::Core;
use super::detail::detail;
use super::heal::{Healer, Undo};
use super::history;
use super::lister::Lister;
use super::listing::{connections, one, sweep};
use super::lock::lock;
use super::row_room::RowRoom;
use super::shared_lists::{Found, SharedLists, Wanted};
use crate::surfaces::api::{
    AlertQuery, ApiCounters, ApiSource, ConnectionQuery, DetailQuery, HistoryQuery, Peer, Rows,
};
use monitor_common::Fact;
use monitor_kernel::{Conntrack, Watching};
use monitor_model::agent::AgentEvent;
use monitor_model::alert::Alert;
use monitor_model::api::{AgentState, Cut};
use monitor_model::detail::ConnectionDetail;
use monitor_model::listing::CheckRow;
use monitor_model::path_state::{FoundInTime, PathState};
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// The running daemon, as those see it who ask.
#[derive(Clone)]
pub struct Sources {
    core: Arc<Mutex<Core>>,
    watching: Arc<Mutex<Watching>>,
    healer: Arc<Mutex<Healer>>,
    room: RowRoom,
    shared: SharedLists,
    counters: Arc<ApiCounters>,
    /// Where the history lies, if one is kept.
    history: Option<PathBuf>,
}

impl Sources {
    pub(super) fn new(
        core: Arc<Mutex<Core>>,
        watching: Arc<Mutex<Watching>>,
        healer: Arc<Mutex<Healer>>,
        counters: Arc<ApiCounters>,
        history: Option<PathBuf>,
    ) -> Self {
        Self {
            core,
            watching,
            healer,
            room: RowRoom::new(Arc::clone(&counters)),
            shared: SharedLists::new(Arc::clone(&counters)),
            counters,
            history,
        }
    }

    fn lister(&self) -> Lister {
        let core = lock(&self.core);
        core.lister().with_alerts(core.alerts().membership())
    }

    /// What is wanted, from a sweep of the last `max_age` seconds; `None` where that is not given, or too many others share
    /// theirs. What is told is counted.
    fn shared(&self, wanted: &Wanted, max_age: Option<u64>) -> Result<Option<Arc<Found>>, String> {
        let sweep = |each: &mut dyn FnMut(&Fact)| {
            // Nobody waits for the core while it runs.
            let next_look = self.lister().next_look();
            sweep(&self.watching, next_look, each)
        };
        let found = match max_age.map(Duration::from_secs) {
            Some(max_age) => self.shared.get(wanted, max_age, || self.lister(), sweep)?,
            None => None,
        };
        let own = found.as_ref().is_none_or(|(_, own)| *own);
        let count = match own {
            true => &self.counters.lists_own,
            false => &self.counters.lists_shared,
        };
        count.fetch_add(1, Ordering::Relaxed);
        Ok(found.map(|(found, _)| found))
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

    /// From a sweep of their own, but where they may be older.
    fn connections(&self, asked: &ConnectionQuery) -> Result<Rows, String> {
        if let Some(found) = self.shared(&Wanted::list(asked), asked.max_age)? {
            return Ok(found.rows(|| self.lister()));
        }
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
        let look = |cookie| match self.shared(&Wanted::One(cookie), asked.max_age)? {
            Some(found) => Ok(found.first()),
            None => one(&self.watching, &self.lister(), cookie),
        };
        detail(&self.core, look, history, id, asked)
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

    fn check(&self) -> Result<Vec<CheckRow>, String> {
        let conntrack = Conntrack::default().status(Instant::now() + CONNTRACK_WITHIN);
        let (watch, hooks, signs) = {
            let watching = lock(&self.watching);
            let watch = watching.watch().cloned();
            (watch, watching.hooks().to_vec(), watching.signs().to_vec())
        };
        let core = lock(&self.core);
        Ok(core.checked(watch.as_ref(), &hooks, &signs, &conntrack))
    }

    fn note_cut(&self, peer: Peer, cut: Cut) -> Option<AgentEvent> {
        lock(&self.core).note_cut(peer, cut)
    }

    fn stop_healing(&self, peer: Peer) -> Option<AgentEvent> {
        let mut healer = lock(&self.healer);
        let undone = healer.undo(&self.watching, Undo::Asked);
        let numbers = healer.numbers();
        drop(healer);
        let mut core = lock(&self.core);
        core.healed(Vec::new(), numbers);
        core.note_heal_stop(peer, undone?)
    }

    fn agent(&self) -> AgentState {
        lock(&self.core).agent()
    }
}
