//! How a command ends: one line for people, details under `--verbose`, and a code for scripts, the same for every
//! command. docs/operating.md has the table.

use super::past_error::PastError;
use super::remark::remark;
use super::self_test_error::SelfTestError;
use crate::client::ClientError;
use crate::config::ConfigError;
use crate::daemon::DaemonError;
use crate::opened::OpenError;
use crate::prober::ProbeError;
use crate::surfaces::http::HttpError;
use crate::worker::{Waiting, Worker};
use monitor_judge::recording::RecordingError;
use monitor_kernel::{ActError, KernelError};
use monitor_query::FilterError;
use std::path::PathBuf;
use std::process::ExitCode;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum CliError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Kernel(#[from] KernelError),
    #[error(transparent)]
    Act(#[from] ActError),
    #[error(transparent)]
    Daemon(#[from] DaemonError),
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error("filter: {0}")]
    Filter(#[from] FilterError),
    #[error(transparent)]
    Past(#[from] PastError),
    #[error(transparent)]
    Snapshot(#[from] OpenError),
    #[error(transparent)]
    Probe(#[from] ProbeError),
    #[error(transparent)]
    Http(#[from] HttpError),
    #[error(transparent)]
    Recording(#[from] RecordingError),
    /// No daemon answers, and what would do without one cannot run.
    #[error("no tcplull answers on {}, and to look without one: {source}", socket.display())]
    Alone {
        socket: PathBuf,
        source: Box<KernelError>,
    },
    #[error(transparent)]
    SelfTest(#[from] SelfTestError),
    /// Nothing here has that id.
    #[error(
        "no connection has the id {id} now: it is gone, or of another host or boot; `tcplull ls --json` has the ids"
    )]
    NoConnection { id: String },
    #[error("{0}")]
    Usage(String),
    /// What is to be shown is not there.
    #[error("{0}")]
    NotThere(String),
    #[error("{what}: {source}")]
    Io {
        what: &'static str,
        source: std::io::Error,
    },
}

/// What was looked at is not as it should be.
const FINDINGS: u8 = 1;

/// A configuration or a flag at fault; the same code as clap's.
const USAGE: u8 = 2;

/// Nothing could be looked at, or not to its end.
pub(super) const CANNOT_RUN: u8 = 3;

/// The code of a command that ran to its end: whether what it showed is wrong.
pub(super) fn code(wrong: bool) -> ExitCode {
    match wrong {
        true => ExitCode::from(FINDINGS),
        false => ExitCode::SUCCESS,
    }
}

impl CliError {
    /// Tells it on standard error.
    pub(super) fn report(&self, verbose: bool) -> ExitCode {
        let mut text = format!("tcplull: {self}\n");
        if verbose {
            text.push_str(&details(self));
        }
        say(text);
        match self {
            Self::Usage(_)
            | Self::Config(_)
            | Self::Filter(_)
            | Self::Probe(ProbeError::Target(_))
            | Self::Daemon(DaemonError::Config(_) | DaemonError::Web(_)) => ExitCode::from(USAGE),
            _ => ExitCode::from(CANNOT_RUN),
        }
    }

    /// A row that JSON has no words for.
    pub(super) fn unwritten(error: serde_json::Error) -> Self {
        Self::Io {
            what: "cannot write a row",
            source: error.into(),
        }
    }

    /// Writing to a pipe that its reader has closed, such as `| head`, is no failure.
    pub(super) fn from_output(source: std::io::Error) -> Option<Self> {
        (source.kind() != std::io::ErrorKind::BrokenPipe).then_some(Self::Io {
            what: "cannot write the output",
            source,
        })
    }
}

/// Writes to standard error, where nobody may read: the end waits for that no longer than a while.
fn say(text: String) {
    let writer = Worker::start("last words", 1, |texts: Waiting<String>| {
        for text in texts {
            remark(&text);
        }
    });
    // Where there is no thread to be had, nothing can be said but this.
    if let Ok(writer) = writer {
        writer.give(text);
    }
}

/// Each cause on its own line, the verifier's logs last.
fn details(error: &CliError) -> String {
    let mut text = String::new();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text.push_str(&format!("caused by: {error}\n"));
        cause = error.source();
    }
    let kernel = match error {
        CliError::Kernel(error) | CliError::Daemon(DaemonError::Kernel(error)) => Some(error),
        CliError::Alone { source, .. } => Some(&**source),
        _ => None,
    };
    for refusal in kernel.into_iter().flat_map(KernelError::refused) {
        text.push_str(&format!(
            "{}: {}\n{}\n",
            refusal.mechanism, refusal.reason, refusal.log
        ));
    }
    text
}
