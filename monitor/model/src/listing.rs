//! Rows of the lists that a running daemon answers with, one JSON object a line.

use crate::finding::{Clock, Connection};
use crate::owner::Owner;
use serde::{Deserialize, Serialize};

/// One connection in `tcplull ls`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConnectionRow {
    /// The connection.
    pub connection: Connection,
    /// Who holds it.
    pub owner: Owner,
    /// TCP state in lower case, such as `established` or `close_wait`.
    pub state: String,
    /// Silence of application data, in seconds.
    pub payload_idle_seconds: f64,
    /// Silence of any segment, in seconds: a lower bound.
    pub packet_idle_seconds: f64,
    /// Name of its path; `None` if none applies.
    pub path: Option<String>,
    /// The path's idle timeout in seconds.
    pub timeout_seconds: Option<f64>,
    /// The path's clock.
    pub clock: Option<Clock>,
    /// The keepalive settings that the socket really has.
    pub keepalive: Keepalive,
    /// What its silence comes to.
    pub silence: IdleState,
}

/// Keepalive settings of a socket, the network namespace's defaults included.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Keepalive {
    /// SO_KEEPALIVE is set. The rest means nothing without it.
    pub enabled: bool,
    /// Silence before the first probe, in seconds; `None` if unknown.
    pub time_seconds: Option<f64>,
    /// Time between unanswered probes, in seconds; `None` if unknown.
    pub interval_seconds: Option<f64>,
    /// Unanswered probes until the connection is given up; `None` if unknown.
    pub probes: Option<u32>,
}

/// What a connection's silence comes to: the worst that holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdleState {
    /// Below its path's warning threshold, or kept alive, or without a path.
    Ok,
    /// Will cross the timeout, keepalive considered.
    AtRisk,
    /// Has reached the timeout.
    Crossed,
    /// Something is out, data or a probe, and no answer is in.
    Stalled,
}

impl IdleState {
    /// As it is written in JSON and in labels.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::AtRisk => "at_risk",
            Self::Crossed => "crossed",
            Self::Stalled => "stalled",
        }
    }
}

/// One line of `tcplull check`: something the daemon needs, and how it gets it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckRow {
    /// What is looked at, such as the name of a hook.
    pub subject: String,
    /// Whether it works here.
    pub works: bool,
    /// How it works, or why it does not.
    pub detail: String,
    /// What to do about it; `None` where it works or nothing can be done.
    pub remedy: Option<String>,
}
