//! What the API needs of the daemon.

use super::asked::Peer;
use super::query::{AlertQuery, ConnectionQuery, DetailQuery, HistoryQuery};
use super::rows::Rows;
use monitor_model::agent::AgentEvent;
use monitor_model::alert::Alert;
use monitor_model::api::{AgentState, Cut};
use monitor_model::detail::ConnectionDetail;
use monitor_model::listing::CheckRow;
use monitor_model::path_state::{FoundInTime, PathState};
use monitor_model::time::Timestamp;

/// What the resources show, asked for at each request.
pub trait ApiSource: Send + Sync + 'static {
    /// The metrics in Prometheus' text format.
    ///
    /// # Errors
    /// Why there are none, in one line.
    fn metrics(&self) -> Result<String, String>;

    /// That the daemon is attached and sweeping, and what else is to be said, in one line.
    ///
    /// # Errors
    /// Why it is not, in one line.
    fn ready(&self) -> Result<String, String>;

    /// The alerts that are asked for: those that wait, fire, and are lately over.
    fn alerts(&self, asked: &AlertQuery) -> Vec<Alert>;

    /// The connections that are asked for. It is called on a thread where it may wait.
    ///
    /// # Errors
    /// Why there are none, in one line.
    fn connections(&self, asked: &ConnectionQuery) -> Result<Rows, String>;

    /// The connection with this id, or whose id begins with this socket cookie; `None` where nothing is known of one. It is
    /// called on a thread where it may wait.
    ///
    /// # Errors
    /// Why nobody can look, in one line.
    fn connection(&self, _: &str, _: &DetailQuery) -> Result<Option<ConnectionDetail>, String> {
        Err("here nobody can look at one connection by itself".to_owned())
    }

    /// What the history has, where one is kept. It is called on a thread where it may wait.
    ///
    /// # Errors
    /// Why there is none, in one line.
    fn history(&self, _: &HistoryQuery) -> Result<Rows, String> {
        Err(
            "this daemon keeps no history: [history] in its configuration says where one is to lie"
                .to_owned(),
        )
    }

    /// Each path, with what is counted on it.
    ///
    /// # Errors
    /// Why they cannot be told, in one line.
    fn paths(&self) -> Result<Vec<PathState>, String> {
        Err("here nobody counts by path".to_owned())
    }

    /// What was found in the last hours, the oldest first; nothing where nobody has counted.
    fn found(&self) -> Vec<FoundInTime> {
        Vec::new()
    }

    /// What works on this machine and why not, line by line. It is called on a thread where it may wait.
    ///
    /// # Errors
    /// Why that cannot be told, in one line.
    fn check(&self) -> Result<Vec<CheckRow>, String> {
        Err("here nobody has checked".to_owned())
    }

    /// When all of this was so, and what it is, in one line, where time does not go on; `None` for what lives.
    fn still(&self) -> Option<(Timestamp, String)> {
        None
    }

    /// Notes that somebody has ended connections; what is noted, or `None` where no clock can be read.
    fn note_cut(&self, _: Peer, _: Cut) -> Option<AgentEvent> {
        None
    }

    /// Gives all sockets that were healed back what they had, and heals no others; what is noted of it, or `None` where no
    /// clock can be read. It is called on a thread where it may wait.
    fn stop_healing(&self, _: Peer) -> Option<AgentEvent> {
        None
    }

    /// The daemon itself.
    fn agent(&self) -> AgentState;
}
