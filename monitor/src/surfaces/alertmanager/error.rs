//! Why an alert is not pushed.

use crate::outgoing::{FileError, TlsError};
use monitor_model::format::printable;
use std::io;
use std::time::Duration;

/// Why nothing can be pushed.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A file that is named cannot be used.
    #[error(transparent)]
    File(#[from] FileError),
    /// Whom to trust is not known.
    #[error(
        "alertmanager {name}: this host has no certificates of whom it trusts ({reason}); install ca-certificates, or \
         name ca_file"
    )]
    NoRoots {
        /// The Alertmanager.
        name: String,
        /// What was looked at.
        reason: String,
    },
    /// The system refuses a thread, or what it waits with.
    #[error("alertmanager: {0}")]
    System(#[from] io::Error),
}

/// Why a request failed. No word of an answer is in it but what [`printable`] has left.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error(transparent)]
    Files(#[from] FileError),
    #[error("whom to trust is not known: {0}")]
    Roots(String),
    #[error("its name leads nowhere ({0}); is its URL right, and DNS there?")]
    Name(io::Error),
    #[error("cannot connect: {0}")]
    Connect(io::Error),
    #[error("no TLS with it: {}", printable(.0))]
    Tls(String),
    #[error("no answer within {}s", .0.as_secs())]
    Timeout(Duration),
    #[error("answers with HTTP {status}{}", said(.text))]
    Status { status: u16, text: String },
    #[error("refuses each alert with HTTP {status}{}", said(.text))]
    RefusesAll { status: u16, text: String },
    #[error("answers with a page for browsers; is this the URL of an Alertmanager?")]
    Page,
    #[error("its answer is none: {}", printable(.0))]
    Answer(String),
}

/// What the answer said, as it may be shown.
fn said(text: &str) -> String {
    match text {
        "" => String::new(),
        text => format!(" ({})", printable(text)),
    }
}

impl From<TlsError> for Failure {
    fn from(error: TlsError) -> Self {
        match error {
            TlsError::File(error) => Self::Files(error),
            TlsError::Roots(reason) => Self::Roots(reason),
            TlsError::Tls(reason) => Self::Tls(reason),
        }
    }
}

impl Failure {
    /// Every [`Self::reason`].
    pub(super) const REASONS: [&'static str; 7] = [
        "answer",
        "files",
        "refused",
        "status",
        "timeout",
        "tls",
        "unreachable",
    ];

    /// What it is counted under.
    pub(super) fn reason(&self) -> &'static str {
        match self {
            Self::Files(_) | Self::Roots(_) => "files",
            Self::Name(_) | Self::Connect(_) => "unreachable",
            Self::Tls(_) => "tls",
            Self::Timeout(_) => "timeout",
            Self::Status { .. } => "status",
            Self::RefusesAll { .. } => "refused",
            Self::Page | Self::Answer(_) => "answer",
        }
    }
}
