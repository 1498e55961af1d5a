//! What is counted by path, as the API tells it.

use super::numbers::{Metrics, OnPath, count};
use monitor_common::GAP_BOUNDS_MS;
use monitor_model::gaps::GapLength;
use monitor_model::listing::IdleState;
use monitor_model::path_state::{FoundOften, PathState, SilentNow};
use std::collections::BTreeMap;

impl Metrics {
    /// What is counted by path, by the paths' names. Nothing else is known here of a path.
    pub fn path_states(&self) -> impl Iterator<Item = PathState> {
        self.paths.iter().map(|(path, on)| state(path, on))
    }
}

fn state(path: &str, on: &OnPath) -> PathState {
    let silent = |silence| count(&on.silent, &silence);
    // What is called the same after a silence and without one is one kind to a reader.
    let mut found = BTreeMap::<&str, u64>::new();
    for (kind, count) in &on.findings {
        *found.entry(kind.name()).or_default() += count;
    }
    PathState {
        path: path.to_owned(),
        timeout_seconds: on.timeout.map(|timeout| timeout.as_secs_f64()),
        silent: SilentNow {
            at_risk: silent(IdleState::AtRisk),
            crossed: silent(IdleState::Crossed),
            stalled: silent(IdleState::Stalled),
        },
        found: found
            .into_iter()
            .map(|(kind, count)| FoundOften {
                kind: kind.to_owned(),
                count,
            })
            .collect(),
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

#[cfg(test)]
mod tests {
    use super::*;
    use monitor_model::finding::{Cause, FindingKind, Outcome};

    #[test]
    fn what_has_one_name_is_counted_once_whether_or_not_a_silence_came_before() {
        let mut on = OnPath::default();
        let outcome = FindingKind::Outcome {
            outcome: Outcome::Blackholed,
        };
        let stall = FindingKind::Stall {
            cause: Cause::Blackholed,
        };
        on.findings.extend([(outcome, 2), (stall, 1)]);
        let found = state("far", &on).found;
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((found[0].kind.as_str(), found[0].count), ("blackholed", 3));
    }
}
