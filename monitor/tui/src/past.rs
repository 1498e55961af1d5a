//! What is shown of a moment that is over, in place of a running daemon.

use crate::source::{AgentSheet, PathSheet};
use monitor_model::alert::Alert;
use monitor_model::finding::Finding;
use monitor_model::time::Timestamp;

/// A moment, as the history has it.
#[derive(Clone, Debug)]
pub struct Past {
    /// When it was.
    pub at: Timestamp,
    /// The same as it is said where this runs: local time.
    pub said: String,
    /// Since when findings were looked for.
    pub since: Timestamp,
    /// What is to be said besides, one line each.
    pub notes: Vec<String>,
    /// The alerts as they stood.
    pub alerts: Vec<Alert>,
    /// What was found by then, the oldest first.
    pub findings: Vec<Finding>,
    /// The paths, as far as they were told of.
    pub paths: Vec<PathSheet>,
    /// What happened to the daemon.
    pub agent: AgentSheet,
}
