//! The lab's quick applications, each once wherever it lives; each life counts as a test.

use crate::error::Error;
use crate::results::Results;
use crate::{command, lab, progress, setup};
use std::path::Path;
use std::process::{Command, Stdio};

/// Lets those live whose name contains `filter`, or the quick ones.
pub fn run(
    lab: &Path,
    tcplull: &Path,
    filter: Option<&str>,
    results: &mut Results,
) -> Result<(), Error> {
    let named = match filter {
        None => vec!["--quick".to_owned()],
        Some(filter) => {
            let mut names = names(lab)?;
            names.retain(|name| name.contains(filter));
            // No name at all would mean all.
            if names.is_empty() {
                return Ok(());
            }
            names
        }
    };
    progress::step(&format!("lab: applications {}", named.join(" ")));
    // Without root the lab itself says what it skips, and needs none of what they are made of.
    let named: Vec<&str> = named.iter().map(String::as_str).collect();
    let mut command = if setup::is_root() {
        match lab::applications(lab, tcplull, &named) {
            Ok(command) => command,
            Err(error) => {
                results.skip(format!("applications: {error}"));
                return Ok(());
            }
        }
    } else {
        let mut command = Command::new(lab);
        command.arg("apps").args(named);
        command
    };
    let (failed, skipped) = (results.failed, results.skipped);
    let status = command::show_lines(command.stdin(Stdio::null()), |line| {
        results.read_lab_line(line);
    })?;
    if !status.success() && (results.failed, results.skipped) == (failed, skipped) {
        results.fail(format!("applications ({status})"));
    }
    Ok(())
}

// "redis          what lives"
fn names(lab: &Path) -> Result<Vec<String>, Error> {
    let output = command::output(Command::new(lab).args(["apps", "--list"]))?;
    let list = String::from_utf8_lossy(&output.stdout);
    let names = list
        .lines()
        .filter_map(|line| line.split_whitespace().next());
    Ok(names.map(str::to_owned).collect())
}
