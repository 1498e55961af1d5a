//! What a benchmark measured, beside what it measured last: which figures moved by more than they spread.

use crate::results::{Goal, Measured};

/// A figure without quartiles has moved when it differs by more than this, as a share of the one before.
const SHARE: f64 = 0.1;

/// One line for each figure that moved since `before`, or is no longer on the same side of its bound.
pub fn moved(before: Option<&Measured>, now: &Measured) -> Vec<String> {
    let Some(before) = before else {
        return Vec::new();
    };
    let mut lines = Vec::new();
    for goal in &now.outcome.goals {
        let mut earlier = before.outcome.goals.iter();
        let Some(earlier) = earlier.find(|earlier| earlier.what == goal.what) else {
            continue;
        };
        if let (Some(was), Some(is)) = (earlier.measured, goal.measured)
            && (differ(earlier, was, goal, is) || earlier.holds() != goal.holds())
        {
            let (digits, unit) = (goal.digits, &goal.unit);
            let side = match (earlier.holds(), goal.holds()) {
                (Some(true), Some(false)) => ": no longer reached",
                (Some(false), Some(true)) => ": reached now",
                _ => "",
            };
            lines.push(format!(
                "moved: {}: {was:.digits$} on {}, {is:.digits$} {unit} now (at most {:.digits$}){side}",
                goal.what, before.when, goal.at_most
            ));
        }
    }
    lines
}

/// Whether each lies outside what the other spread over.
fn differ(earlier: &Goal, was: f64, goal: &Goal, is: f64) -> bool {
    let outside = |quartiles: Option<[f64; 2]>, own: f64, other: f64| match quartiles {
        Some([lower, upper]) => other < lower || other > upper,
        None => (other - own).abs() > own.abs() * SHARE,
    };
    outside(earlier.quartiles, was, is) && outside(goal.quartiles, is, was)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::Outcome;
    use crate::stats::Summary;

    fn measured(goals: Vec<Goal>) -> Measured {
        Measured::some_time(Outcome {
            goals,
            tables: vec![],
        })
    }

    fn start(times: [f64; 3]) -> Goal {
        let summary = Summary::of(times);
        let median = summary.map(|summary| summary.median);
        Goal::new("exec to ready", median, 500.0, "ms", 0).with_quartiles_of(summary, 1.0)
    }

    #[test]
    fn a_figure_that_moved_within_its_spread_is_not_told() {
        let before = measured(vec![start([300.0, 350.0, 400.0])]);
        let now = measured(vec![start([310.0, 370.0, 420.0])]);
        assert_eq!(moved(Some(&before), &now), Vec::<String>::new());
        assert_eq!(moved(None, &now), Vec::<String>::new());
    }

    #[test]
    fn one_that_moved_further_is_and_whether_its_bound_holds_now() {
        let before = measured(vec![start([300.0, 310.0, 320.0])]);
        let now = measured(vec![start([600.0, 610.0, 620.0])]);
        assert_eq!(
            moved(Some(&before), &now),
            [
                "moved: exec to ready: 310 on 2026-01-31 12:00, 610 ms now (at most 500): no longer reached"
            ]
        );
    }

    #[test]
    fn without_quartiles_a_tenth_is_what_counts() {
        let goal = |value| measured(vec![Goal::new("resident", value, 20.0, "MiB", 1)]);
        assert!(moved(Some(&goal(10.0)), &goal(10.9)).is_empty());
        assert_eq!(moved(Some(&goal(10.0)), &goal(12.0)).len(), 1);
    }
}
