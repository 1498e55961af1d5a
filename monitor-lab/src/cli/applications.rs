//! `monitor-lab apps`: real applications, several at once, and their reports.

use super::page::with_applications;
use super::run::{complain, print, say};
use super::{ApplicationsArguments, DIFFERS, INTERRUPTED, USAGE, is_root, tools};
use monitor_lab::LabError;
use monitor_lab::network::cgroup::OwnGroup;
use monitor_lab::real::applications::settings::Setting;
use monitor_lab::real::table::Table;
use monitor_lab::real::{self, Application, Need, Report, Staging, applications};
use monitor_lab::runner::Tools;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError, mpsc};
use std::time::Instant;
use std::{fs, thread};

/// One application's one life.
type Turn = (&'static Application, Staging, u32);

pub(super) fn run(arguments: &ApplicationsArguments) -> Result<ExitCode, String> {
    let chosen = if arguments.settings {
        settings(&arguments.names)
    } else {
        chosen(arguments)
    };
    let Some(chosen) = chosen else {
        return Ok(ExitCode::from(USAGE));
    };
    if arguments.needs {
        return Ok(needs(&chosen));
    }
    if arguments.list {
        let told: Vec<(&str, &str)> = if arguments.settings {
            let all = applications::settings::ALL.iter();
            all.map(|one| (one.name, one.kept.about)).collect()
        } else {
            let all = applications::ALL.iter();
            all.map(|one| (one.name, one.about)).collect()
        };
        for (name, about) in told {
            println!("{name:15} {about}");
        }
        return Ok(ExitCode::SUCCESS);
    }
    let turns: VecDeque<Turn> = (1..=arguments.repeat)
        .flat_map(|run| {
            chosen
                .iter()
                .map(move |(one, staging)| (*one, *staging, run))
        })
        .collect();
    if !is_root() {
        for (application, staging, run) in &turns {
            let name = application.name;
            println!("skip {name}/{} (run {run}): needs root", staging.word());
        }
        println!("lab: 0 passed, 0 failed, {} skipped", turns.len());
        let unattended = std::env::var_os("CI").is_some_and(|value| value == "true");
        return Ok(if unattended {
            ExitCode::from(DIFFERS)
        } else {
            ExitCode::SUCCESS
        });
    }
    let tools = Tools {
        daemon_arguments: arguments.daemon.clone(),
        record_to: arguments.record_to.clone(),
        ..tools(&arguments.under_test)?
    };
    let _own = OwnGroup::enter().map_err(|error| error.to_string())?;
    live_all(turns, arguments, &tools)
}

/// The lives of the applications that are named, or of all; `None` where there is no such name.
fn chosen(arguments: &ApplicationsArguments) -> Option<Vec<(&'static Application, Staging)>> {
    let mut chosen = Vec::new();
    for name in &arguments.names {
        let (name, staging) = name.split_once('/').unwrap_or((name, ""));
        let stagings = Staging::ALL.into_iter();
        let mut stagings = stagings
            .filter(|one| staging.is_empty() || one.word() == staging)
            .peekable();
        let (Some(application), Some(_)) = (applications::named(name), stagings.peek()) else {
            let known: Vec<_> = applications::ALL.iter().map(|known| known.name).collect();
            eprintln!(
                "monitor-lab: there is no application {name:?} in {staging:?}; there are: {}; each in {}",
                known.join(", "),
                Staging::ALL.map(Staging::word).join(", ")
            );
            return None;
        };
        // Who names an application alone means where it lives.
        let lives = |one: &Staging| !staging.is_empty() || application.stagings.contains(one);
        chosen.extend(stagings.filter(lives).map(|staging| (application, staging)));
    }
    if arguments.names.is_empty() {
        let all = applications::ALL.iter();
        let all = all.filter(|application| application.quick || !arguments.quick);
        chosen.extend(all.flat_map(lives));
    }
    Some(chosen)
}

/// The lives of the settings that are named, or of all; `None` where there is no such name.
fn settings(names: &[String]) -> Option<Vec<(&'static Application, Staging)>> {
    let all = applications::settings::ALL;
    if let Some(unknown) = names
        .iter()
        .find(|name| applications::settings::named(name).is_none())
    {
        let known: Vec<_> = all.iter().map(|setting| setting.name).collect();
        eprintln!(
            "monitor-lab: there is no setting {unknown:?}; there are: {}",
            known.join(", ")
        );
        return None;
    }
    let all = all.iter();
    let all =
        all.filter(|setting| names.is_empty() || names.iter().any(|name| name == setting.name));
    Some(all.flat_map(Setting::lives).flat_map(lives).collect())
}

/// Everywhere that it lives.
fn lives(
    application: &'static Application,
) -> impl Iterator<Item = (&'static Application, Staging)> {
    let stagings = application.stagings.iter();
    stagings.map(move |staging| (application, *staging))
}

/// What these applications are made of, a line each, for who unpacks it.
fn needs(chosen: &[(&'static Application, Staging)]) -> ExitCode {
    let mut told: Vec<&Need> = Vec::new();
    for need in chosen.iter().flat_map(|(application, _)| application.needs) {
        if !told.contains(&need) {
            told.push(need);
        }
    }
    for need in told {
        match need {
            Need::Debian { package, programs } => {
                println!("debian {package} {}", programs.join(" "));
            }
            Need::Python(requirement) => println!("python {requirement}"),
        }
    }
    ExitCode::SUCCESS
}

fn live_all(
    turns: VecDeque<Turn>,
    arguments: &ApplicationsArguments,
    tools: &Tools,
) -> Result<ExitCode, String> {
    let (mut passed, mut failed, all) = (0, 0, turns.len());
    let mut table = Table::default();
    let start = Instant::now();
    let turns = Mutex::new(turns);
    let next = || {
        let mut turns = turns.lock().unwrap_or_else(PoisonError::into_inner);
        turns.pop_front().filter(|_| !tools.interrupt.is_set())
    };
    thread::scope(|scope| {
        let (reports, finished) = mpsc::channel();
        for _ in 0..arguments.jobs {
            let (next, reports) = (&next, reports.clone());
            scope.spawn(move || {
                while let Some((application, staging, run)) = next() {
                    let lived = live(application, staging, run, tools);
                    // The receiver lives until the last sender is gone.
                    let _ = reports.send((application, staging, run, lived));
                }
            });
        }
        drop(reports);
        for (application, staging, run, lived) in finished {
            match lived {
                Ok(report) => {
                    show(&report, arguments.json);
                    table.add(&report);
                    *(if report.ok() {
                        &mut passed
                    } else {
                        &mut failed
                    }) += 1;
                }
                Err(LabError::Interrupted) => {}
                Err(error) => {
                    failed += 1;
                    let name = application.name;
                    let line = format!("FAIL {name}/{} (run {run}): {error}", staging.word());
                    say(arguments.json, &line);
                }
            }
        }
    });
    let rows = table.markdown(applications::ALL);
    say(arguments.json, &format!("\n{rows}"));
    if let Some(file) = &arguments.table {
        let page = fs::read_to_string(file).unwrap_or_default();
        let page = with_applications(&page, &section(&rows, passed + failed, start));
        fs::write(file, page)
            .map_err(|error| format!("cannot write {}: {error}", file.display()))?;
    }
    let skipped = all - passed - failed;
    say(
        arguments.json,
        &format!("lab: {passed} passed, {failed} failed, {skipped} skipped"),
    );
    Ok(if failed > 0 {
        ExitCode::from(DIFFERS)
    } else if tools.interrupt.is_set() {
        ExitCode::from(INTERRUPTED)
    } else {
        ExitCode::SUCCESS
    })
}

/// One life. A panic in it is a failure of that life; its guards have cleaned up by then.
fn live(
    application: &'static Application,
    staging: Staging,
    run: u32,
    tools: &Tools,
) -> Result<Report, LabError> {
    let lived = || real::run(application, staging, run, tools);
    catch_unwind(AssertUnwindSafe(lived)).unwrap_or_else(|_| {
        Err(LabError::Premise(
            "the testbed panicked, see above".to_owned(),
        ))
    })
}

fn show(report: &Report, json: bool) {
    if json {
        print(report);
    }
    let (name, run) = (report.name(), report.run);
    if report.ok() {
        say(json, &format!("ok   {name} (run {run})"));
        return;
    }
    complain(
        &format!("{name} (run {run})"),
        &report.differences,
        report.log.as_deref(),
        json,
    );
}

/// What the page says of the applications.
fn section(rows: &str, runs: usize, start: Instant) -> String {
    let mut text = format!(
        "{ABOUT}\n{runs} lives in {:.0} s.\n\n{rows}\n{READING}\n| application | what lives |\n| --- | --- |\n",
        start.elapsed().as_secs_f64()
    );
    for application in applications::ALL {
        text.push_str(&format!(
            "| {} | {} |\n",
            application.name, application.about
        ));
    }
    text
}

const ABOUT: &str = "    cargo xtask lab --apps --repeat 5 --table docs/laboratory.md
";

const READING: &str = "\
Servers and clients from Debian and the Python Package Index, with the habits that their users give them, each three \
times. *stated*: the configuration states 4 s, there is no box, and those who rest do so for 6 s; only that a silence \
crossed is a ticket. *no-path*: nothing is stated, and all goes wrong that goes wrong in a day: servers and clients are \
stopped for 3 s and go on, the path is dead for 1, 3 and 5 s and loses 15 % for 6 s, servers restart, servers and clients \
are killed; nobody may be woken. One ticket counts as true there: `interrupted`, where the path itself was bad and a page \
was told of a connection of its owner that hung then, at most as often as that. Requests were late or lost, and what \
blinks every half hour should be looked at once, in working hours; so it is one ticket for a path and owner, with a count. \
A ticket `blackholed` that fires is false: what the outage held up went on after it. *box*: a NAT forgets after 4 s and \
drops what it does not know; what follows from that must be said, and its alerts must fire.
";
