//! The life of a running daemon.

mod answers;
mod process;

use crate::LabError;
use crate::children::Guarded;
use crate::interrupt::Interrupt;
use crate::network::namespace::hold;
use crate::testbed::place::{FINDINGS, LOG, Place};
use crate::testbed::wait::{self, PAUSE};
use nix::sys::signal::Signal;
use std::fmt::Display;
use std::fs::File;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

/// How long the daemon may take to be ready: it loads programs into the kernel and reads
/// its types first. On an emulated machine the verifier of 6.1 alone takes 15 s for them,
/// and several daemons start at once.
const READY_WITHIN: Duration = Duration::from_secs(120);

/// How much of the end of what it wrote a failure shows, in bytes of each file.
const TAIL: u64 = 64 * 1024;

/// A running `tcplull run`. Dropping it kills it.
#[derive(Debug)]
pub struct Daemon {
    // The process goes before the files.
    pub(super) process: Guarded,
    pub(super) place: Place,
}

impl Daemon {
    /// Starts a daemon without waiting for it, its findings in `format`. The calling
    /// thread must live as long as the daemon: see [`Guarded::start`].
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn spawn(place: &Place, format: &str, arguments: &[&str]) -> Result<Self, LabError> {
        let file = |name| {
            File::create(place.path(name)).map_err(LabError::io("making what tcplull writes to"))
        };
        let mut command = place.command();
        if let Some(netns) = &place.netns {
            hold(netns, &mut command).map_err(LabError::io("opening tcplull's namespace"))?;
        }
        let process = Guarded::start(
            command
                .args(["--log-format", format])
                .args(arguments)
                .stdin(Stdio::null())
                .stdout(file(FINDINGS)?)
                .stderr(file(LOG)?),
        )?;
        Ok(Self {
            process,
            place: place.clone(),
        })
    }

    /// Starts a daemon with findings as JSON, and waits until it is ready.
    ///
    /// # Errors
    /// If it is not, with its log.
    pub fn start(place: &Place, arguments: &[&str]) -> Result<Self, LabError> {
        let mut daemon = Self::spawn(place, "json", arguments)?;
        daemon.await_ready()?;
        Ok(daemon)
    }

    /// Waits until `/readyz` says yes.
    ///
    /// # Errors
    /// If it ends, or is not ready in time; with what it wrote.
    pub fn await_ready(&mut self) -> Result<(), LabError> {
        self.await_ready_every(PAUSE, &Interrupt::default())
    }

    /// As [`Self::await_ready`], asking every `pause`, until the user wants to stop.
    ///
    /// # Errors
    /// As there, and [`LabError::Interrupted`].
    pub fn await_ready_every(
        &mut self,
        pause: Duration,
        interrupt: &Interrupt,
    ) -> Result<(), LabError> {
        let ready = wait::poll((READY_WITHIN, pause), interrupt, || {
            if let Some(status) = self.ended()? {
                return Err(self.failed(format!("ended at start ({status})")));
            }
            Ok(match self.get("/readyz") {
                Ok((200, _)) => Ok(()),
                Ok((code, body)) => Err(format!("{code} {body}")),
                Err(error) => Err(error.to_string()),
            })
        })?;
        let bound = READY_WITHIN.as_secs();
        ready.map_err(|why| self.failed(format!("was not ready within {bound} s: {why}")))
    }

    /// How it ended; `None` while it runs.
    fn ended(&mut self) -> Result<Option<ExitStatus>, LabError> {
        let ended = self.process.ended();
        ended.map_err(LabError::io("asking after tcplull"))
    }

    /// The place where it lives.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Sends it a signal.
    ///
    /// # Errors
    /// If it is not there.
    pub fn signal(&self, signal: Signal) -> Result<(), LabError> {
        let sent = self.process.signal(signal);
        sent.map_err(LabError::io(format!("sending {signal} to tcplull")))
    }

    /// Sends SIGTERM and waits for its exit code; `None` if a signal ended it.
    ///
    /// # Errors
    /// If it does not end.
    pub fn stop(mut self) -> Result<Option<i32>, LabError> {
        Ok(self.terminate(wait::BOUND)?.code())
    }

    /// Ends it as systemd does: on SIGTERM it is to go within `bound`, without complaint,
    /// and not before.
    ///
    /// # Errors
    /// If it does not, with what it wrote.
    pub fn end(&mut self, bound: Duration) -> Result<(), LabError> {
        if let Some(status) = self.ended()? {
            return Err(self.failed(format!("had ended before it was told to ({status})")));
        }
        let status = self.terminate(bound)?;
        if status.success() {
            return Ok(());
        }
        Err(self.failed(format!("ended badly on SIGTERM ({status})")))
    }

    fn terminate(&mut self, bound: Duration) -> Result<ExitStatus, LabError> {
        let status = self.process.end(bound);
        status.ok_or_else(|| {
            self.failed(format!(
                "did not end within {} s of SIGTERM",
                bound.as_secs()
            ))
        })
    }

    /// Kills it, so that it cleans up nothing.
    pub fn kill(mut self) {
        self.process.kill();
    }

    /// What it wrote about itself so far.
    ///
    /// # Errors
    /// If that cannot be read.
    pub fn log(&self) -> Result<String, LabError> {
        self.place.read(LOG, u64::MAX)
    }

    /// The end of its findings and of its log, for people.
    pub fn wrote(&self) -> String {
        [FINDINGS, LOG]
            .map(|name| {
                self.place
                    .read(name, TAIL)
                    .unwrap_or_else(|error| error.to_string())
            })
            .concat()
    }

    /// The failure `what` of this daemon, with what it wrote.
    pub fn failed(&self, what: impl Display) -> LabError {
        LabError::Daemon(format!("{what}\n{}", self.wrote()).trim_end().to_owned())
    }
}
