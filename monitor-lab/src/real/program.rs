//! A program of an application: what is started, where, and as whom.

use crate::ends::End;
use nix::sys::signal::Signal;
use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

/// Who runs servers that refuse root.
pub const NOBODY: &str = "nobody";

/// It, and its group, by `setpriv`. They may read what root alone may reach: the target folder can lie anywhere.
const AS_NOBODY: [&str; 7] = [
    "--reuid=nobody",
    "--regid=nogroup",
    "--clear-groups",
    "--inh-caps=-all,+dac_read_search",
    "--ambient-caps=-all,+dac_read_search",
    // The kernel forgets whose death is to end it when the user changes.
    "--pdeathsig=KILL",
    "--",
];

/// A program, which can be started again and again.
#[derive(Clone, Debug)]
pub struct Program {
    /// Its name within the application: that of its control group and of the files that it writes.
    pub(super) name: &'static str,
    /// The host that it runs on.
    pub(super) host: End,
    /// What it is asked to end with.
    pub(super) ends_on: Signal,
    unprivileged: bool,
    program: OsString,
    arguments: Vec<OsString>,
    environment: Vec<(&'static str, OsString)>,
}

impl Program {
    /// `program`, found in PATH, called `name`, on the clients' host.
    pub fn new(name: &'static str, program: &str) -> Self {
        Self {
            name,
            host: End::Client,
            ends_on: Signal::SIGTERM,
            unprivileged: false,
            program: program.into(),
            arguments: Vec::new(),
            environment: Vec::new(),
        }
    }

    /// A script in Python.
    pub fn python(name: &'static str, script: &str) -> Self {
        Self::new(name, "python3").args(["-u", "-c", script])
    }

    /// A script for the shell.
    pub fn shell(name: &'static str, script: &str) -> Self {
        Self::new(name, "sh").args(["-c", script, name])
    }

    /// Puts it on the server's host.
    #[must_use]
    pub fn on_the_server(mut self) -> Self {
        self.host = End::Server;
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<I: IntoIterator<Item = S>, S: Into<OsString>>(mut self, arguments: I) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    /// Sets a variable.
    #[must_use]
    pub fn env(mut self, name: &'static str, value: impl Into<OsString>) -> Self {
        self.environment.push((name, value.into()));
        self
    }

    /// Runs it as [`NOBODY`], for it refuses root.
    #[must_use]
    pub fn unprivileged(mut self) -> Self {
        self.unprivileged = true;
        self
    }

    /// Ends it with `signal`, not with SIGTERM.
    #[must_use]
    pub fn ends_on(mut self, signal: Signal) -> Self {
        self.ends_on = signal;
        self
    }

    /// The command that starts it in `directory`.
    pub(super) fn command(&self, directory: &Path) -> Command {
        let mut command = if self.unprivileged {
            let mut command = Command::new("setpriv");
            command.args(AS_NOBODY).arg(&self.program);
            command
        } else {
            Command::new(&self.program)
        };
        command.args(&self.arguments).current_dir(directory);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }
}
