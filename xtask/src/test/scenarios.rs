//! The lab's scenarios, each once; each counts as a test.

use std::process::{Command, Stdio};

use super::results::Results;
use crate::{
    error::Error,
    lab, progress,
    workspace::{self, Program},
};

/// Runs the scenarios whose name contains `filter`, or all.
pub fn run(
    lab: &Program,
    tcplull: &Program,
    filter: Option<&str>,
    results: &mut Results,
) -> Result<(), Error> {
    match filter {
        None => run_one(lab, tcplull, None, results),
        Some(filter) => scenarios(lab)?
            .iter()
            .filter(|name| name.contains(filter))
            .try_for_each(|name| run_one(lab, tcplull, Some(name), results)),
    }
}

fn run_one(
    lab: &Program,
    tcplull: &Program,
    name: Option<&str>,
    results: &mut Results,
) -> Result<(), Error> {
    progress::step(&format!("lab: {}", name.unwrap_or("all scenarios")));
    let mut command = lab::command(lab, tcplull, name);
    command.stdin(Stdio::null());
    let (failed, skipped) = (results.failed(), results.skipped());
    let status = workspace::show_lines(&mut command, |line| results.read_lab_line(line))?;
    // In CI the lab fails for what it skips, too; that is counted as skipped already.
    if !status.success() && (results.failed(), results.skipped()) == (failed, skipped) {
        results.fail(format!("lab ({status})"));
    }
    Ok(())
}

// "nat-silent-drop        what it tells"
fn scenarios(lab: &Program) -> Result<Vec<String>, Error> {
    let output = Command::new(&lab.path)
        .arg("list")
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|source| Error::Start {
            program: lab.path.display().to_string(),
            source,
        })?;
    if !output.status.success() {
        return Err(Error::Failed {
            what: "monitor-lab list".into(),
            status: output.status,
        });
    }
    let list = String::from_utf8_lossy(&output.stdout);
    let names = list
        .lines()
        .filter_map(|line| line.split_whitespace().next());
    Ok(names.map(str::to_owned).collect())
}
