//! What Prometheus and Alertmanager have in common: a port, a question whether they are ready, and answers in JSON.

use crate::LabError;
use crate::children::Guarded;
use crate::testbed::http;
use crate::testbed::wait::{BOUND, eventually};
use serde_json::Value;
use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// How much of the end of its log a failure shows, in characters.
const TAIL: usize = 4_000;

/// A running server. Dropping it kills it.
#[derive(Debug)]
pub(super) struct Server {
    process: Guarded,
    name: &'static str,
    listen: SocketAddr,
    log: PathBuf,
}

impl Server {
    /// Starts `command`, which is to listen at `listen`, and waits until it says that it is ready.
    pub(super) fn start(
        name: &'static str,
        command: &mut Command,
        listen: SocketAddr,
        directory: &Path,
    ) -> Result<Self, LabError> {
        let log = directory.join("log");
        let file = File::options().append(true).create(true).open(&log);
        let file = file.map_err(LabError::io(format!("opening {}", log.display())))?;
        let process = Guarded::start(
            command
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(file),
        )?;
        let mut server = Self {
            process,
            name,
            listen,
            log,
        };
        eventually(&format!("{name} is ready"), || {
            if let Ok(Some(status)) = server.process.ended() {
                return Err(server.failed(&format!("ended at start ({status})")));
            }
            Ok(match http::get(listen, "/-/ready") {
                Ok((200, _)) => Ok(()),
                other => Err(format!("{other:?}")),
            })
        })?;
        Ok(server)
    }

    /// What it answers on `path`, which must be JSON.
    pub(super) fn get(&self, path: &str) -> Result<Value, LabError> {
        match http::get(self.listen, path)? {
            (200, text) => serde_json::from_str(&text)
                .map_err(|error| self.failed(&format!("answers {path} with {text}: {error}"))),
            (code, text) => Err(self.failed(&format!("answers {path} with {code} {text}"))),
        }
    }

    /// Posts this JSON to `path`, which must be taken.
    pub(super) fn post(&self, path: &str, body: &Value) -> Result<(), LabError> {
        let url = format!("http://{}{path}", self.listen);
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .timeout_global(Some(BOUND))
            .proxy(None)
            .build()
            .into();
        agent
            .post(&url)
            .header("Content-Type", "application/json")
            .send(body.to_string())
            .map(|_| ())
            .map_err(|error| self.failed(&format!("does not take {body}: {error}")))
    }

    /// Ends it as systemd does.
    pub(super) fn stop(mut self) -> Result<(), LabError> {
        match self.process.end(BOUND) {
            Some(_) => Ok(()),
            None => Err(self.failed("did not end on SIGTERM")),
        }
    }

    /// The failure `what` of this server, with the end of its log.
    pub(super) fn failed(&self, what: &str) -> LabError {
        let log = fs::read(&self.log).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let skipped = log.chars().count().saturating_sub(TAIL);
        let tail: String = log.chars().skip(skipped).collect();
        LabError::App {
            name: self.name.to_owned(),
            what: format!("{what}\n{tail}"),
        }
    }
}

/// `text` as the value of a parameter in an address.
pub(super) fn percent_encoded(text: &str) -> String {
    let bytes = text.bytes().map(|byte| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    });
    bytes.collect()
}

/// A directory for the files of `name`.
pub(super) fn directory(name: &str) -> Result<TempDir, LabError> {
    tempfile::Builder::new()
        .prefix(&format!(
            "{}{}-",
            crate::names::DIRECTORY,
            std::process::id()
        ))
        .tempdir()
        .map_err(LabError::io(format!("making a directory for {name}")))
}
