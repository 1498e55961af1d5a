//! Alerts are pushed to an Alertmanager that the test plays, and that does what no good one does.

mod fake;
mod files;
mod flaps;
mod planned;
mod pushed;

use super::Notifier;
use crate::config::{Config, Overrides};
use crate::text::tests::firing;
use fake::Fake;
use monitor_model::alert::{Alert, AlertState};
use monitor_model::finding::Severity;
use monitor_model::time::Timestamp;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long anything may take that should take a moment.
const BOUND: Duration = Duration::from_secs(40);

/// Looks again and again until it is so.
fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let until = Instant::now() + BOUND;
    while !is_so() {
        assert!(Instant::now() < until, "in vain: {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A page of this owner that fires.
fn fires(owner: &str) -> Alert {
    Alert {
        owner: owner.to_owned(),
        fired: Some(at("2026-01-31T12:00:10Z")),
        ..firing()
    }
}

/// The same, over.
fn over(owner: &str) -> Alert {
    Alert {
        state: AlertState::Over,
        ended: Some(at("2026-01-31T12:10:00Z")),
        ..fires(owner)
    }
}

/// The same, which wakes nobody now.
fn ticket(owner: &str) -> Alert {
    Alert {
        severity: Severity::Ticket,
        ..fires(owner)
    }
}

/// A configuration file with what it names beside it.
struct Bench {
    directory: TempDir,
    text: String,
}

impl Bench {
    /// Alerts are sent again each second, and hold for longer than any test takes.
    fn new() -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
            text:
                "[notifications]\nresend_interval = \"1s\"\nlease = \"1h\"\ninstance = \"node-7\"\n"
                    .to_owned(),
        }
    }

    /// One more Alertmanager, with these lines after its URL.
    fn tells(mut self, url: &str, lines: &str) -> Self {
        let _ = write!(
            self.text,
            "[[alertmanager]]\nurl = \"{url}\"\ntimeout = \"2s\"\n{lines}"
        );
        self
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// A file, and the line that names it under `key`.
    fn file(&self, key: &str, name: &str, text: impl AsRef<[u8]>) -> String {
        fs::write(self.path(name), text).unwrap();
        format!("{key} = {:?}\n", self.path(name))
    }

    fn start(&self) -> Result<Notifier, super::StartError> {
        let file = self.path("config.toml");
        fs::write(&file, &self.text).unwrap();
        let config = Config::load(
            Some(&file),
            Path::new("/nonexistent"),
            &Overrides::default(),
        );
        let config = config.unwrap();
        let notifier = Notifier::start(&config.alertmanagers, &config.notifications, "host")?;
        Ok(notifier.unwrap())
    }
}

/// One that pushes to `fake` alone.
fn pushing_to(fake: &Fake) -> Notifier {
    Bench::new().tells(&fake.url(), "").start().unwrap()
}

/// Of the first Alertmanager, how many requests failed for this reason.
fn errors(notifier: &Notifier, reason: &str) -> u64 {
    notifier.numbers()[0].errors[reason]
}
