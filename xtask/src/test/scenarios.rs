//! The lab's scenarios, each once in each way of watching; each counts as a test.

use crate::error::Error;
use crate::results::Results;
use crate::vm::report::Report;
use crate::{command, lab, progress, setup};
use std::collections::BTreeSet;
use std::panic::resume_unwind;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::thread;

/// The ways of watching, as arguments of the daemon: the one that each kernel has by default, and the others.
const WAYS: [&[&str]; 3] = [&[], &["--watch", "per-socket"], &["--watch", "global"]];

/// Scenarios that run at once in one way of watching, beside those of the other ways.
const AT_ONCE: &str = "6";

/// Runs the scenarios whose name contains `filter`, or all.
pub fn run(
    lab: &Path,
    tcplull: &Path,
    filter: Option<&str>,
    results: &mut Results,
) -> Result<(), Error> {
    let names = match filter {
        None => Vec::new(),
        Some(filter) => {
            let mut names = scenarios(lab)?;
            names.retain(|name| name.contains(filter));
            // No name at all would mean every scenario.
            if names.is_empty() {
                return Ok(());
            }
            names
        }
    };
    let mut possible = Vec::new();
    let mut modes = BTreeSet::new();
    for way in WAYS {
        // Not every kernel can be watched in every way. Without root the lab itself says what it skips.
        match mode(tcplull, way)? {
            None if setup::is_root() => {
                results.skip(format!("lab {}: not on this kernel", way.join(" ")));
            }
            // The default of a kernel that forbids the best way is another of them.
            Some(mode) if !modes.insert(mode.clone()) => {
                progress::note(&format!(
                    "{mode} is what this kernel has by default: once is enough"
                ));
            }
            _ => possible.push(way),
        }
    }
    progress::step(&title(&names, "in each way of watching"));
    // Scenarios wait more than they work, so the ways run at the same time.
    let told: Vec<_> = thread::scope(|scope| {
        let names = &names;
        let tell = |way| scope.spawn(move || in_one_way(lab, tcplull, names, way));
        let runs: Vec<_> = possible.into_iter().map(tell).collect();
        let told = runs.into_iter().map(|run| run.join());
        told.map(|told| told.unwrap_or_else(|panic| resume_unwind(panic)))
            .collect()
    });
    for told in told {
        results.join(told?);
    }
    Ok(())
}

/// How this machine is watched where a daemon is asked to watch it so; `None` where it cannot be.
fn mode(tcplull: &Path, way: &[&str]) -> Result<Option<String>, Error> {
    let mut check = Command::new(tcplull);
    check
        .args(["check", "--json"])
        .args(way)
        .stderr(Stdio::null());
    let output = command::output(&mut check)?;
    if !output.status.success() {
        return Ok(None);
    }
    let report: Option<Report> = serde_json::from_slice(&output.stdout).ok();
    Ok(report.and_then(|report| report.mode().map(str::to_owned)))
}

/// Runs the scenarios of these names, in the default way of watching.
pub fn named(lab: &Path, tcplull: &Path, names: &str, results: &mut Results) -> Result<(), Error> {
    let names: Vec<String> = names.split(' ').map(str::to_owned).collect();
    tell(lab, tcplull, &names, results)
}

fn tell(lab: &Path, tcplull: &Path, names: &[String], results: &mut Results) -> Result<(), Error> {
    progress::step(&title(names, ""));
    let mut command = lab::command(lab, tcplull, names);
    let mut told = Results::default();
    let status = command::show_lines(command.stdin(Stdio::null()), |line| {
        told.read_lab_line(line);
    })?;
    results.join(judged(told, status, "lab"));
    Ok(())
}

/// Runs the scenarios in one way of watching, beside the others: shows what passed as it comes, and all else together at
/// the end.
fn in_one_way(
    lab: &Path,
    tcplull: &Path,
    names: &[String],
    way: &[&str],
) -> Result<Results, Error> {
    let name = format!("lab {}", way.join(" "));
    let name = name.trim_end();
    let mut command = lab::command(lab, tcplull, names);
    command.args(["--jobs", AT_ONCE, "--"]).args(way);
    let (mut told, mut kept) = (Results::default(), String::new());
    let status = command::each_line(command.stdin(Stdio::null()), |line| {
        told.read_lab_line(line);
        if line.starts_with("ok ") {
            println!("{name}: {line}");
        } else {
            kept.push_str(line);
            kept.push('\n');
        }
    })?;
    println!("{name}:\n{kept}");
    Ok(judged(told, status, name))
}

/// In CI the lab fails for what it skips, too; that is counted as skipped already.
fn judged(mut told: Results, status: ExitStatus, name: &str) -> Results {
    if !status.success() && (told.failed, told.skipped) == (0, 0) {
        told.fail(format!("{name} ({status})"));
    }
    told
}

fn title(names: &[String], how: &str) -> String {
    let shown = match names {
        [] => "all scenarios".to_owned(),
        names => names.join(", "),
    };
    format!("lab: {shown} {how}").trim_end().to_owned()
}

// "nat-silent-drop        what it tells"
fn scenarios(lab: &Path) -> Result<Vec<String>, Error> {
    let output = command::output(Command::new(lab).arg("list").stderr(Stdio::inherit()))?;
    if !output.status.success() {
        return Err(Error::failed("monitor-lab list", output.status));
    }
    let list = String::from_utf8_lossy(&output.stdout);
    let names = list
        .lines()
        .filter_map(|line| line.split_whitespace().next());
    Ok(names.map(str::to_owned).collect())
}
