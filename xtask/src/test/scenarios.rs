//! The lab's scenarios, each once in each way of watching; each counts as a test.

use crate::error::Error;
use crate::results::Results;
use crate::{command, lab, progress};
use std::path::Path;
use std::process::{Command, Stdio};

/// The ways of watching, as arguments of the daemon: the better one of this kernel, and the one that each has.
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
    WAYS.iter()
        .try_for_each(|way| tell(lab, tcplull, &names, way, results))
}

/// Runs the scenarios of these names, in the better way of watching.
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
    {
        progress::step(&format!("lab: {shown} {}", way.join(" ")));
        let mut command = lab::command(lab, tcplull, names);
        command.arg("--").args(way).stdin(Stdio::null());
        let (failed, skipped) = (results.failed, results.skipped);
        let status = command::show_lines(&mut command, |line| results.read_lab_line(line))?;
        // In CI the lab fails for what it skips, too; that is counted as skipped already.
        if !status.success() && (results.failed, results.skipped) == (failed, skipped) {
            results.fail(format!("lab ({status})"));
        }
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
