//! The parts of a snapshot.

use monitor_model::agent::AgentEvent;
use monitor_model::alert::{Alert, AlertChange};
use monitor_model::api::AgentState;
use monitor_model::finding::Finding;
use monitor_model::gaps::GapSummary;
use monitor_model::listing::{CheckRow, ConnectionRow};
use monitor_model::path_state::{FoundInTime, PathState};
use monitor_model::snapshot::ConfigFile;
use monitor_model::told::Told;
use serde_json::from_str;

/// A part of a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// The daemon itself.
    Agent,
    /// What the host offers, as `tcplull check` says it.
    Check,
    /// The configuration, a file a line.
    Config,
    /// Alerts that wait, fire, and are lately over.
    Alerts,
    /// Connections.
    Connections,
    /// Each path with what silences on it came to, and what was found when.
    Paths,
    /// What was told before: findings, changes of alerts, gaps, events of the daemon.
    History,
    /// The counters, in Prometheus' text format.
    Metrics,
}

impl Part {
    /// All of them, in the order in which they are written.
    pub const ALL: [Self; 8] = [
        Self::Agent,
        Self::Check,
        Self::Config,
        Self::Alerts,
        Self::Connections,
        Self::Paths,
        Self::History,
        Self::Metrics,
    ];

    /// Its name, for people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Check => "check",
            Self::Config => "config",
            Self::Alerts => "alerts",
            Self::Connections => "connections",
            Self::Paths => "paths",
            Self::History => "history",
            Self::Metrics => "metrics",
        }
    }

    /// The name of its member.
    pub const fn file(self) -> &'static str {
        match self {
            Self::Agent => "agent.ndjson",
            Self::Check => "check.ndjson",
            Self::Config => "config.ndjson",
            Self::Alerts => "alerts.ndjson",
            Self::Connections => "connections.ndjson",
            Self::Paths => "paths.ndjson",
            Self::History => "history.ndjson",
            Self::Metrics => "metrics.txt",
        }
    }

    pub(crate) fn of_file(name: &[u8]) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|part| part.file().as_bytes() == name)
    }

    /// Whether a line is of this part: of one of its forms, and whole.
    pub(crate) fn takes(self, line: &str) -> bool {
        let Some(schema) = schema_of(line) else {
            // Lines of text have none.
            return self == Self::Metrics && !line.starts_with('{');
        };
        match (self, schema) {
            (Self::Agent, AgentState::SCHEMA) => from_str::<AgentState>(line).is_ok(),
            (Self::Check, CheckRow::SCHEMA) => from_str::<CheckRow>(line).is_ok(),
            (Self::Config, ConfigFile::SCHEMA) => from_str::<ConfigFile>(line).is_ok(),
            (Self::Alerts, Alert::SCHEMA) => from_str::<Alert>(line).is_ok(),
            (Self::Connections, <ConnectionRow>::SCHEMA) => from_str::<ConnectionRow>(line).is_ok(),
            (Self::Paths, PathState::SCHEMA) => from_str::<PathState>(line).is_ok(),
            (Self::Paths, FoundInTime::SCHEMA) => from_str::<FoundInTime>(line).is_ok(),
            (Self::History, Finding::SCHEMA) => from_str::<Finding>(line).is_ok(),
            (Self::History, AlertChange::SCHEMA) => from_str::<AlertChange>(line).is_ok(),
            (Self::History, GapSummary::SCHEMA) => from_str::<GapSummary>(line).is_ok(),
            (Self::History, AgentEvent::SCHEMA) => from_str::<AgentEvent>(line).is_ok(),
            _ => false,
        }
    }
}

/// The name of a line's form, which stands first in it.
pub(crate) fn schema_of(line: &str) -> Option<&str> {
    let (schema, _) = line.strip_prefix("{\"schema\":\"")?.split_once('"')?;
    Some(schema)
}
