//! Every scenario of the laboratory, judged again from its recording: in process,
//! in a moment, without root and without a kernel. What is said must be what is
//! true, and what the daemon said when it was recorded.

use libtest_mimic::{Arguments, Failed, Trial};
use monitor_judge::alerts::Limits;
use monitor_judge::recording::{Ending, Recording, RecordingError, Replayed, replay};
use monitor_lab::configuration::PAGE_AFTER;
use monitor_lab::fixture::{Fixture, KeptFinding};
use monitor_lab::scenarios::{self, Scenario};
use monitor_lab::truth::{
    Alert, Finding, INTERRUPTED, Observed, ObservedFinding, UNREACHABLE, compare,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fs;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// After how long pages fire in a replay, in ns. Where a scenario does not say, at once: its story waits until they do,
/// and a recording ends as soon as they did in the daemon that made it, whatever its wait was.
fn page_after_ns(scenario: &Scenario) -> u64 {
    match scenario.configuration.page_after {
        PAGE_AFTER => 1_000_000,
        seconds => u64::from(seconds) * 1_000_000_000,
    }
}

fn main() -> ExitCode {
    let mut trials: Vec<Trial> = scenarios::ALL
        .iter()
        .map(|scenario| Trial::test(scenario.name, || judged_again(scenario)))
        .collect();
    trials.push(Trial::test("every_recording_has_its_scenario", no_orphans));
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn recordings() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/recordings")
}

fn judged_again(scenario: &Scenario) -> Result<(), Failed> {
    let remedy = format!("make it anew: cargo xtask lab {} --record", scenario.name);
    let [facts, json] =
        ["facts", "json"].map(|ending| recordings().join(format!("{}.{ending}", scenario.name)));
    let json = fs::read_to_string(&json)
        .map_err(|error| format!("{}: {error}; {remedy}", json.display()))?;
    let fixture: Fixture = serde_json::from_str(&json)
        .map_err(|error| format!("{}.json: {error}; {remedy}", scenario.name))?;
    let (findings, replayed) =
        findings(&facts, page_after_ns(scenario)).map_err(|error| format!("{error}; {remedy}"))?;
    if replayed.lost > 0 || replayed.ending != Ending::Stopped {
        return Err(format!("the recording is not whole: {replayed:?}; {remedy}").into());
    }

    let observed: Vec<KeptFinding> = findings.iter().map(KeptFinding::of).collect();
    for connection in observed
        .iter()
        .chain(&fixture.observed)
        .map(|one| &one.connection)
    {
        let of = |all: &[KeptFinding]| -> Vec<KeptFinding> {
            let ours = all.iter().filter(|one| one.connection == *connection);
            ours.cloned().collect()
        };
        assert_eq!(
            of(&observed),
            of(&fixture.observed),
            "the replay (left) says other things than the daemon did (right); \
             if the judge is right now, {remedy}"
        );
    }

    // Where alerts are read the truth says which are left.
    let vanished = vanished(&findings, &replayed);
    if !fixture.reads_alerts && !vanished.is_empty() {
        return Err(vanished.join("\n").into());
    }
    let truth = (scenario.truth)();
    let observation = findings.into_iter().map(|finding| {
        let connection = &finding.connection;
        let addresses = &fixture.addresses;
        let known = addresses.find(&connection.local, &connection.remote);
        ObservedFinding {
            at_seconds: 0.0,
            end: known.map(|(end, _)| end),
            on: known.map_or(0, |(_, on)| on),
            finding,
        }
    });
    let observed = Observed {
        findings: observation.collect(),
        cgroup: fixture.cgroup.clone(),
        holders: fixture.holders,
        alerts: fixture.reads_alerts.then(|| alerts(&replayed, truth.path)),
        ..Observed::default()
    };
    let differences = compare::differences(&truth, &observed);
    if differences.is_empty() {
        Ok(())
    } else {
        Err(differences.join("\n").into())
    }
}

/// Findings that should wake somebody and of which there is no alert at the end, one that waits, fires, or has fired: a story
/// that lets go again what was told reads its alerts, but for pages, which are counted then.
fn vanished(findings: &[Finding], replayed: &Replayed) -> Vec<String> {
    let alerts = replayed.alerts.iter();
    let known: Vec<(&str, &str)> = alerts
        .map(|alert| (alert.name.as_str(), alert.path.as_str()))
        .collect();
    let has_none = |finding: &&Finding| {
        let own = finding.outcome.as_ref().or(finding.cause.as_ref());
        let own = own.unwrap_or(&finding.kind).as_str();
        let path = finding.path.as_deref().unwrap_or("none");
        let mut names = [own, UNREACHABLE, INTERRUPTED].into_iter();
        finding.severity != "none" && !names.any(|name| known.contains(&(name, path)))
    };
    let gone = findings.iter().filter(has_none);
    gone.map(|finding| {
        format!(
            "told as a {}, and there is no alert of it: {}",
            finding.severity, finding.summary
        )
    })
    .collect()
}

/// What a replay says, in the form in which users get it.
fn findings(facts: &Path, page_after_ns: u64) -> Result<(Vec<Finding>, Replayed), RecordingError> {
    let mut findings = Vec::new();
    let name = facts.display().to_string();
    let file = fs::File::open(facts).map_err(|source| RecordingError::Read {
        name: name.clone(),
        source,
    })?;
    let mut recording = Recording::read(name, BufReader::new(file))?;
    let limits = Limits {
        page_after_ns,
        ..Limits::default()
    };
    let replayed = replay(&mut recording, limits, |finding| {
        findings.push(as_users_get_it(finding));
        Ok::<_, RecordingError>(true)
    })?;
    Ok((findings, replayed))
}

/// The alerts on `path` at the end, in every state.
fn alerts(replayed: &Replayed, path: &str) -> Vec<Alert> {
    let alerts = replayed.alerts.iter().filter(|alert| alert.path == path);
    alerts.map(as_users_get_it).collect()
}

fn as_users_get_it<T: DeserializeOwned>(observed: &impl Serialize) -> T {
    let line = serde_json::to_string(observed).expect("what is said is JSON");
    serde_json::from_str(&line).expect("JSON is what is said")
}

fn no_orphans() -> Result<(), Failed> {
    for entry in fs::read_dir(recordings())? {
        let path = entry?.path();
        let name = path.file_stem().and_then(|stem| stem.to_str());
        if name.is_none_or(|name| scenarios::named(name).is_none()) {
            return Err(format!("{} belongs to no scenario: remove it", path.display()).into());
        }
    }
    Ok(())
}
