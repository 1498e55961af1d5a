//! Debian's Alertmanager.

use super::ALERTMANAGER;
use super::server::{Server, directory};
use crate::LabError;
use crate::testbed::Port;
use serde_json::Value;
use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// An Alertmanager that tells nobody; it can be stopped and started again where it was. Dropping it kills it.
#[derive(Debug)]
pub struct Alertmanager {
    // It goes before its files.
    server: Option<Server>,
    program: PathBuf,
    port: Port,
    directory: TempDir,
}

impl Alertmanager {
    /// A route that wakes nobody.
    pub const QUIET: &str = "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n";

    /// Starts one on a free port of `address`, with this configuration, and waits until it is ready. The calling thread
    /// must live as long as it does: see [`crate::children::Guarded::start`].
    ///
    /// # Errors
    /// If it is not ready in time, with its log.
    pub fn start(program: &Path, address: IpAddr, configuration: &str) -> Result<Self, LabError> {
        let directory = directory(ALERTMANAGER)?;
        let file = directory.path().join("alertmanager.yml");
        fs::write(&file, configuration)
            .map_err(LabError::io("writing Alertmanager's configuration"))?;
        let mut alertmanager = Self {
            server: None,
            program: program.to_owned(),
            port: Port::reserve(address)?,
            directory,
        };
        alertmanager.start_again()?;
        Ok(alertmanager)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.port.address()
    }

    /// Starts it where it was, with what it has kept; one that runs is stopped before.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_again(&mut self) -> Result<(), LabError> {
        self.stop()?;
        let directory = self.directory.path();
        let mut command = Command::new(&self.program);
        command
            .arg(format!("--web.listen-address={}", self.port.address()))
            .arg(format!(
                "--config.file={}",
                directory.join("alertmanager.yml").display()
            ))
            .arg(format!(
                "--storage.path={}",
                directory.join("data").display()
            ))
            // Alone: it looks for no others, and opens no port for them.
            .arg("--cluster.listen-address=");
        self.server = Some(Server::start(
            ALERTMANAGER,
            &mut command,
            self.port.address(),
            directory,
        )?);
        Ok(())
    }

    /// Stops it, if it runs.
    ///
    /// # Errors
    /// If it does not end.
    pub fn stop(&mut self) -> Result<(), LabError> {
        self.server.take().map_or(Ok(()), Server::stop)
    }

    /// Hands alerts to it, as `POST /api/v2/alerts` takes them.
    ///
    /// # Errors
    /// If it does not run, or does not take them.
    pub fn take(&self, alerts: &Value) -> Result<(), LabError> {
        self.running()?.post("/api/v2/alerts", alerts)
    }

    /// What fires, as `GET /api/v2/alerts` has it: what inhibition or a silence holds back too, what is resolved not.
    ///
    /// # Errors
    /// If it does not run, or answers something else.
    pub fn alerts(&self) -> Result<Vec<Value>, LabError> {
        let server = self.running()?;
        match server.get("/api/v2/alerts")? {
            Value::Array(alerts) => Ok(alerts),
            other => Err(server.failed(&format!("has no list of alerts: {other}"))),
        }
    }

    fn running(&self) -> Result<&Server, LabError> {
        self.server.as_ref().ok_or_else(|| LabError::App {
            name: ALERTMANAGER.to_owned(),
            what: "is stopped".to_owned(),
        })
    }
}
