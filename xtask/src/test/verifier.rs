//! What the programs cost the verifier of this machine's own kernel, against what is kept of its series.

use crate::error::Error;
use crate::results::Results;
use crate::vm::costs::Kept;
use crate::vm::report::Report;
use crate::vm::series;
use crate::{command, progress, setup};
use std::path::Path;
use std::process::{Command, Stdio};

/// The test's name.
const NAME: &str = "cost to the verifier";

/// Runs the test, if its name contains `filter` and this kernel's series is kept.
pub fn run(tcplull: &Path, filter: Option<&str>, results: &mut Results) -> Result<(), Error> {
    if filter.is_some_and(|filter| !NAME.contains(filter)) {
        return Ok(());
    }
    if !setup::is_root() {
        results.skip(format!("{NAME}: needs root"));
        return Ok(());
    }
    progress::step(NAME);
    let mut check = Command::new(tcplull);
    check.args(["check", "--json"]).stderr(Stdio::inherit());
    let output = command::output(&mut check)?;
    let Ok(report) = serde_json::from_slice::<Report>(&output.stdout) else {
        results.fail(format!("{NAME}: tcplull check ({})", output.status));
        return Ok(());
    };
    let release = report.kernel.as_deref();
    let series = release.and_then(series::of_release).unwrap_or_default();
    let kept = Kept::read()?;
    if !kept.knows(&series) {
        progress::note(&format!("nothing is kept of kernels {series}"));
        return Ok(());
    }
    let mut costs = report.costs();
    // A kernel that forbids the best way loads other programs than the one of its series that was kept.
    costs.retain(|cost| {
        let has = kept.has(&series, &cost.program);
        if !has {
            progress::note(&format!("nothing is kept of {} on {series}", cost.program));
        }
        has
    });
    let complaints = kept.complaints(&series, &costs);
    if complaints.is_empty() {
        results.pass(1);
    }
    for complaint in complaints {
        results.fail(complaint);
    }
    Ok(())
}
