//! What is told of the daemon itself.

use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// One event in the life of a daemon.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentEvent {
    /// When it was.
    pub time: Timestamp,
    /// What it was; flattened to `event` and what belongs to it.
    #[serde(flatten)]
    pub change: AgentChange,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum AgentChange {
    /// It started. Where no [`AgentChange::Stopped`] stands before, the one before was killed, or the host stopped.
    Started {
        /// Its version.
        version: String,
    },
    /// It was asked to stop, and did.
    Stopped,
    /// The history goes on here: the disk did not take it for a while.
    HistoryResumed {
        /// Records that it lacks, at the least.
        lacks: u64,
    },
}
