//! Why a running daemon gives no answer.

use super::host::Host;
use crate::outgoing::TlsError;
use monitor_model::api::ApiError;
use monitor_model::format::printable;
use std::io;
use std::path::PathBuf;
use std::time::Duration;
use thiserror::Error;

/// The longest line of an answer, in bytes; a finding takes about two thousand.
pub(super) const LONGEST_LINE: usize = 1 << 20;

/// How long an answer may take to begin, and the next line of a list. A sweep of a million sockets takes seconds, and
/// others may have asked before; one that takes longer is stopped, or is no daemon.
pub(super) const ANSWER_WITHIN: Duration = Duration::from_secs(60);

/// Why a running daemon gives no answer.
#[derive(Debug, Error)]
pub enum ClientError {
    /// Nobody listens there.
    #[error("no tcplull answers on {}: start it with `tcplull run`, or give --socket", path.display())]
    NobodyAnswers {
        /// The socket that was asked.
        path: PathBuf,
    },
    /// The socket is for another user, and for a group that this one is not in.
    #[error(
        "this user may not ask the tcplull on {}: run as the user it runs as (root, usually), or have it let a group in (socket_group)",
        path.display()
    )]
    NotAllowed {
        /// The socket that was asked.
        path: PathBuf,
    },
    /// The socket cannot be reached for another reason.
    #[error("cannot ask the tcplull on {}: {source}; is that the right --socket?", path.display())]
    Connect {
        /// The socket that was asked.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A host cannot be reached.
    #[error(
        "cannot ask the tcplull at {host}: {source}; is that the right --host, and does it listen there (web.listen_addresses)?"
    )]
    Unreachable {
        /// Who was asked.
        host: Host,
        /// What the system said.
        source: io::Error,
    },
    /// No TLS comes about.
    #[error("no TLS with {host}: {}; --host-ca names who may have signed its certificate", printable(.reason))]
    Tls {
        /// Who was asked.
        host: Host,
        /// Why not.
        reason: String,
    },
    /// A file that is to say who is who cannot be used.
    #[error(transparent)]
    Files(#[from] TlsError),
    /// It answers those alone who show who they are.
    #[error(
        "{host} answers those who show who they are: give --host-user and --host-password-file, as its web configuration has them, or --host-token-file for a proxy in front"
    )]
    Unknown {
        /// Who was asked.
        host: Host,
    },
    /// It ends TLS once it has seen who asks: by the certificate that it was shown, or by none.
    #[error(
        "{who} does not take who asks for one whom it knows (TLS alert {reason}): give --host-cert and --host-key, signed by the client_ca of its web configuration"
    )]
    NotTrusted {
        /// Who it is.
        who: String,
        /// The alert.
        reason: String,
    },
    /// Somebody takes the question, and says nothing.
    #[error("{who} takes the question and does not answer within {} s: is it stopped, or no tcplull?", ANSWER_WITHIN.as_secs())]
    Silent {
        /// Who it is, as far as that is known.
        who: String,
    },
    /// Somebody answers, and not by HTTP.
    #[error(
        "{who} answers, and not by HTTP: it is a tcplull from before there was an API (restart it, so that it is of this version), or none"
    )]
    NoHttp {
        /// Who it is, as far as that is known.
        who: String,
    },
    /// Somebody answers by HTTP who is no tcplull.
    #[error(
        "{who} answers by HTTP, and is no tcplull (status {status}): is that the right --socket or --host?"
    )]
    NoTcplull {
        /// Who it is, as far as that is known.
        who: String,
        /// HTTP's number for its answer.
        status: u16,
    },
    /// It has no such resource.
    #[error("the tcplull that answers ({version}) has no {path} to ask for: {remedy}")]
    Lacks {
        /// Its version.
        version: String,
        /// What was asked for.
        path: String,
        /// What to do about it.
        remedy: &'static str,
    },
    /// What is asked for of a resource is not there, and why.
    #[error("{}", printable(.0))]
    NotThere(String),
    /// The connection broke.
    #[error("the connection to tcplull broke: {}; see whether it still runs", printable(.0))]
    Broken(String),
    /// The answer ended within a line, or was not whole.
    #[error("tcplull went while it answered; see its log")]
    Cut,
    /// A line that no tcplull sends.
    #[error(
        "the answer is none of a tcplull: a line of more than {LONGEST_LINE} bytes, or no text; is that the right --socket?"
    )]
    NotAnAnswer,
    /// It does not know a parameter: that is of a newer command.
    #[error("tcplull: {}", printable(.0))]
    NotAskedSo(String),
    /// The daemon says why it does not answer, or no further.
    #[error("{}", printable(&.0.error))]
    Refused(ApiError),
}
