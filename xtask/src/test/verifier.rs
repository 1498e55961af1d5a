//! What the programs cost the verifier of this machine's own kernel, against what is kept of its series.

use std::process::{Command, Stdio};

use serde_json::Value;

use super::results::Results;
use crate::{
    error::Error,
    progress, setup,
    vm::{
        costs::{self, Kept},
        series,
    },
    workspace::Program,
};

/// The test's name.
const NAME: &str = "cost to the verifier";

/// Runs the test, if its name contains `filter` and this kernel's series is kept.
pub fn run(tcplull: &Program, filter: Option<&str>, results: &mut Results) -> Result<(), Error> {
    if filter.is_some_and(|filter| !NAME.contains(filter)) {
        return Ok(());
    }
    if !setup::is_root() {
        results.skip(format!("{NAME}: needs root"));
        return Ok(());
    }
    progress::step(NAME);
    let output = Command::new(&tcplull.path)
        .args(["check", "--json"])
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|source| Error::Start {
            program: tcplull.path.display().to_string(),
            source,
        })?;
    let Ok(report) = serde_json::from_slice::<Value>(&output.stdout) else {
        results.fail(format!("{NAME}: tcplull check ({})", output.status));
        return Ok(());
    };
    let release = report.get("kernel").and_then(Value::as_str);
    let series = release.and_then(series::of_release).unwrap_or_default();
    let kept = Kept::read()?;
    if !kept.knows(&series) {
        progress::note(&format!("nothing is kept of kernels {series}"));
        return Ok(());
    }
    let complaints = kept.complaints(&series, &costs::in_report(&report));
    if complaints.is_empty() {
        results.pass(1);
    }
    for complaint in complaints {
        results.fail(complaint);
    }
    Ok(())
}
