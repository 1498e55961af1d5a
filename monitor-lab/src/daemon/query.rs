//! One question to a running daemon, one answer.

use crate::LabError;
use crate::children::Guarded;
use serde::de::DeserializeOwned;
use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// How long an answer may take.
const BOUND: Duration = Duration::from_secs(10);

/// The body of `path`; `None` unless the answer is 200.
pub(super) fn get(listen: SocketAddr, path: &str) -> Option<String> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_global(Some(BOUND))
        .proxy(None)
        .build()
        .into();
    let mut answer = agent.get(format!("http://{listen}{path}")).call().ok()?;
    let body = answer.body_mut().read_to_string().ok()?;
    (answer.status() == 200).then_some(body)
}

/// Runs `tcplull <question> --json` and reads one JSON object a line.
pub(super) fn ask<T: DeserializeOwned>(
    binary: &Path,
    question: &str,
    socket: &Path,
    place: &Path,
) -> Result<Vec<T>, LabError> {
    let failed = |why: String| LabError::Daemon(format!("{question} --json {why}"));
    let [out, err] = ["out", "err"].map(|stream| place.join(format!("{question}.{stream}")));
    let create = |file: &Path| {
        File::create(file).map_err(LabError::io(format!("making {}", file.display())))
    };
    let read = |file: &Path| {
        fs::read_to_string(file).map_err(LabError::io(format!("reading {}", file.display())))
    };
    let mut process = Guarded::start(
        Command::new(binary)
            .args([question, "--json", "--socket"])
            .arg(socket)
            .stdin(Stdio::null())
            .stdout(create(&out)?)
            .stderr(create(&err)?),
    )?;
    let Some(status) = process.wait_within(BOUND) else {
        return Err(failed(format!("did not end within {} s", BOUND.as_secs())));
    };
    if !status.success() {
        return Err(failed(format!("failed ({status}): {}", read(&err)?.trim())));
    }
    read(&out)?
        .lines()
        .map(|line| {
            serde_json::from_str(line)
                .map_err(|error| failed(format!("printed what it should not ({error}): {line}")))
        })
        .collect()
}

/// The value of the first series in `metrics` that has this name and at least these labels.
#[must_use]
pub fn series(metrics: &str, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
    metrics.lines().find_map(|line| {
        let (series, value) = line.rsplit_once(' ')?;
        let (found, carried) = match series.split_once('{') {
            Some((found, carried)) => (found, carried.strip_suffix('}')?),
            None => (series, ""),
        };
        let all = labels.iter().all(|(label, value)| {
            carried
                .split(',')
                .any(|pair| pair == format!("{label}=\"{value}\""))
        });
        (found == name && all).then(|| value.parse().ok())?
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const METRICS: &str = "\
# HELP tcplull_crossed_total Silences.
# TYPE tcplull_crossed_total counter
tcplull_crossed_total{path=\"nat\"} 2
tcplull_outcomes_total{outcome=\"blackholed\",path=\"nat\"} 1
tcplull_outcomes_total{outcome=\"survived\",path=\"other\"} 7
tcplull_sweeps_total 12
";

    #[test]
    fn a_series_is_found_by_its_labels_in_any_order() {
        let outcome = [("path", "nat"), ("outcome", "blackholed")];
        assert_eq!(
            series(METRICS, "tcplull_outcomes_total", &outcome),
            Some(1.0)
        );
        assert_eq!(series(METRICS, "tcplull_sweeps_total", &[]), Some(12.0));
    }

    #[test]
    fn another_paths_series_is_not_taken_for_it() {
        let outcome = [("path", "nat"), ("outcome", "survived")];
        assert_eq!(series(METRICS, "tcplull_outcomes_total", &outcome), None);
        assert_eq!(series(METRICS, "tcplull_crossed", &[("path", "nat")]), None);
    }
}
