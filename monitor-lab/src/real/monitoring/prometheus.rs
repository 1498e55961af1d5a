//! Debian's Prometheus.

use super::PROMETHEUS;
use super::server::{Server, directory, percent_encoded};
use crate::LabError;
use crate::testbed::Port;
use serde_json::Value;
use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::process::Command;
use std::time::SystemTime;
use tempfile::TempDir;

/// A running Prometheus. Dropping it kills it.
#[derive(Debug)]
pub struct Prometheus {
    // It goes before its files.
    server: Server,
    port: Port,
    _directory: TempDir,
}

impl Prometheus {
    /// Starts one on a free port of `address` with these files, of which the first is its configuration and the others lie
    /// beside it, and waits until it is ready. The calling thread must live as long as it does: see
    /// [`crate::children::Guarded::start`].
    ///
    /// # Errors
    /// If it is not ready in time, with its log.
    pub fn start(
        program: &Path,
        address: IpAddr,
        files: &[(&str, &str)],
    ) -> Result<Self, LabError> {
        let directory = directory(PROMETHEUS)?;
        let path = |name: &str| directory.path().join(name);
        for (name, text) in files {
            fs::write(path(name), text)
                .map_err(LabError::io(format!("writing Prometheus' {name}")))?;
        }
        let port = Port::reserve(address)?;
        let configuration = files.first().map_or("prometheus.yml", |(name, _)| name);
        let mut command = Command::new(program);
        command
            .arg(format!("--web.listen-address={}", port.address()))
            .arg(format!("--config.file={}", path(configuration).display()))
            .arg(format!("--storage.tsdb.path={}", path("data").display()));
        let server = Server::start(PROMETHEUS, &mut command, port.address(), directory.path())?;
        Ok(Self {
            server,
            port,
            _directory: directory,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.port.address()
    }

    /// What it answers on a path below `/api/v1/`.
    ///
    /// # Errors
    /// If it answers with an error.
    pub fn api(&self, path: &str) -> Result<Value, LabError> {
        let mut answer = self.server.get(&format!("/api/v1/{path}"))?;
        match answer["status"].as_str() {
            Some("success") => Ok(answer["data"].take()),
            _ => Err(self.server.failed(&format!("answers {path} with {answer}"))),
        }
    }

    /// The series that `expression` has now.
    ///
    /// # Errors
    /// If it is none.
    pub fn query(&self, expression: &str) -> Result<Vec<Value>, LabError> {
        self.series(&format!("query?query={}", percent_encoded(expression)))
    }

    /// The series that `expression` had in the last `seconds`, a point each `step` seconds.
    ///
    /// # Errors
    /// If it is none.
    pub fn query_range(
        &self,
        expression: &str,
        seconds: u64,
        step: u64,
    ) -> Result<Vec<Value>, LabError> {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let now = now.map_or(0, |since| since.as_secs());
        self.series(&format!(
            "query_range?query={}&start={}&end={now}&step={step}",
            percent_encoded(expression),
            now.saturating_sub(seconds),
        ))
    }

    /// The values of `label` that the series chosen by `selector` have.
    ///
    /// # Errors
    /// If it is none.
    pub fn label_values(&self, selector: &str, label: &str) -> Result<Vec<Value>, LabError> {
        let selector = percent_encoded(selector);
        match self.api(&format!("label/{label}/values?match[]={selector}"))? {
            Value::Array(values) => Ok(values),
            other => Err(self
                .server
                .failed(&format!("has no list of values: {other}"))),
        }
    }

    fn series(&self, path: &str) -> Result<Vec<Value>, LabError> {
        match self.api(path)?["result"].take() {
            Value::Array(series) => Ok(series),
            other => Err(self
                .server
                .failed(&format!("has no list of series: {other}"))),
        }
    }
}
