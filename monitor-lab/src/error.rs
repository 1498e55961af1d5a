//! What can go wrong with the testbed itself, as opposed to a verdict that
//! differs from the truth.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// A failure of the testbed. Each message says what to do, or what was tried.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    /// A tool that builds the network is not installed.
    #[error("cannot run `{tool}`: {source}; install it: apt-get install -y {package}")]
    ToolMissing {
        /// The command.
        tool: &'static str,
        /// The Debian package that has it.
        package: &'static str,
        /// Why it could not be started.
        source: io::Error,
    },
    /// A tool refused what the testbed asked of it.
    #[error("`{command}` failed ({status}): {stderr}")]
    Tool {
        /// What was run.
        command: String,
        /// How it ended.
        status: String,
        /// What it said.
        stderr: String,
    },
    /// Every address block is taken by a running testbed.
    #[error("all {0} address blocks are in use by other running labs: wait for one to end")]
    NoBlockFree(u16),
    /// A network namespace could not be entered.
    #[error("cannot enter the network namespace {name}: {source}; this needs root")]
    Enter {
        /// The namespace.
        name: String,
        /// Why.
        source: io::Error,
    },
    /// A kernel setting could not be written.
    #[error(
        "cannot set {key} in the network namespace {name}: {source}; this kernel may lack the feature"
    )]
    Setting {
        /// The path below `/proc/sys`.
        key: String,
        /// The namespace.
        name: String,
        /// Why.
        source: io::Error,
    },
    /// A child process could not be started.
    #[error("cannot start {program}: {source}")]
    Start {
        /// What was to be started.
        program: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// An application on one of the hosts reported a failure.
    #[error("{name}: {what}")]
    App {
        /// The application.
        name: String,
        /// What it reported.
        what: String,
    },
    /// Something that the story rests on did not happen in time.
    #[error("waited {}s in vain until {until}", bound.as_secs_f64())]
    InVain {
        /// What was waited for.
        until: String,
        /// How long.
        bound: Duration,
    },
    /// The hosts did not behave as the story says, whatever `tcplull` said.
    #[error("the testbed is not what the story needs: {0}")]
    Premise(String),
    /// `tcplull` ended, or refused to start.
    #[error("tcplull {0}")]
    Daemon(String),
    /// The user asked to stop.
    #[error("interrupted")]
    Interrupted,
    /// Any other input or output.
    #[error("{what}: {source}")]
    Io {
        /// What was being done.
        what: String,
        /// Why it failed.
        source: io::Error,
    },
}

impl LabError {
    /// Gives an I/O error the words that say what was being done.
    pub fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }
}
