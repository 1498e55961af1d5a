//! Child processes that cannot outlive the testbed.

use crate::LabError;
use nix::sys::prctl;
use nix::sys::signal::{SigHandler, Signal, kill, signal};
use nix::unistd::Pid;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};
use std::{io, thread};

/// How often a child is asked whether it has ended.
const POLL: Duration = Duration::from_millis(20);

/// A child process, killed and reaped when dropped.
#[derive(Debug)]
pub struct Guarded {
    child: Child,
}

impl Guarded {
    /// Starts `command` in a process group of its own, so that a Ctrl-C at the
    /// terminal reaches the testbed alone, which then ends its children in order.
    /// If the testbed dies without a chance to do so, the kernel kills the child.
    /// Signals end it however the testbed was started: `nohup` ignores SIGHUP for all that it starts.
    ///
    /// The kernel ties that to the calling thread: it must live as long as the child.
    ///
    /// # Errors
    /// [`LabError::Start`].
    pub fn start(command: &mut Command) -> Result<Self, LabError> {
        command.process_group(0);
        let prepare = || {
            for one in [Signal::SIGHUP, Signal::SIGINT, Signal::SIGTERM] {
                // SAFETY: no handler of this process is replaced that would run in the child: exec has none.
                unsafe { signal(one, SigHandler::SigDfl) }?;
            }
            Ok(prctl::set_pdeathsig(Signal::SIGKILL)?)
        };
        // SAFETY: between fork and exec only the sigaction and prctl system calls are made; they
        // take no lock and allocate nothing.
        unsafe {
            command.pre_exec(prepare);
        }
        let child = command.spawn().map_err(|source| LabError::Start {
            program: PathBuf::from(command.get_program()),
            source,
        })?;
        Ok(Self { child })
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The child, for its pipes.
    pub fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// How it ended; `None` while it runs.
    ///
    /// # Errors
    /// If the kernel does not tell.
    pub fn ended(&mut self) -> io::Result<Option<ExitStatus>> {
        self.child.try_wait()
    }

    /// Sends it `signal`. A child that has ended and not been asked after is still
    /// there to take it; one that has been is not, and that is an error.
    ///
    /// # Errors
    /// The kernel's reason.
    pub fn signal(&self, signal: Signal) -> io::Result<()> {
        let pid = i32::try_from(self.child.id()).map_err(io::Error::other)?;
        kill(Pid::from_raw(pid), signal).map_err(io::Error::from)
    }

    /// Sends SIGTERM and waits up to `bound`; after that SIGKILL.
    /// `Some` is the status of a child that ended by itself or in time.
    pub fn end(&mut self, bound: Duration) -> Option<ExitStatus> {
        if let Ok(Some(status)) = self.child.try_wait() {
            return Some(status);
        }
        if let Ok(pid) = i32::try_from(self.child.id()) {
            // It may have ended since: then there is nobody to tell.
            let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
        }
        let status = self.wait_within(bound);
        if status.is_none() {
            self.kill();
        }
        status
    }

    /// Waits up to `bound` for the child to end by itself.
    pub fn wait_within(&mut self, bound: Duration) -> Option<ExitStatus> {
        let until = Instant::now() + bound;
        loop {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Some(status);
            }
            if Instant::now() >= until {
                return None;
            }
            thread::sleep(POLL);
        }
    }

    /// Kills it, and waits for its end.
    pub fn kill(&mut self) {
        // Both fail only for a child that has already been reaped.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        self.kill();
    }
}
