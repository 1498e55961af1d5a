//! `docs/performance.md`, made of all that was ever measured.

use crate::benchmark::Benchmark;
use crate::results::{Goal, Measured, Results, Table};
use std::fmt::Write;

/// What the page says before everything else.
const ABOUT: &str = "\
# Performance

What `tcplull` costs, measured by `cargo xtask bench`, which writes this page. Each row of the table below is one \
part of that command and can be run alone (`cargo xtask bench sweep`; `--list` has the names), the soak only so; what it measured last \
stands here, with the time and the machine; of a way of watching that the kernel there refuses, what another one gave \
before. Every figure is a median of repetitions, in brackets the quartiles: a \
quarter of the measurements lay below the first, a quarter above the second. Two things that are compared were \
measured side by side in one run. A benchmark, never a timed test: nothing fails because a figure missed its goal; \
it stands here as it is, with what is known about the reason.
";

/// The whole page.
pub fn page(benchmarks: &[Benchmark], results: &Results) -> String {
    let mut page = format!("{ABOUT}\n## At a glance\n\n");
    page.push_str("| row | figure | measured | to reach | |\n| --- | --- | --: | --: | --- |\n");
    for benchmark in benchmarks {
        let measured = results.benchmarks.get(benchmark.name);
        let link = format!("[{}](#{})", benchmark.title, anchor(benchmark.title));
        match measured {
            Some(measured) if !measured.outcome.goals.is_empty() => {
                for goal in &measured.outcome.goals {
                    page.push_str(&glance(&link, goal, ""));
                }
                for earlier in &measured.earlier {
                    let since = format!(", on {}", earlier.when);
                    for goal in &earlier.outcome.goals {
                        page.push_str(&glance(&link, goal, &since));
                    }
                }
            }
            _ => {
                let _ = writeln!(page, "| {link} | | not measured | | |");
            }
        }
    }
    for benchmark in benchmarks {
        page.push_str(&section(benchmark, results.benchmarks.get(benchmark.name)));
    }
    page
}

/// A line of the first table; `since` says from when it is, if it is not of the run that the row is of.
fn glance(link: &str, goal: &Goal, since: &str) -> String {
    let verdict = match goal.holds() {
        Some(true) => "reached",
        Some(false) => "**missed**",
        None => "not measured",
    };
    let digits = goal.digits;
    let measured = goal.measured.map_or("–".to_owned(), |value| {
        format!("{value:.digits$} {}", goal.unit)
    });
    format!(
        "| {link} | {} | {measured} | at most {:.digits$} {} | {verdict}{since} |\n",
        goal.what, goal.at_most, goal.unit
    )
}

fn section(benchmark: &Benchmark, measured: Option<&Measured>) -> String {
    let mut text = format!("\n## {}\n\n{}\n", benchmark.title, benchmark.method.trim());
    let Some(measured) = measured else {
        text.push_str("\nNot measured.\n");
        return text;
    };
    // Writing to a string cannot fail.
    let _ = write!(
        text,
        "\n{} UTC, {} s, `{}`, {}.\n",
        measured.when, measured.took_seconds, measured.command, measured.machine
    );
    for table in &measured.outcome.tables {
        text.push_str(&markdown(table));
    }
    for earlier in &measured.earlier {
        let _ = write!(
            text,
            "\nOf `--watch {}`, which that kernel refuses, as measured last: {} UTC, {}.\n",
            earlier.way, earlier.when, earlier.machine
        );
        for table in &earlier.outcome.tables {
            text.push_str(&markdown(table));
        }
    }
    if !benchmark.tried.trim().is_empty() {
        let _ = write!(text, "\n**What was tried.** {}\n", benchmark.tried.trim());
    }
    text
}

fn markdown(table: &Table) -> String {
    let mut text = format!("\n{}\n\n", table.about);
    let rule: String = (0..table.columns.len())
        .map(|column| if column == 0 { " --- |" } else { " --: |" })
        .collect();
    let _ = write!(text, "| {} |\n|{rule}\n", table.columns.join(" | "));
    for line in &table.lines {
        let _ = writeln!(text, "| {} |", line.join(" | "));
    }
    text
}

/// The anchor that Markdown renderers give to a heading.
fn anchor(title: &str) -> String {
    title
        .to_lowercase()
        .chars()
        .filter_map(|letter| match letter {
            ' ' => Some('-'),
            letter if letter.is_alphanumeric() || letter == '-' => Some(letter),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::benchmarks::ALL;
    use crate::machine::Machine;
    use crate::results::{Earlier, Outcome};

    fn measured() -> Measured {
        let mut table = Table::new("Each program alone.", &["program", "ns a run"]);
        table.line(["send".to_owned(), "24 (23 to 26)".to_owned()]);
        Measured {
            machine: Machine {
                kernel: "6.18.0".to_owned(),
                ..Machine::default()
            },
            ..Measured::some_time(Outcome {
                goals: vec![
                    Goal::new("above empty", 24.4, 30.0, "ns", 0),
                    Goal::new("against storage", 0.5, 0.33, "of it", 2),
                ],
                tables: vec![table],
            })
        }
    }

    #[test]
    fn every_benchmark_is_on_the_page_measured_or_not() {
        let page = page(ALL, &Results::default());
        for benchmark in ALL {
            assert!(
                page.contains(&format!("\n## {}\n", benchmark.title)),
                "{}",
                benchmark.name
            );
        }
        assert_eq!(page.matches("| not measured | | |").count(), ALL.len());
    }

    #[test]
    fn a_measured_benchmark_shows_goals_figures_time_and_kernel() {
        let mut results = Results::default();
        results
            .benchmarks
            .insert(ALL[0].name.to_owned(), measured());
        let page = page(ALL, &results);
        for part in [
            "| above empty | 24 ns | at most 30 ns | reached |",
            "| against storage | 0.50 of it | at most 0.33 of it | **missed** |",
            "| program | ns a run |\n| --- | --: |\n| send | 24 (23 to 26) |",
            "2026-01-31 12:00 UTC, 61 s, `cargo xtask bench`, Linux 6.18.0",
        ] {
            assert!(page.contains(part), "{part} is not in\n{page}");
        }
    }

    #[test]
    fn what_an_earlier_kernel_allowed_stands_with_its_time_and_kernel() {
        let here = measured();
        let earlier = Earlier {
            way: "snapshots".to_owned(),
            when: "2025-12-31 12:00".to_owned(),
            machine: Machine {
                kernel: "6.12.0".to_owned(),
                ..Machine::default()
            },
            outcome: Outcome {
                goals: vec![Goal::new("snapshots, healthy", 2.0, 3.0, "ns", 0)],
                tables: here.outcome.tables.clone(),
            },
        };
        let mut results = Results::default();
        let here = Measured {
            earlier: vec![earlier],
            ..here
        };
        results.benchmarks.insert(ALL[0].name.to_owned(), here);
        let page = page(ALL, &results);
        for part in [
            "| snapshots, healthy | 2 ns | at most 3 ns | reached, on 2025-12-31 12:00 |",
            "Of `--watch snapshots`, which that kernel refuses, as measured last: 2025-12-31 12:00 UTC, Linux 6.12.0",
        ] {
            assert!(page.contains(part), "{part} is not in\n{page}");
        }
    }

    #[test]
    fn links_lead_to_their_headings() {
        assert_eq!(anchor("Against `ss`"), "against-ss");
        assert_eq!(anchor("Cost of a program run"), "cost-of-a-program-run");
    }
}
