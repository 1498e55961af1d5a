//! `tcplull watch --json`, and what it prints as it comes.

use crate::LabError;
use crate::children::Guarded;
use crate::timeline::{Happened, Timeline};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How long it may take until it is connected.
const CONNECTED_WITHIN: Duration = Duration::from_secs(10);

/// How long it may go on after the daemon is gone, to print what it still has.
const END_WITHIN: Duration = Duration::from_secs(2);

/// The state of a connected socket in /proc/net/unix.
const CONNECTED: &str = "03";

/// A running listener. Dropping it lets it finish its last lines and ends it.
#[derive(Debug)]
pub(super) struct Watch {
    process: Guarded,
    reader: Option<JoinHandle<()>>,
}

impl Watch {
    /// Starts it and waits until the daemon has accepted it, so that no finding is missed.
    pub(super) fn start(
        binary: &Path,
        socket: &Path,
        timeline: &Timeline,
    ) -> Result<Self, LabError> {
        let mut process = Guarded::start(
            Command::new(binary)
                .args(["watch", "--json", "--socket"])
                .arg(socket)
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .stderr(Stdio::inherit()),
        )?;
        let Some(stdout) = process.child().stdout.take() else {
            return Err(LabError::Daemon("watch has no pipe".to_owned()));
        };
        let notes = timeline.clone();
        let reader = thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                notes.note(match serde_json::from_str(&line) {
                    Ok(finding) => Happened::Said(Box::new(finding)),
                    Err(error) => Happened::Unreadable(format!("{error}: {line}")),
                });
            }
            notes.note(Happened::WatchEnded);
        });
        let mut watch = Self {
            process,
            reader: Some(reader),
        };
        watch.await_connected(socket, timeline)?;
        Ok(watch)
    }

    fn await_connected(&mut self, socket: &Path, timeline: &Timeline) -> Result<(), LabError> {
        let path = socket.display().to_string();
        let connected = timeline.poll(CONNECTED_WITHIN, Duration::from_millis(20), || {
            let ended = self.process.ended();
            if let Some(status) = ended.map_err(LabError::io("asking after tcplull watch"))? {
                return Err(LabError::Daemon(format!("watch ended at start ({status})")));
            }
            let sockets = fs::read_to_string("/proc/net/unix")
                .map_err(LabError::io("reading /proc/net/unix"))?;
            // The daemon's side of a connection carries the path it was made to.
            Ok(sockets.lines().find_map(|line| {
                let mut fields = line.split_whitespace().skip(5);
                let state = fields.next()?;
                let bound = fields.nth(1)?;
                (state == CONNECTED && bound == path).then_some(())
            }))
        })?;
        connected.ok_or_else(|| {
            LabError::Daemon(format!(
                "watch was not connected within {} s",
                CONNECTED_WITHIN.as_secs()
            ))
        })
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
