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
    /// It set timers of sockets whose applications had set none, by `[path.heal]`.
    SocketsHealed {
        /// Their path.
        path: String,
        /// How many were set.
        set: u64,
        /// They, the first 64 of them.
        sockets: Vec<HealedSocket>,
    },
    /// It gave sockets back what they had before.
    HealUndone {
        /// Who asked for it by `tcplull heal --stop`: the user of the command, by its number; `None` where the daemon stopped, or
        /// their paths are healed no more.
        uid: Option<u32>,
        /// Who had logged in to become that user; `None` where the kernel does not know.
        login_uid: Option<u32>,
        /// How many have what they had before.
        back: u64,
        /// How many could not be reached, and keep what was set.
        left: u64,
        /// Those that have, the first 64 of them.
        sockets: Vec<HealedSocket>,
    },
    /// Sweeps work again.
    SweepsWork {
        /// The first that failed.
        since: Timestamp,
    },
}

/// A socket whose timers were set, or set back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HealedSocket {
    /// The id of its connection.
    pub id: String,
    /// What it had before.
    pub before: TimersNow,
    /// What it has now.
    pub after: TimersNow,
}

/// Timers of a socket, the network namespace's defaults included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TimersNow {
    /// SO_KEEPALIVE is set. The other members of keepalive mean nothing without it.
    pub keepalive: bool,
    /// TCP_KEEPIDLE, in seconds.
    pub keepalive_time_seconds: u32,
    /// TCP_KEEPINTVL, in seconds.
    pub keepalive_interval_seconds: u32,
    /// TCP_KEEPCNT.
    pub keepalive_probes: u32,
    /// TCP_USER_TIMEOUT, in milliseconds; 0 where it is not set.
    pub user_timeout_ms: u32,
}
