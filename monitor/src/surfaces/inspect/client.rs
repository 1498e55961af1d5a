//! The side that asks.

use super::protocol::{LineRead, Notice, Request, WATCH, read_line};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;
use thiserror::Error;
use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::time::timeout;

/// The longest line of an answer, in bytes; a finding takes about two thousand.
const LONGEST_ANSWER: usize = 1 << 20;

/// How long the next row of a list may take. A sweep of a million sockets takes seconds, and others may have asked
/// before; one that takes longer is stopped, or is no daemon.
const ROW_WITHIN: Duration = Duration::from_secs(60);

/// Why a running daemon gives no answer.
#[derive(Debug, Error)]
pub enum ClientError {
    /// Nobody listens there.
    #[error("no tcplull answers on {}: start it with `tcplull run`, or give --socket", path.display())]
    NobodyAnswers {
        /// The socket that was asked.
        path: PathBuf,
    },
    /// The socket belongs to another user.
    #[error("this user may not ask the tcplull on {}: run as the user it runs as (root, usually)", path.display())]
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
    /// Somebody takes the question, and says nothing.
    #[error("{} takes the question and does not answer within {} s: is it stopped, or no tcplull?", listener(*process), ROW_WITHIN.as_secs())]
    Silent {
        /// The process that listens, if the kernel tells.
        process: Option<i32>,
    },
    /// The connection broke.
    #[error("the connection to tcplull broke: {0}; see whether it still runs")]
    Broken(#[from] io::Error),
    /// The answer ended within a line.
    #[error("tcplull went while it answered; see its log")]
    Cut,
    /// A line that no tcplull sends.
    #[error(
        "the answer is none of a tcplull: a line of more than {LONGEST_ANSWER} bytes, or no text; is that the right --socket?"
    )]
    NotAnAnswer,
    /// The daemon says why it does not answer.
    #[error("tcplull: {0}")]
    Refused(String),
}

fn listener(process: Option<i32>) -> String {
    match process {
        Some(process) => format!("process {process}"),
        None => "the process on the socket".to_owned(),
    }
}

/// A line of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A row: a JSON object, as it came, without the line's end.
    Row(String),
    /// So many findings were missed, because they came faster than they were read.
    Lagged(u64),
}

/// An answer of a running daemon, line by line.
#[derive(Debug)]
pub struct InspectClient {
    reader: BufReader<OwnedReadHalf>,
    // A watch lasts until this side ends.
    _writer: OwnedWriteHalf,
    /// How long the next line may take; a finding may take for ever.
    within: Option<Duration>,
    process: Option<i32>,
}

impl InspectClient {
    /// Asks the daemon on the socket at `path` for findings ([`super::WATCH`]), or for a
    /// list by its name.
    ///
    /// # Errors
    /// Nobody there, or the request cannot be sent.
    pub async fn ask(path: &Path, command: &str) -> Result<Self, ClientError> {
        let path = path.to_owned();
        let stream = UnixStream::connect(&path)
            .await
            .map_err(|source| match source.kind() {
                io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => {
                    ClientError::NobodyAnswers { path }
                }
                io::ErrorKind::PermissionDenied => ClientError::NotAllowed { path },
                _ => ClientError::Connect { path, source },
            })?;
        let process = stream.peer_cred().ok().and_then(|peer| peer.pid());
        let (reader, mut writer) = stream.into_split();
        let mut request = serde_json::to_vec(&Request {
            command: command.to_owned(),
        })
        .map_err(io::Error::from)?;
        request.push(b'\n');
        match writer.write_all(&request).await {
            // Turned away before it asked: the reason stands ready to be read.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
            sent => sent?,
        }
        Ok(Self {
            reader: BufReader::new(reader),
            _writer: writer,
            within: (command != WATCH).then_some(ROW_WITHIN),
            process,
        })
    }

    /// The next line; `None` at the end of a list, and when the daemon stops.
    ///
    /// # Errors
    /// A broken connection, none or a strange answer, or the daemon's reason for none.
    pub async fn next(&mut self) -> Result<Option<Answer>, ClientError> {
        let line = read_line(&mut self.reader, LONGEST_ANSWER);
        let read = match self.within {
            Some(bound) => timeout(bound, line)
                .await
                .map_err(|_| ClientError::Silent {
                    process: self.process,
                })?,
            None => line.await,
        };
        let line = match read? {
            LineRead::Line(line) => {
                String::from_utf8(line).map_err(|_| ClientError::NotAnAnswer)?
            }
            LineRead::End(0) => return Ok(None),
            LineRead::End(_) => return Err(ClientError::Cut),
            LineRead::TooLong => return Err(ClientError::NotAnAnswer),
        };
        match serde_json::from_str(&line) {
            Ok(Notice::Error(reason)) => Err(ClientError::Refused(reason)),
            Ok(Notice::Lagged(findings)) => Ok(Some(Answer::Lagged(findings))),
            Err(_) => Ok(Some(Answer::Row(line))),
        }
    }
}
