//! What the API says beside findings, alerts and connections: the daemon itself, and why there is no answer.

use crate::time::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Why there is no answer, or no further one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ApiError {
    /// The reason, for people, in one line.
    pub error: String,
    /// How many more there are, of a list that is cut off behind its first ones; missing where that is not the reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_out: Option<u64>,
}

impl ApiError {
    /// Why a list ends behind so many: there is no room for the others, or they are not asked for. `None` where there are no
    /// others.
    pub fn left_out(shown: u64, left_out: u64) -> Option<Self> {
        (left_out > 0).then(|| Self {
            error: format!("{shown} connections shown, {left_out} more left out"),
            left_out: Some(left_out),
        })
    }
}

impl From<String> for ApiError {
    fn from(error: String) -> Self {
        Self {
            error,
            left_out: None,
        }
    }
}

/// What `tcplull cut` has done, for the daemon's log and history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Cut {
    /// The alert whose connections they were; `None` where they were named one by one.
    #[schemars(length(max = 64))]
    pub alert: Option<String>,
    /// How many were ended.
    pub ended: u64,
    /// Ids of connections that were ended, the first of them.
    #[schemars(length(max = 64))]
    pub ids: Vec<String>,
}

impl Cut {
    /// Ids that are told, at most; and bytes of a name in it.
    pub const MOST: usize = 64;
}

/// That `tcplull heal --stop` is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HealStop {}

/// A running daemon.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AgentState {
    /// Its version.
    pub version: String,
    /// The kernel's release.
    pub kernel: String,
    /// When it started.
    pub started: Timestamp,
    /// How much it watches now: a way to watch, `sweeps` or `detached`.
    pub watching: String,
    /// By what it watches: each hook and its mechanism.
    pub hooks: Vec<AgentHook>,
    /// Whether it does its work, as `/readyz` says.
    pub ready: bool,
    /// Why it does not, or what else is to be said; `ready` where all is well.
    pub readiness: String,
    /// The paths in force, in their order in the configuration.
    pub paths: Vec<String>,
    /// What it still may do.
    #[serde(default)]
    pub privileges: AgentPrivileges,
    /// The sweeps.
    pub sweeps: AgentSweeps,
    /// Who asks it.
    pub clients: AgentClients,
}

/// One hook of a daemon.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AgentHook {
    /// Its name.
    pub hook: String,
    /// What serves it; `None` where nothing does: what it tells is not seen.
    pub mechanism: Option<String>,
}

/// What a daemon still may do, as the kernel says it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AgentPrivileges {
    /// `global` or `per-socket`, by what it can do; `unconfined` where it holds more than either takes.
    pub profile: String,
    /// The capabilities in force that a daemon has a use for, as in capabilities(7).
    pub capabilities: Vec<String>,
    /// How many others are in force.
    pub other_capabilities: u32,
    /// Whether no program that it starts could have more.
    pub no_new_privs: bool,
    /// Whether system calls that it never makes are refused (seccomp).
    pub refuses_calls: bool,
    /// How far it is held to its own folders when it writes: `full`, `partial` (older kernels) or `none`.
    pub landlock: String,
}

/// The sweeps of a daemon.
#[derive(Default, Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AgentSweeps {
    /// How many it has made.
    pub count: u64,
    /// How long ago the last one was over, in seconds; `None` before the first.
    #[schemars(range(min = 0.0))]
    pub last_seconds_ago: Option<f64>,
    /// How long that one took, in seconds.
    #[schemars(range(min = 0.0))]
    pub last_took_seconds: f64,
    /// Sockets that it walked.
    pub sockets: u64,
    /// Time between two sweeps in force, in seconds.
    #[schemars(range(min = 0.0))]
    pub interval_seconds: f64,
    /// Connections that sweeps found and had no room for, since the start.
    pub rows_dropped: u64,
}

/// Who asks a daemon, since its start where it is not said otherwise.
#[derive(Default, Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AgentClients {
    /// Clients of the inspection socket now.
    pub now: u64,
    /// Who hears findings as they come, now.
    pub watchers: u64,
    /// Clients turned away: there were too many, or others had asked for much and not read it.
    pub refused: u64,
    /// Clients cut off because they took nothing of an answer for too long.
    pub cut: u64,
    /// Findings that watchers missed because they read too slowly.
    pub lagged: u64,
}
