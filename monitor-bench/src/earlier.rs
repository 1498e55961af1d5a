//! Ways of watching that this machine's kernel refuses: what a benchmark measured of them last, and where that was, stays
//! beside what it measures here.

use crate::results::{Earlier, Goal, Measured, Outcome, Table};
use crate::watch::Watch;

/// What `before` has of each of these ways, measured then or kept since.
pub fn of_ways(ways: &[Watch], before: Option<&Measured>) -> Vec<Earlier> {
    let Some(before) = before else {
        return Vec::new();
    };
    let of_way = |way: &Watch| {
        let name = way.name();
        let outcome = part(&before.outcome, name);
        if outcome.goals.is_empty() && outcome.tables.is_empty() {
            return before.earlier.iter().find(|one| one.way == name).cloned();
        }
        Some(Earlier {
            way: name.to_owned(),
            when: before.when.clone(),
            machine: before.machine.clone(),
            outcome,
        })
    };
    ways.iter().filter_map(of_way).collect()
}

/// The figures that name this way, in the whole of a table or in a line's first cell.
fn part(outcome: &Outcome, way: &str) -> Outcome {
    let names = |text: &str| {
        let mut words = text.split(|letter: char| !letter.is_alphanumeric() && letter != '-');
        words.any(|word| word == way)
    };
    let goals = outcome.goals.iter();
    let goals: Vec<Goal> = goals.filter(|goal| names(&goal.what)).cloned().collect();
    let tables = outcome.tables.iter().filter_map(|table| {
        let whole = names(&table.about);
        let lines = table.lines.iter();
        let lines = lines.filter(|line| whole || line.first().is_some_and(|cell| names(cell)));
        let table = Table {
            lines: lines.cloned().collect(),
            ..table.clone()
        };
        (!table.lines.is_empty()).then_some(table)
    });
    Outcome {
        goals,
        tables: tables.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(ways: &[&str]) -> Measured {
        let goal = |way: &&str| Goal::new(format!("a start, {way}"), 1.0, 2.0, "s", 0);
        let mut lines = Table::new("Each start.", &["", "s"]);
        let mut tables = Vec::new();
        for way in ways {
            lines.line([format!("{way}, none silent"), "1".to_owned()]);
            let mut table = Table::new(format!("In a storm, watched {way}."), &["", "s"]);
            table.line(["first".to_owned(), "1".to_owned()]);
            tables.push(table);
        }
        tables.insert(0, lines);
        Measured::some_time(Outcome {
            goals: ways.iter().map(goal).collect(),
            tables,
        })
    }

    #[test]
    fn what_was_measured_of_a_way_is_kept_alone_and_over_runs_without_it() {
        let before = measured(&["global", "snapshots"]);
        let kept = of_ways(&[Watch::Snapshots], Some(&before));
        assert_eq!(kept.len(), 1);
        assert_eq!(kept[0].outcome, measured(&["snapshots"]).outcome);
        assert_eq!(kept[0].when, before.when);
        let since = Measured {
            when: "2026-02-28 12:00".to_owned(),
            earlier: kept.clone(),
            ..measured(&["global"])
        };
        assert_eq!(of_ways(&[Watch::Snapshots], Some(&since)), kept);
    }

    #[test]
    fn of_a_way_that_was_never_measured_nothing_is_kept() {
        let before = measured(&["global"]);
        assert_eq!(of_ways(&[Watch::Snapshots], Some(&before)), []);
        assert_eq!(of_ways(&[], Some(&before)), []);
        assert_eq!(of_ways(&[Watch::Snapshots], None), []);
    }
}
