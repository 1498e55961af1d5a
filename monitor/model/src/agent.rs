//! What is told of the daemon itself.

use crate::time::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One event in the life of a daemon.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AgentEvent {
    /// When it was.
    pub time: Timestamp,
    /// What it was; flattened to `event` and what belongs to it.
    #[serde(flatten)]
    pub change: AgentChange,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
    /// It watches less than before, or more again.
    Watching {
        /// How much, by its name, as in `tcplull_watch_level`: `sweeps` sees no event, `detached` nothing at all.
        level: String,
        /// Whether that is less than at the start.
        less: bool,
    },
    /// It took a new configuration.
    Reloaded {
        /// Paths in force.
        paths: u64,
    },
    /// A new configuration could not be taken; what was in force stays so.
    ReloadFailed,
    /// Facts were lost, since this was told last, because they came faster than they were read.
    FactsLost {
        /// How many.
        facts: u64,
    },
    /// A sweep failed: silences are not seen until one works again.
    SweepsFail,
    /// Somebody ended connections by `tcplull cut`.
    ConnectionsCut {
        /// Who: the user of the command, by its number, as the kernel knows it.
        uid: u32,
        /// Who had logged in to become that user, as by `sudo`; `None` where the kernel does not know.
        login_uid: Option<u32>,
        /// The alert whose connections they were; `None` where they were named one by one.
        alert: Option<String>,
        /// How many were ended.
        ended: u64,
        /// Their ids, the first 64 of them.
        ids: Vec<String>,
    },
    /// Sweeps work again.
    SweepsWork {
        /// The first that failed.
        since: Timestamp,
    },
}
