//! What a snapshot says beside what the API says: what it is of, what it lacks, and the configuration.

use crate::time::Timestamp;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What a snapshot is of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SnapshotAbout {
    /// When it was made.
    pub made: Timestamp,
    /// The version of the tcplull that made it.
    pub version: String,
    /// What the host calls itself, or how it was asked for.
    pub host: String,
    /// The kernel's release; `None` where another host was asked that did not say.
    pub kernel: Option<String>,
    /// Who said what is in it: a daemon, or the command that made it.
    pub told_by: ToldBy,
    /// Whether addresses and names in it are pseudonyms.
    pub redacted: bool,
    /// What it lacks, in whole or in part.
    pub lacks: Vec<Lack>,
}

/// Who said what is in a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ToldBy {
    /// A running daemon.
    Daemon,
    /// The command that made it, which looked once.
    Command,
}

/// What a snapshot lacks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Lack {
    /// The part, by its name, such as `history`.
    pub part: String,
    /// Why, or how much.
    pub why: String,
}

/// One file of the configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ConfigFile {
    /// Where it lies.
    pub file: String,
    /// What it says, its comments left out.
    #[schemars(schema_with = "table")]
    pub settings: Map<String, Value>,
}

fn table(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "object" })
}
