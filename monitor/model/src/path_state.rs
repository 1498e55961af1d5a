//! What a running daemon knows of each of its paths, and how outcomes came over time: counts and times, and nobody's address.

use crate::finding::Clock;
use crate::gaps::GapLength;
use crate::learned::{LearnedTimeout, Misstated};
use crate::time::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One path as it is now: its idle timeout, and what silences of its connections came to since the daemon started.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PathState {
    /// Its name, or `none` for connections without a path.
    pub path: String,
    /// Its idle timeout, in seconds; `None` without a path.
    #[schemars(range(min = 0.0))]
    pub timeout_seconds: Option<f64>,
    /// Whether somebody stated the timeout; `false` for a guess.
    pub stated: bool,
    /// The clock that it counts by; `None` without a path.
    pub clock: Option<Clock>,
    /// Silent connections at the last sweep, by what their silence comes to.
    pub silent: SilentNow,
    /// Findings since the start, by kind; kinds that were not found are left out.
    pub found: Vec<FoundOften>,
    /// Silences past `min_gap` that ended.
    pub gaps: u64,
    /// How many of them had which length, the shortest first; lengths that none had stand there with 0.
    pub lengths: Vec<GapLength>,
    /// The longest silence that was survived on it, in seconds; `None` where none is known.
    #[schemars(range(min = 0.0))]
    pub longest_survived_gap_seconds: Option<f64>,
    /// The shortest that failed, in seconds; `None` where none is known.
    #[schemars(range(min = 0.0))]
    pub shortest_failed_gap_seconds: Option<f64>,
    /// The preset that it names, or that was guessed; missing where it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "PathPreset")]
    pub preset: Option<PathPreset>,
    /// What was learned of its timeout from what its connections lived through, by prefix and by who spoke first: the
    /// shortest timeouts first, at most 8.
    #[serde(default)]
    pub learned: Vec<LearnedTimeout>,
    /// How many more there are of them.
    #[serde(default)]
    pub learned_more: u64,
}

impl PathState {
    /// How what was learned contradicts its timeout, if it does: the worst of the prefixes that are told.
    pub fn misstated(&self) -> Option<Misstated> {
        let seconds = self.timeout_seconds?;
        let mut against = self.learned.iter().filter_map(|one| one.against(seconds));
        let first = against.next()?;
        Some(match against.any(|other| other == Misstated::Shorter) {
            true => Misstated::Shorter,
            false => first,
        })
    }
}

/// A known middlebox whose timeout a path takes, unless it states another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PathPreset {
    /// Its name.
    pub name: String,
    /// The timeout as its vendor delivers it, in seconds.
    #[schemars(range(min = 0.0))]
    pub timeout_seconds: f64,
}

/// Silent connections, each counted once, by the worst that holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SilentNow {
    /// They will cross the timeout, keepalive considered.
    pub at_risk: u64,
    /// They have reached it.
    pub crossed: u64,
    /// Something is out on them, and no answer is in.
    pub stalled: u64,
}

/// How often something was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FoundOften {
    /// `at_risk`, `crossed`, the name of an outcome, or of a stall's cause.
    pub kind: String,
    /// So often.
    pub count: u64,
}

/// What was found in some minutes, on all paths.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FoundInTime {
    /// When they began.
    pub since: Timestamp,
    /// How long they are, in seconds. The last ones may not be over.
    #[schemars(range(min = 0.0))]
    pub seconds: f64,
    /// Findings in that time, by kind; kinds that were not found are left out.
    pub found: Vec<FoundOften>,
}
