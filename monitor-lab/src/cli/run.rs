//! `monitor-lab run`: scenarios, several at once, and their reports.

use super::page::{applications_in, page, with_applications};
use super::turns::{Turn, Turns};
use super::{DIFFERS, INTERRUPTED, RunArguments, USAGE, is_root, tools};
use monitor_lab::LabError;
use monitor_lab::network::cgroup::OwnGroup;
use monitor_lab::runner::{self, Report, Tools};
use monitor_lab::scenarios::{self, Scenario};
use monitor_lab::truth::table::Table;
use serde::Serialize;
use std::fs::{self, File};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

pub(super) fn run(arguments: &RunArguments) -> Result<ExitCode, String> {
    let mut chosen: Vec<&'static Scenario> = Vec::new();
    for name in &arguments.names {
        let Some(scenario) = scenarios::named(name) else {
            let known: Vec<_> = scenarios::ALL.iter().map(|known| known.name).collect();
            eprintln!(
                "monitor-lab: there is no scenario {name:?}; there are: {}",
                known.join(", ")
            );
            return Ok(ExitCode::from(USAGE));
        };
        // Named twice is named.
        if chosen.iter().all(|known| known.name != scenario.name) {
            chosen.push(scenario);
        }
    }
    if arguments.names.is_empty() {
        chosen.extend(scenarios::ALL);
    }
    let turns: Vec<Turn> = (1..=arguments.repeat)
        .flat_map(|run| chosen.iter().map(move |scenario| (*scenario, run)))
        .collect();
    if !is_root() {
        return Ok(skip(&turns, arguments.json));
    }
    // Before minutes of work, not after them.
    if let Some(file) = &arguments.table {
        let directory = file.parent().unwrap_or(file);
        fs::create_dir_all(directory)
            .and_then(|()| File::options().append(true).create(true).open(file))
            .map_err(|error| format!("cannot write {}: {error}", file.display()))?;
    }
    let tools = Tools {
        daemon_arguments: arguments.daemon.clone(),
        record_to: arguments.record_to.clone(),
        ..tools(&arguments.under_test)?
    };
    // Nothing else on the machine is told of, or heard.
    let _own = OwnGroup::enter().map_err(|error| error.to_string())?;
    tell_all(turns, arguments, &tools)
}

/// Without root nothing can be built: names what is not run, and counts it.
fn skip(turns: &[Turn], json: bool) -> ExitCode {
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

fn tell_all(turns: Vec<Turn>, arguments: &RunArguments, tools: &Tools) -> Result<ExitCode, String> {
    let (mut passed, mut failed, all) = (0, 0, turns.len());
    let mut table = Table::default();
    let start = Instant::now();
    let turns = Turns::of(turns);
    thread::scope(|scope| {
        let (reports, finished) = mpsc::channel();
        for _ in 0..arguments.jobs {
            let (turns, reports) = (&turns, reports.clone());
            scope.spawn(move || {
                while let Some(turn) = turns.next(|| tools.interrupt.is_set()) {
                    let (scenario, run) = turn;
                    let told = tell(scenario, run, tools);
                    turns.done(turn);
                    // The receiver lives until the last sender is gone.
                    let _ = reports.send((scenario, run, told));
                }
            });
        }
        drop(reports);
        for (scenario, run, told) in finished {
            match told {
                Ok(report) => {
                    show(&report, arguments.json);
                    table.add(&report.cells, &report.times, report.false_findings);
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
    say(arguments.json, &format!("\n{}", table.markdown()));
    if arguments.json {
        print(&table.summary());
    }
    let told = passed + failed;
    let written = match &arguments.table {
        Some(file) => {
            let page = page(&table, arguments, told, start.elapsed().as_secs_f64());
            // What applications had to say last stays.
            let page = fs::read_to_string(file)
                .ok()
                .as_deref()
                .and_then(applications_in)
                .map_or_else(|| page.clone(), |section| with_applications(&page, section));
            fs::write(file, page)
                .map_err(|error| format!("cannot write {}: {error}", file.display()))
        }
        None => Ok(()),
    };
    say(
        arguments.json,
        &format!(
            "lab: {passed} passed, {failed} failed, {} skipped",
            all - told
        ),
    );
    written?;
    Ok(if failed > 0 {
        ExitCode::from(DIFFERS)
    } else if tools.interrupt.is_set() {
        ExitCode::from(INTERRUPTED)
    } else {
        ExitCode::SUCCESS
    })
}

/// One run. A panic in it is a failure of that run; its guards have cleaned up by then.
fn tell(scenario: &Scenario, run: u32, tools: &Tools) -> Result<Report, LabError> {
    catch_unwind(AssertUnwindSafe(|| runner::run(scenario, run, tools, None))).unwrap_or_else(
        |_| {
            Err(LabError::Premise(
                "the testbed panicked, see above".to_owned(),
            ))
        },
    )
}

fn show(report: &Report, json: bool) {
    if json {
        print(report);
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
    complain(
        &format!("{name} (run {run})"),
        &report.differences,
        report.log.as_deref(),
        json,
    );
}

/// What was wrong in a run, and what the daemon wrote in it.
pub(super) fn complain(run: &str, differences: &[String], log: Option<&str>, json: bool) {
    say(json, &format!("FAIL {run}"));
    for difference in differences {
        say(json, &format!("     {difference}"));
    }
    if let Some(log) = log {
        eprintln!("---- tcplull's log in {run}");
        eprintln!("{}", log.trim_end());
        eprintln!("----");
    }
}

/// A line for a program.
pub(super) fn print(object: &impl Serialize) {
    match serde_json::to_string(object) {
        Ok(line) => println!("{line}"),
        Err(error) => eprintln!("monitor-lab: cannot print a report: {error}"),
    }
}

/// A line for people: on stdout, unless that belongs to a program.
pub(super) fn say(json: bool, line: &str) {
    if json {
        eprintln!("{line}");
    } else {
        println!("{line}");
    }
}
