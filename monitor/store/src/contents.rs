//! What a record says, as the types that users read.

use crate::record::{Kind, Record};
use monitor_model::agent::AgentEvent;
use monitor_model::alert::AlertChange;
use monitor_model::finding::Finding;
use monitor_model::gaps::GapSummary;

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
}
