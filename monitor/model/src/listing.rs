//! Rows of the lists that a running daemon answers with, one JSON object a line.

use crate::finding::{Clock, Connection};
use crate::owner::Owner;
use monitor_common::TcpState;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// One connection in `tcplull ls`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ConnectionRow")]
pub struct ConnectionRow<T = String> {
    /// The connection.
    pub connection: Connection<T>,
    /// Who holds it.
    pub owner: Owner<T>,
    /// TCP state, by its name: `established`, `close_wait`; `None` is `unknown`.
    #[serde(with = "state")]
    #[schemars(schema_with = "state::schema")]
    pub state: Option<TcpState>,
    /// Silence of application data, in seconds.
    #[schemars(range(min = 0.0))]
    pub payload_idle_seconds: f64,
    /// Silence of any segment, in seconds: a lower bound. Local timers and reads move the kernel's clock, too.
    #[schemars(range(min = 0.0))]
    pub packet_idle_seconds: f64,
    /// The same, an upper bound: since payload or an ACK was seen last. The peer's probes are not known to it.
    #[schemars(range(min = 0.0))]
    pub packet_idle_at_most_seconds: f64,
    /// Name of its path; `None` if none applies.
    pub path: Option<T>,
    /// The path's idle timeout in seconds.
    #[schemars(range(min = 0.0))]
    pub timeout_seconds: Option<f64>,
    /// The path's clock.
    pub clock: Option<Clock>,
    /// The keepalive settings that the socket really has.
    pub keepalive: Keepalive,
    /// What its silence comes to.
    pub silence: IdleState,
    /// Bytes that the application handed over and the peer has not acknowledged (`Send-Q` of `ss`); a SYN and a FIN count
    /// one. `None` from a daemon that did not tell.
    #[serde(default)]
    pub unacked_bytes: Option<u32>,
    /// Bytes that came in order and the application has not read (`Recv-Q` of `ss`); a FIN counts one. `None` likewise.
    #[serde(default)]
    pub unread_bytes: Option<u32>,
    /// Names of the alerts that it is in now, those that wait and those that fire; empty where no daemon was asked.
    #[serde(default)]
    pub alerts: Vec<String>,
}

impl<T> ConnectionRow<T> {
    /// Silence on its path's clock, in seconds; without a path, of any segment.
    pub fn idle_seconds(&self) -> f64 {
        match self.clock {
            Some(Clock::Payload) => self.payload_idle_seconds,
            Some(Clock::Packets) | None => self.packet_idle_seconds,
        }
    }

    /// What is left until its path's timeout, in seconds, below 0 once that has passed; `None` without a path.
    pub fn left_seconds(&self) -> Option<f64> {
        Some(self.timeout_seconds? - self.idle_seconds())
    }

    /// Whether keepalive is on and cannot help: the first probe leaves when the timeout has passed, or the path counts
    /// application data alone, which probes are not.
    pub fn keepalive_comes_late(&self) -> bool {
        let late = |timeout| {
            self.keepalive
                .time_seconds
                .is_some_and(|time| time >= timeout)
        };
        let in_vain = self.clock == Some(Clock::Payload) || self.timeout_seconds.is_some_and(late);
        self.keepalive.enabled && in_vain
    }
}

/// Keepalive settings of a socket, the network namespace's defaults included.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Keepalive {
    /// SO_KEEPALIVE is set. The rest means nothing without it.
    pub enabled: bool,
    /// Silence before the first probe, in seconds; `None` if unknown.
    #[schemars(range(min = 0.0))]
    pub time_seconds: Option<f64>,
    /// Time between unanswered probes, in seconds; `None` if unknown.
    #[schemars(range(min = 0.0))]
    pub interval_seconds: Option<f64>,
    /// Unanswered probes until the connection is given up; `None` if unknown.
    pub probes: Option<u32>,
}

/// What a connection's silence comes to: the worst that holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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

/// The name of a state, for people and scripts.
pub fn state_name(state: Option<TcpState>) -> &'static str {
    state.map_or("unknown", TcpState::name)
}

mod state {
    use super::{Schema, SchemaGenerator, TcpState, json_schema, state_name};
    use crate::text::Text;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(
        state: &Option<TcpState>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(state_name(*state))
    }

    pub(super) fn schema(_: &mut SchemaGenerator) -> Schema {
        let names = TcpState::ALL.map(|state| state_name(Some(state)));
        let names = names.into_iter().chain([state_name(None)]);
        json_schema!({ "type": "string", "enum": names.collect::<Vec<_>>() })
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<TcpState>, D::Error> {
        let name = Text::deserialize(deserializer)?;
        let named = |state: &TcpState| state.name() == name.as_ref();
        Ok(TcpState::ALL.into_iter().find(named))
    }
}
