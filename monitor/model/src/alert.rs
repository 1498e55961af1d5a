//! Alerts: findings that may wake somebody, grouped, and how each group fares.

use crate::finding::Severity;
use crate::time::Timestamp;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// One alert, as users see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Alert {
    /// `crossed`, `unreachable`, the name of an outcome or of a stall's cause; `interrupted` for trouble that mended
    /// before it paged, `misstated` for a timeout that is shorter than was stated, `more` for what one owner has beyond its share.
    pub name: String,
    /// Whom it wakes: ticket or page.
    pub severity: Severity,
    /// Whether it wakes somebody now.
    pub state: AlertState,
    /// Name of the path, or `none`; `any` where it is about more than one.
    pub path: String,
    /// Workload of the owner's pod, else the name of its container, else its systemd unit, else its process name, else
    /// `unknown`; `any` where it is about more than one owner's connections.
    pub owner: String,
    /// Who is to be told of what is on this path: the `owner` that its rules name; missing where they name none. It is
    /// not `owner`, which is who holds the connections.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub path_owner: Option<String>,
    /// Connections that are in trouble now.
    pub connections: u64,
    /// Connections that were told since it began, those of now included; of
    /// `interrupted`, the times that trouble mended; of `misstated`, the times that it was told.
    pub count: u64,
    /// When it began: with its first finding.
    pub since: Timestamp,
    /// When it began to fire; `None` where it has not.
    pub fired: Option<Timestamp>,
    /// When it was over; `None` where it is not.
    pub ended: Option<Timestamp>,
    /// The latest finding's summary.
    pub summary: String,
    /// Id of the connection of the latest finding.
    pub example: String,
    /// What the application loses by the latest finding, or stands to lose, in words: "lost: a request of 120 bytes"; missing
    /// where nothing is, or where it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub lost: Option<String>,
    /// Why it is over while its connections may still be in trouble: the rules of its path are others; else missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub reason: Option<String>,
}

/// How an alert fares.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum AlertState {
    /// In trouble, and not yet for long enough to wake somebody.
    Pending,
    /// It wakes whom its severity says.
    Firing,
    /// It fired, and is over.
    Over,
}

impl AlertState {
    /// Its name, as in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Firing => "firing",
            Self::Over => "over",
        }
    }
}

/// A change worth telling.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum AlertChange {
    /// It began, and waits to see whether it lasts.
    Pending(Alert),
    /// It began to fire. Further connections of the same alert are no change.
    Firing(Alert),
    /// It is over; one that never fired has no `fired`.
    Over(Alert),
}

impl AlertChange {
    /// The alert that changed.
    pub const fn alert(&self) -> &Alert {
        match self {
            Self::Pending(alert) | Self::Firing(alert) | Self::Over(alert) => alert,
        }
    }
}

/// One alert as it changed: what changed, and the alert as it is then.
#[derive(Serialize, JsonSchema)]
struct AlertChangeLine {
    /// What happened to it: the word is that of its state from then on.
    change: AlertState,
    #[serde(flatten)]
    alert: Alert,
}

impl JsonSchema for AlertChange {
    fn schema_name() -> Cow<'static, str> {
        "AlertChange".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        AlertChangeLine::json_schema(generator)
    }
}
