//! How long the gaps of a path were, in some time.

use crate::time::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Gaps of one path, counted by their length: silences past `min_gap` that ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GapSummary {
    /// When the counting ended.
    pub time: Timestamp,
    /// When it began.
    pub since: Timestamp,
    /// Name of the path, or `none`.
    pub path: String,
    /// How many ended.
    pub count: u64,
    /// How long they were together, in seconds.
    pub seconds: f64,
    /// How many had which length; lengths that none had are left out.
    pub lengths: Vec<GapLength>,
}

/// How many gaps had a length between two bounds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GapLength {
    /// At most so long, in seconds; `None` for all that are longer than the last bound.
    pub up_to: Option<f64>,
    /// So many, that are longer than the bound before.
    pub count: u64,
}
