//! The lab's scenarios, each once in each way of watching; each counts as a test.

use std::process::{Command, Stdio};

use super::results::Results;
use crate::{
    error::Error,
    lab, progress,
    workspace::{self, Program},
};

/// The ways of watching, as arguments of the daemon: the better one of this kernel, and the one that each has.
const WAYS: [&[&str]; 2] = [&[], &["--watch", "global"]];

/// Runs the scenarios whose name contains `filter`, or all.
pub fn run(
    lab: &Program,
    tcplull: &Program,
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
    let shown = match names.as_slice() {
        [] => "all scenarios".to_owned(),
        names => names.join(", "),
    };
    for way in WAYS {
        progress::step(&format!("lab: {shown} {}", way.join(" ")));
        let mut command = lab::command(lab, tcplull, &names);
        command.arg("--").args(way).stdin(Stdio::null());
        let (failed, skipped) = (results.failed(), results.skipped());
        let status = workspace::show_lines(&mut command, |line| results.read_lab_line(line))?;
        // In CI the lab fails for what it skips, too; that is counted as skipped already.
        if !status.success() && (results.failed(), results.skipped()) == (failed, skipped) {
            results.fail(format!("lab ({status})"));
        }
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
