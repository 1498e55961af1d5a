//! What is counted by path, as the API tells it.

use super::numbers::{Metrics, OnPath, count};
use monitor_common::GAP_BOUNDS_MS;
use monitor_model::gaps::GapLength;
use monitor_model::listing::IdleState;
use monitor_model::path_state::{FoundOften, PathState, SilentNow};

impl Metrics {
    /// What is counted by path, by the paths' names. Nothing else is known here of a path.
    pub fn path_states(&self) -> impl Iterator<Item = PathState> {
        self.paths.iter().map(|(path, on)| state(path, on))
    }
}

fn state(path: &str, on: &OnPath) -> PathState {
    let silent = |silence| count(&on.silent, &silence);
    let found = on.findings.iter();
    let mut found: Vec<FoundOften> = found
        .map(|(kind, count)| FoundOften {
            kind: kind.name().to_owned(),
            count: *count,
        })
        .collect();
    found.sort_unstable_by(|one, other| one.kind.cmp(&other.kind));
    PathState {
        path: path.to_owned(),
        timeout_seconds: on.timeout.map(|timeout| timeout.as_secs_f64()),
        silent: SilentNow {
            at_risk: silent(IdleState::AtRisk),
            crossed: silent(IdleState::Crossed),
            stalled: silent(IdleState::Stalled),
        },
        found,
        gaps: on.gaps.buckets.iter().sum(),
        lengths: lengths(&on.gaps.buckets),
        ..PathState::default()
    }
}

/// How many gaps had which length.
fn lengths(buckets: &[u64]) -> Vec<GapLength> {
    let bounds = GAP_BOUNDS_MS.iter().map(|ms| Some(*ms as f64 / 1_000.0));
    let all = bounds.chain([None]).zip(buckets);
    all.map(|(up_to, &count)| GapLength { up_to, count })
        .collect()
}
