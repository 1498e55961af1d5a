//! `monitor-lab run`: scenarios, several at once, and their reports.

use super::{DIFFERS, INTERRUPTED, RunArguments, USAGE, is_root, tools};
use monitor_lab::LabError;
use monitor_lab::runner::{self, Report, Tools};
use monitor_lab::scenarios::{self, Scenario};
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;

/// One scenario's one run, waiting or done.
type Turn = (&'static Scenario, u32);

pub(super) fn run(arguments: &RunArguments) -> Result<ExitCode, String> {
    let chosen: Vec<&'static Scenario> = match &arguments.name {
        None => scenarios::ALL.iter().collect(),
        Some(name) => {
            let Some(scenario) = scenarios::named(name) else {
                let known: Vec<_> = scenarios::ALL.iter().map(|known| known.name).collect();
                eprintln!(
                    "monitor-lab: there is no scenario {name:?}; there are: {}",
                    known.join(", ")
                );
                return Ok(ExitCode::from(USAGE));
            };
            vec![scenario]
        }
    };
    let turns = (1..=arguments.repeat)
        .flat_map(|run| chosen.iter().map(move |scenario| (*scenario, run)))
        .collect::<VecDeque<Turn>>();
    if !is_root() {
        return Ok(skip(&turns, arguments.json));
    }
    let tools = Tools {
        record_to: arguments.record_to.clone(),
        ..tools(&arguments.under_test)?
    };
    Ok(tell_all(turns, arguments, &tools))
}

/// Without root nothing can be built: names what is not run, and counts it.
fn skip(turns: &VecDeque<Turn>, json: bool) -> ExitCode {
    for (scenario, run) in turns {
        say(
            json,
            &format!("skip {} (run {run}): needs root", scenario.name),
        );
    }
    say(
        json,
        &format!("lab: 0 passed, 0 failed, {} skipped", turns.len()),
    );
    // Where nobody reads the output, what was not tested must not look tested.
    let unattended = std::env::var_os("CI").is_some_and(|value| value == "true");
    if unattended {
        ExitCode::from(DIFFERS)
    } else {
        ExitCode::SUCCESS
    }
}

fn tell_all(turns: VecDeque<Turn>, arguments: &RunArguments, tools: &Tools) -> ExitCode {
    let (mut passed, mut failed, all) = (0, 0, turns.len());
    let turns = Mutex::new(turns);
    thread::scope(|scope| {
        let (reports, finished) = mpsc::channel();
        for _ in 0..arguments.jobs {
            let (turns, reports) = (&turns, reports.clone());
            scope.spawn(move || {
                let next = || {
                    let mut turns = turns.lock().unwrap_or_else(PoisonError::into_inner);
                    turns.pop_front().filter(|_| !tools.interrupt.is_set())
                };
                while let Some((scenario, run)) = next() {
                    // The receiver lives until the last sender is gone.
                    let _ = reports.send((scenario, run, tell(scenario, run, tools)));
                }
            });
        }
        drop(reports);
        for (scenario, run, told) in finished {
            match told {
                Ok(report) => {
                    show(&report, arguments.json);
                    *(if report.ok { &mut passed } else { &mut failed }) += 1;
                }
                Err(LabError::Interrupted) => {}
                Err(error) => {
                    failed += 1;
                    say(
                        arguments.json,
                        &format!("FAIL {} (run {run}): {error}", scenario.name),
                    );
                }
            }
        }
    });
    let skipped = all - passed - failed;
    say(
        arguments.json,
        &format!("lab: {passed} passed, {failed} failed, {skipped} skipped"),
    );
    if failed > 0 {
        ExitCode::from(DIFFERS)
    } else if tools.interrupt.is_set() {
        ExitCode::from(INTERRUPTED)
    } else {
        ExitCode::SUCCESS
    }
}

/// One run. A panic in it is a failure of that run; its guards have cleaned up by then.
fn tell(scenario: &Scenario, run: u32, tools: &Tools) -> Result<Report, LabError> {
    catch_unwind(AssertUnwindSafe(|| runner::run(scenario, run, tools, None)))
        .unwrap_or_else(|_| Err(LabError::World("the bench panicked, see above".to_owned())))
}

fn show(report: &Report, json: bool) {
    if json {
        match serde_json::to_string(report) {
            Ok(line) => println!("{line}"),
            Err(error) => eprintln!("monitor-lab: cannot print a report: {error}"),
        }
    }
    let run = report.run;
    let name = report.scenario;
    if report.ok {
        let verdict = report.verdict_seconds.map_or(String::new(), |seconds| {
            format!(", verdict after {seconds:.2} s")
        });
        say(json, &format!("ok   {name} (run {run}){verdict}"));
        return;
    }
    say(json, &format!("FAIL {name} (run {run})"));
    for difference in &report.differences {
        say(json, &format!("     {difference}"));
    }
    if let Some(log) = &report.log {
        eprintln!("---- tcplull's log in {name} (run {run})");
        eprintln!("{}", log.trim_end());
        eprintln!("----");
    }
}

/// A line for people: on stdout, unless that belongs to a program.
fn say(json: bool, line: &str) {
    if json {
        eprintln!("{line}");
    } else {
        println!("{line}");
    }
}
