//! `cargo xtask rules`: the rules for Prometheus and their tests, `deploy/prometheus/`, from one source.
//!
//! To add an alert: a function in [`findings`], [`fleet`] or [`agent`], and its name in the list there; what it rests on
//! that a fleet may want otherwise goes into [`settings`]. Each says under what it fires and under what it does not, and
//! `promtool` tries both.

mod agent;
mod case;
mod findings;
mod fleet;
mod mixin;
mod rule;
mod settings;
mod written;

use crate::error::Error;
use crate::{files, progress, workspace};
use rule::Group;
use settings::Settings;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Where the files lie.
const FOLDER: &str = "deploy/prometheus";

const RULES: &str = "tcplull.rules.yml";
const PROMETHEUS_RULE: &str = "tcplull.prometheusrule.yml";
const TESTS: &str = "tcplull.tests.yml";
const MIXIN: &str = "mixin.libsonnet";

/// What a fleet wants otherwise; thresholds and times stand in xtask/src/rules/settings.rs.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The matcher of the scrape job, in place of job="tcplull"
    #[arg(long, value_name = "MATCHER", requires = "to")]
    job: Option<String>,
    /// What stands before docs/ in the address of a runbook, such as "https://wiki.example/tcplull/"
    #[arg(long, value_name = "URL", requires = "to")]
    runbooks: Option<String>,
    /// Write rules to this folder, and not the project's own files
    #[arg(long, value_name = "FOLDER")]
    to: Option<PathBuf>,
}

/// Writes the files.
pub fn run(args: &Args) -> Result<ExitCode, Error> {
    let Args { job, runbooks, to } = args;
    let default = Settings::default();
    let settings = Settings {
        job: job.clone().unwrap_or(default.job),
        runbooks: runbooks.clone().unwrap_or(default.runbooks),
    };
    let own = to.is_none();
    let folder = to.clone().unwrap_or_else(|| workspace::root().join(FOLDER));
    files::create_folder(&folder)?;
    for (name, text) in all(&settings) {
        // The tests speak of this project's own job, and who has the mixin sets it there.
        if own || ![TESTS, MIXIN].contains(&name) {
            write(&folder.join(name), &text)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn write(file: &Path, text: &str) -> Result<(), Error> {
    files::write(file, text)?;
    progress::note(&format!("{}", file.display()));
    Ok(())
}

fn groups() -> Vec<Group> {
    vec![
        findings::group(),
        fleet::alerts(),
        agent::group(),
        agent::watchdog(),
        fleet::views(),
    ]
}

/// Each file with its text.
fn all(settings: &Settings) -> [(&'static str, String); 4] {
    let groups = groups();
    [
        (RULES, written::rules(&groups, settings)),
        (PROMETHEUS_RULE, written::prometheus_rule(&groups, settings)),
        (TESTS, written::tests(&groups, RULES, settings)),
        (MIXIN, mixin::mixin(&groups, settings)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use rule::Severity;
    use std::collections::BTreeSet;
    use std::fs;

    #[test]
    fn the_files_are_made_of_what_stands_here() {
        for (name, text) in all(&Settings::default()) {
            let file = workspace::root().join(FOLDER).join(name);
            let kept = fs::read_to_string(&file).unwrap_or_default();
            assert!(kept == text, "{name} is not current: cargo xtask rules");
        }
    }

    #[test]
    fn every_alert_is_tried_both_ways() {
        let tests = written::tests(&groups(), RULES, &Settings::default());
        for alert in groups().iter().flat_map(|group| &group.alerts) {
            let tried = format!("name: \"{} ({}) ", alert.name, alert.severity.word());
            let of_it = tests
                .split("- interval: 1m")
                .filter(|test| test.contains(&tried));
            let (fires, rests): (Vec<&str>, Vec<&str>) =
                of_it.partition(|test| test.contains("exp_labels"));
            assert!(
                !fires.is_empty(),
                "{} has no test in which it fires",
                alert.name
            );
            assert!(
                !rests.is_empty() || alert.severity == Severity::None,
                "{} has no test in which it does not fire",
                alert.name
            );
        }
    }

    #[test]
    fn nothing_is_named_that_has_no_value() {
        for (name, text) in all(&Settings::default()) {
            for word in text.split('%').skip(1).step_by(2) {
                let a_name = word.chars().all(|c| c.is_ascii_lowercase() || c == '_');
                assert!(!a_name, "{name} names %{word}%");
            }
        }
    }

    #[test]
    fn an_alert_of_one_name_and_severity_stands_there_once_and_says_all() {
        let mut seen = BTreeSet::new();
        for alert in groups().into_iter().flat_map(|group| group.alerts) {
            let name = (alert.name.clone(), alert.severity.word());
            assert!(seen.insert(name), "{} stands there twice", alert.name);
            assert!(!alert.summary.contains("{{"), "{}", alert.name);
            assert!(!alert.summary.ends_with('.'), "{}", alert.name);
            assert!(alert.description.ends_with(['.', '?']), "{}", alert.name);
            // Findings have waited in the daemon.
            let of_findings = alert.runbook.starts_with("docs/findings.md");
            let waits = of_findings && alert.severity != Severity::Info && !alert.hold.is_empty();
            assert!(!waits, "{} waits once more", alert.name);
        }
    }
}
