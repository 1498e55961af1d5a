//! A listener to a running daemon.

use super::daemon::{Daemon, whole_lines};
use super::eventually;
use super::run::tcplull;
use libtest_mimic::Failed;
use monitor_lab::children::Guarded;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Stdio;

/// `tcplull watch --json` on a running daemon, its lines going to a file.
pub struct Watch {
    _process: Guarded,
    file: PathBuf,
}

impl Watch {
    /// Starts it, and waits until `daemon` counts it among its clients.
    ///
    /// # Errors
    /// If that does not happen.
    pub fn start(daemon: &Daemon<'_>, place: &Path) -> Result<Self, Failed> {
        let before = daemon.metric("inspect_clients", &[])?;
        let file = place.join("watched");
        let process = Guarded::start(
            tcplull(["watch", "--json", "--socket"])
                .arg(daemon.socket())
                .stdin(Stdio::null())
                .stdout(File::create(&file)?),
        )?;
        eventually("watch is connected", || {
            let clients = daemon.metric("inspect_clients", &[])?;
            Ok(if clients > before {
                Ok(())
            } else {
                Err(clients)
            })
        })?;
        Ok(Self {
            _process: process,
            file,
        })
    }

    /// The lines so far.
    ///
    /// # Errors
    /// If they cannot be read.
    pub fn lines(&self) -> Result<Vec<String>, Failed> {
        Ok(whole_lines(&fs::read_to_string(&self.file)?))
    }
}
