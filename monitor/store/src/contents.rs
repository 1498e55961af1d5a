//! What a record says, as the types that users read.

use crate::record::{Kind, Record};
use monitor_model::agent::AgentEvent;
use monitor_model::alert::AlertChange;
use monitor_model::finding::Finding;
use monitor_model::format::json_shown;
use monitor_model::gaps::GapSummary;
use monitor_model::told::Told;

/// What a record says.
#[derive(Clone, Debug, PartialEq)]
pub enum Contents {
    /// A finding.
    Finding(Box<Finding>),
    /// An alert that is pending, fires, or is over.
    Alert(AlertChange),
    /// Gaps of a path.
    Gaps(GapSummary),
    /// Something about the daemon.
    Agent(AgentEvent),
}

impl Record {
    /// Reads the text. What this version does not know in it is left out.
    ///
    /// # Errors
    /// It is not what its kind says: another version wrote it, or somebody else.
    pub fn contents(&self) -> Result<Contents, serde_json::Error> {
        Ok(match self.kind {
            Kind::Finding => Contents::Finding(serde_json::from_str(&self.text)?),
            Kind::Alert => Contents::Alert(serde_json::from_str(&self.text)?),
            Kind::Gaps => Contents::Gaps(serde_json::from_str(&self.text)?),
            Kind::Agent => Contents::Agent(serde_json::from_str(&self.text)?),
        })
    }

    /// The line as scripts read it, with the name of its form, whoever wrote the file: what a terminal would act on is
    /// written `\uXXXX`. `None` where the text is no JSON object at all.
    pub fn told_line(&self) -> Option<String> {
        // Between a line's words nothing of the kind is written, and within them it must not be (RFC 8259, 7).
        if self.text.contains(|c| c < ' ') {
            return None;
        }
        let members = self.text.strip_prefix('{')?;
        // Whoever wrote the file wrote it: a line is handed on as one object, or not at all.
        serde_json::from_str::<serde::de::IgnoredAny>(&self.text).ok()?;
        if members.trim_start().starts_with("\"schema\"") {
            return Some(json_shown(&self.text));
        }
        // The first version wrote changes of alerts, gaps and events without.
        let schema = match self.kind {
            Kind::Finding => Finding::SCHEMA,
            Kind::Alert => AlertChange::SCHEMA,
            Kind::Gaps => GapSummary::SCHEMA,
            Kind::Agent => AgentEvent::SCHEMA,
        };
        let comma = if members.trim_start().starts_with('}') {
            ""
        } else {
            ","
        };
        Some(json_shown(format!(
            "{{\"schema\":\"{schema}\"{comma}{members}"
        )))
    }
}
