//! Alerts: findings that fire, grouped.

use crate::finding::Severity;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// One alert, as users see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// `crossed`, `unreachable`, or the name of an outcome or of a stall's cause.
    pub name: String,
    /// Whom it wakes: ticket or page.
    pub severity: Severity,
    /// Name of the path, or `none`.
    pub path: String,
    /// systemd unit of the owner, else its process name, else `unknown`; `any` where
    /// it is about more than one owner's connections.
    pub owner: String,
    /// Connections that it is about.
    pub connections: u64,
    /// When it began to fire.
    pub since: Timestamp,
    /// The latest finding's summary.
    pub summary: String,
    /// Id of the connection of the latest finding.
    pub example: String,
}

/// A change worth telling.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum AlertChange {
    /// It began to fire. Further connections of the same alert are no change.
    Firing(Alert),
    /// It is over. Shown as it was before its last connection left.
    Resolved(Alert),
}
