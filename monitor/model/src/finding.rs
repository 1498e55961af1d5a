//! What the judge concludes, in the form that users read.

pub use crate::cause::Cause;
pub use crate::outcome::Outcome;
use crate::owner::Owner;
use crate::time::Timestamp;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// One conclusion about one connection.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// Wall-clock time of the fact that settled it, RFC 3339 in UTC with ms.
    pub time: Timestamp,
    /// What is concluded; flattened to `kind`, and `outcome` or `cause`.
    #[serde(flatten)]
    pub kind: FindingKind,
    /// How sure.
    pub certainty: Certainty,
    /// Whom it wakes.
    pub severity: Severity,
    /// Whom it would wake by itself, where the rules of its path (`ignore`, `severity`) say less; else missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Severity")]
    pub severity_before_rules: Option<Severity>,
    /// How far it reaches, where that is beyond this connection; else missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Scope")]
    pub scope: Option<Scope>,
    /// Length of the silence on the path's clock, in seconds; of a stall, how
    /// long nothing has moved.
    #[schemars(range(min = 0.0))]
    pub gap_seconds: f64,
    /// The path's idle timeout in seconds; `None` without a path.
    #[schemars(range(min = 0.0))]
    pub timeout_seconds: Option<f64>,
    /// Name of the path; `None` if none applies.
    pub path: Option<String>,
    /// The clock that `gap_seconds` was measured by.
    pub clock: Clock,
    /// The connection.
    pub connection: Connection,
    /// Who holds it.
    pub owner: Owner,
    /// The facts behind the finding. Never empty.
    #[schemars(length(min = 1))]
    pub evidence: Vec<Evidence>,
    /// What to do about it, in words; `None` where nothing is to be done.
    pub advice: Option<String>,
    /// The section of the documentation that explains the settings of this service and program
    /// (`docs/settings.md#redis`); missing where no setting of the connection would help.
    // Made by `crate::settings::link`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub settings: Option<String>,
    /// One line for people.
    pub summary: String,
    /// The kernel gave the connection up, so that nothing more will be told of it. For the alerts; users read it in the
    /// evidence.
    #[serde(skip)]
    pub given_up: bool,
    /// What waits on it still does: it ends no stall. For the alerts.
    #[serde(skip)]
    pub still_waits: bool,
}

/// What a finding concludes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum FindingKind {
    /// The silence will cross the timeout, keepalive considered.
    AtRisk,
    /// The silence has reached the timeout.
    Crossed,
    /// What followed the silence.
    Outcome {
        /// Which outcome.
        outcome: Outcome,
    },
    /// Something is due to move and does not, without a long silence before.
    Stall {
        /// Why.
        cause: Cause,
    },
    /// The path's idle timeout is shorter than was stated, by what its connections lived through.
    Misstated,
}

impl FindingKind {
    /// The name of what is concluded, as in JSON: that of the outcome or of the
    /// cause where it is one.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AtRisk => "at_risk",
            Self::Crossed => "crossed",
            Self::Outcome { outcome } => outcome.name(),
            Self::Stall { cause } => cause.name(),
            Self::Misstated => "misstated",
        }
    }

    /// Of which kind it is.
    pub const fn class(self) -> FindingClass {
        match self {
            Self::AtRisk => FindingClass::AtRisk,
            Self::Crossed => FindingClass::Crossed,
            Self::Outcome { .. } => FindingClass::Outcome,
            Self::Stall { .. } => FindingClass::Stall,
            Self::Misstated => FindingClass::Misstated,
        }
    }
}

/// The kind of a conclusion: `kind` in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FindingClass {
    /// [`FindingKind::AtRisk`].
    AtRisk,
    /// [`FindingKind::Crossed`].
    Crossed,
    /// [`FindingKind::Outcome`].
    Outcome,
    /// [`FindingKind::Stall`].
    Stall,
    /// [`FindingKind::Misstated`].
    Misstated,
}

impl FindingClass {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::AtRisk,
        Self::Crossed,
        Self::Outcome,
        Self::Stall,
        Self::Misstated,
    ];

    /// Its name, as in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AtRisk => "at_risk",
            Self::Crossed => "crossed",
            Self::Outcome => "outcome",
            Self::Stall => "stall",
            Self::Misstated => "misstated",
        }
    }
}

/// How far a failure reaches beyond its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Connections that were not silent fail too: the peer or the network is down.
    PeerOrNetwork,
}

/// How sure a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Certainty {
    /// Seen on this host.
    Observed,
    /// Concluded from signs.
    Suspected,
}

/// Whom a finding wakes.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Nobody.
    None,
    /// Somebody, in working hours.
    Ticket,
    /// Somebody, now.
    Page,
}

impl Severity {
    /// Its name, as in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Ticket => "ticket",
            Self::Page => "page",
        }
    }
}

/// Which clock a silence was measured by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Clock {
    /// Any segment counts.
    Packets,
    /// Only application data counts.
    Payload,
}

/// A connection as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Connection", description = "A connection as it is shown.")]
pub struct Connection<T = String> {
    /// Socket cookie (hex) and flow_id, joined by `-`: unique on this host since boot.
    pub id: T,
    /// Both initial sequence numbers, normalised and sorted: the same on both
    /// hosts through plain NAT.
    pub flow_id: T,
    /// By its remote address.
    pub family: Family,
    /// Local address and port.
    pub local: T,
    /// Remote address and port.
    pub remote: T,
    /// Inode of the network namespace.
    pub netns: u32,
    /// Which side opened it.
    pub role: Role,
}

/// An address family; an IPv4 address written as IPv6 counts as IPv4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// IPv4.
    Ipv4,
    /// IPv6.
    Ipv6,
}

/// Which side of a connection this host is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// It opened the connection.
    Client,
    /// It accepted the connection.
    Server,
}

/// A line in place of findings that `tcplull watch` was too slow for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Lagged {
    /// How many were missed here.
    pub lagged: u64,
}

/// What evidence has.
fn measured(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": ["number", "string", "boolean"] })
}

/// One fact behind a finding.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// What was measured, with its unit as a suffix where it has one.
    // Made for each finding, many times over: names are not copied.
    #[schemars(with = "String")]
    pub fact: Cow<'static, str>,
    /// How much: a number, a word, or yes or no.
    #[schemars(schema_with = "measured")]
    pub value: serde_json::Value,
}
