//! `tcplull watch --json`, and what it prints as it comes.

use super::daemon::Daemon;
use super::wait::{BOUND, eventually};
use crate::LabError;
use crate::children::Guarded;
use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How long it may go on when dropped, to print what it still has.
const END_WITHIN: Duration = Duration::from_secs(2);

/// A running listener. Dropping it lets it finish its last lines and ends it.
#[derive(Debug)]
pub struct Watch {
    process: Guarded,
    reader: Option<JoinHandle<()>>,
}

impl Watch {
    /// Starts it and waits until `daemon` counts it among its clients, so that no finding
    /// is missed. `hear` is called with each line.
    ///
    /// # Errors
    /// If that does not happen.
    pub fn start(
        daemon: &Daemon,
        hear: impl FnMut(String) + Send + 'static,
    ) -> Result<Self, LabError> {
        Self::start_with(daemon, &[], hear)
    }

    /// The same, with these arguments.
    ///
    /// # Errors
    /// As there.
    pub fn start_with(
        daemon: &Daemon,
        arguments: &[&str],
        hear: impl FnMut(String) + Send + 'static,
    ) -> Result<Self, LabError> {
        let clients = || daemon.metric("inspect_clients", &[]);
        let before = clients()?;
        let mut process = Guarded::start(
            daemon
                .place
                .question("watch")
                .args(arguments)
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .stderr(Stdio::inherit()),
        )?;
        let stdout = process.child().stdout.take();
        let reader = thread::spawn(move || {
            let lines = stdout
                .into_iter()
                .flat_map(|pipe| BufReader::new(pipe).lines());
            lines.map_while(Result::ok).for_each(hear);
        });
        let watch = Self {
            process,
            reader: Some(reader),
        };
        eventually("tcplull watch is connected", || {
            let clients = clients()?;
            Ok((clients > before).then_some(()).ok_or(clients))
        })?;
        Ok(watch)
    }

    /// Waits until it has ended by itself, as it does once its daemon is gone: then all was heard that it was told.
    pub fn finish(mut self) {
        // One that does not is ended when dropped.
        self.process.wait_within(BOUND);
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if self.process.wait_within(END_WITHIN).is_none() {
            self.process.end(Duration::ZERO);
        }
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
    }
}
