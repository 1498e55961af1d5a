//! The lab's scenarios, each once in each way of watching; each counts as a test.

use crate::error::Error;
use crate::results::Results;
use crate::{command, lab, progress, setup};
use std::path::Path;
use std::process::{Command, Stdio};

/// The ways of watching, as arguments of the daemon: the one that each kernel has by default, and the others.
const WAYS: [&[&str]; 3] = [&[], &["--watch", "per-socket"], &["--watch", "global"]];

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
    for way in WAYS {
        // Not every kernel can be watched in every way. Without root the lab itself says what it skips.
        if setup::is_root() && !works(tcplull, way)? {
            results.skip(format!("lab {}: not on this kernel", way.join(" ")));
            continue;
        }
        tell(lab, tcplull, &names, way, results)?;
    }
    Ok(())
}

/// Whether this machine can be watched so.
fn works(tcplull: &Path, way: &[&str]) -> Result<bool, Error> {
    let mut check = Command::new(tcplull);
    check.arg("check").args(way).stderr(Stdio::null());
    Ok(command::output(&mut check)?.status.success())
}

/// Runs the scenarios of these names, in the default way of watching.
pub fn named(lab: &Path, tcplull: &Path, names: &str, results: &mut Results) -> Result<(), Error> {
    let names: Vec<String> = names.split(' ').map(str::to_owned).collect();
    tell(lab, tcplull, &names, &[], results)
}

fn tell(
    lab: &Path,
    tcplull: &Path,
    names: &[String],
    way: &[&str],
    results: &mut Results,
) -> Result<(), Error> {
    let shown = match names {
        [] => "all scenarios".to_owned(),
        names => names.join(", "),
    };
    progress::step(&format!("lab: {shown} {}", way.join(" ")));
    let mut command = lab::command(lab, tcplull, names);
    command.arg("--").args(way).stdin(Stdio::null());
    let (failed, skipped) = (results.failed, results.skipped);
    let status = command::show_lines(&mut command, |line| results.read_lab_line(line))?;
    // In CI the lab fails for what it skips, too; that is counted as skipped already.
    if !status.success() && (results.failed, results.skipped) == (failed, skipped) {
        results.fail(format!("lab ({status})"));
    }
    Ok(())
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
