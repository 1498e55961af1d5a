//! The tables that a run ends with, as plain text.

use super::costs::Cost;
use super::verdict::{Run, Verdict};
use comfy_table::Table;
use comfy_table::presets::NOTHING;
use std::collections::BTreeMap;

/// Kernel x hook mechanism x scenario: a column for each kernel and variant, a line for each hook and scenario.
pub fn kernels(verdicts: &[Verdict]) -> String {
    let mut grid = Grid::default();
    let kernel = |verdict: &Verdict| match verdict.kernel.as_str() {
        "" => verdict.series.name.to_owned(),
        kernel => kernel.to_owned(),
    };
    for verdict in verdicts {
        if verdict.runs.is_empty() {
            let fate = if verdict.refusal.is_some() && verdict.failures.is_empty() {
                "refused"
            } else {
                "FAIL"
            };
            grid.column(vec![
                ("kernel", kernel(verdict)),
                ("hooks", fate.to_owned()),
            ]);
        }
        for run in &verdict.runs {
            let mut cells = vec![
                ("kernel", kernel(verdict)),
                ("hooks", run.variant.to_owned()),
            ];
            for (hook, mechanism) in &run.hooks {
                cells.push((hook, short(mechanism.as_deref())));
            }
            for (scenario, passed) in &run.scenarios {
                cells.push((scenario, if *passed { "ok" } else { "FAIL" }.to_owned()));
            }
            grid.column(cells);
        }
    }
    grid.text()
}

/// "fentry" of "fentry/tcp_sendmsg_locked", "fentry x2" where two programs do it.
fn short(mechanism: Option<&str>) -> String {
    let Some(mechanism) = mechanism else {
        return "none".to_owned();
    };
    let (kind, targets) = mechanism.split_once('/').unwrap_or((mechanism, ""));
    match targets.split('+').count() {
        1 => kind.to_owned(),
        many => format!("{kind} x{many}"),
    }
}

/// Every mechanism of every hook, and the series on which the scenarios passed with it.
pub fn mechanisms(verdicts: &[Verdict]) -> BTreeMap<String, Vec<&'static str>> {
    let mut found: BTreeMap<String, Vec<&'static str>> = BTreeMap::new();
    for verdict in verdicts {
        for run in &verdict.runs {
            for other in &run.others {
                found.entry(other.clone()).or_default();
            }
            let passed = run.scenarios.iter().all(|(_, passed)| *passed);
            for (_, mechanism) in &run.hooks {
                let Some(mechanism) = mechanism else { continue };
                let on = found.entry(mechanism.clone()).or_default();
                if passed && !on.contains(&verdict.series.name) {
                    on.push(verdict.series.name);
                }
            }
        }
    }
    found
}

/// The verifier's cost of each program on each kernel: instructions processed, and how long loading took there.
pub fn costs(verdicts: &[Verdict]) -> String {
    let mut grid = Grid::default();
    for verdict in verdicts {
        let mut cells = vec![("program", verdict.series.name.to_owned())];
        for cost in once_each(&verdict.runs) {
            let instructions = match cost.instructions {
                Some(instructions) => instructions.to_string(),
                None => "?".to_owned(),
            };
            let cell = format!("{instructions} ({} ms)", cost.load_us / 1000);
            cells.push((&cost.program, cell));
        }
        if cells.len() > 1 {
            grid.column(cells);
        }
    }
    grid.text()
}

/// The cost of each program, from the first variant that loads it.
pub fn once_each(runs: &[Run]) -> Vec<&Cost> {
    let mut costs: Vec<&Cost> = Vec::new();
    for cost in runs.iter().flat_map(|run| &run.costs) {
        if costs.iter().all(|known| known.program != cost.program) {
            costs.push(cost);
        }
    }
    costs
}

/// Lines by the order in which they were first named, each with its name first; columns as they come.
#[derive(Default)]
struct Grid {
    lines: Vec<Vec<String>>,
    columns: usize,
}

impl Grid {
    fn column(&mut self, cells: Vec<(&str, String)>) {
        self.columns += 1;
        for (name, cell) in cells {
            let known = self.lines.iter().position(|line| line[0] == name);
            let at = known.unwrap_or_else(|| {
                self.lines.push(vec![name.to_owned()]);
                self.lines.len() - 1
            });
            self.lines[at].resize(self.columns, String::new());
            self.lines[at].push(cell);
        }
    }

    fn text(self) -> String {
        if self.lines.is_empty() {
            return String::new();
        }
        let mut table = Table::new();
        table.load_style(NOTHING).add_rows(self.lines);
        for column in table.column_iter_mut() {
            column.set_padding((0, 2));
        }
        table.trim_fmt() + "\n"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vm::series;

    fn verdicts() -> Vec<Verdict> {
        let run = |variant, receive: &str, passed| Run {
            variant,
            hooks: vec![("receive".to_owned(), Some(receive.to_owned()))],
            others: vec!["fentry/do_tcp_sendpages".to_owned()],
            costs: vec![Cost {
                program: "sweep_tcp".to_owned(),
                instructions: Some(100),
                load_us: 2000,
            }],
            scenarios: vec![("survives", passed)],
        };
        let verdict = |series: &str, runs| Verdict {
            runs,
            failures: Vec::new(),
            ..Verdict::of_nothing(series::named(series).unwrap(), String::new())
        };
        vec![
            Verdict {
                refusal: Some("too old".to_owned()),
                ..verdict("5.10", Vec::new())
            },
            verdict(
                "6.1",
                vec![
                    run("best", "tp_btf/tcp_probe", true),
                    run("receive=fentry", "fentry/tcp_rcv_established", false),
                ],
            ),
        ]
    }

    #[test]
    fn one_table_holds_kernels_mechanisms_and_scenarios() {
        let text = kernels(&verdicts());
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "kernel    5.10     6.1     6.1");
        assert_eq!(lines[1], "hooks     refused  best    receive=fentry");
        assert_eq!(lines[2], "receive            tp_btf  fentry");
        assert_eq!(lines[3], "survives           ok      FAIL");
    }

    #[test]
    fn a_mechanism_counts_only_where_all_scenarios_passed_with_it() {
        let found = mechanisms(&verdicts());
        assert_eq!(found["tp_btf/tcp_probe"], ["6.1"]);
        assert!(found["fentry/tcp_rcv_established"].is_empty());
        assert!(found["fentry/do_tcp_sendpages"].is_empty());
    }

    #[test]
    fn costs_stand_by_program_and_kernel_and_only_where_there_are_any() {
        assert_eq!(
            costs(&verdicts()),
            "program    6.1\nsweep_tcp  100 (2 ms)\n"
        );
    }

    #[test]
    fn two_programs_for_one_hook_show() {
        assert_eq!(short(Some("fentry/a+b")), "fentry x2");
        assert_eq!(short(None), "none");
    }
}
