//! Why a file is no snapshot, and why one cannot be redacted.

use monitor_model::format::printable;
use std::io;
use thiserror::Error;

/// Why a file is no snapshot that can be shown.
#[derive(Debug, Error)]
pub enum ReadError {
    /// It cannot be read.
    #[error("cannot read it: {0}")]
    Io(io::Error),
    /// It is something else.
    #[error("it is no snapshot: `tcplull snapshot FILE` writes one")]
    Foreign,
    /// It ends too early.
    #[error("it is cut off: copy it again, whole")]
    Cut,
    /// It is not what was written.
    #[error("it is damaged ({}): copy it again", printable(.0))]
    Damaged(String),
    /// It is of a form that is not known.
    #[error(
        "it is a snapshot of the form {}, made by a newer tcplull: this one is {} and reads tcplull.snapshot/1",
        printable(.0),
        env!("CARGO_PKG_VERSION")
    )]
    Newer(String),
    /// There is more in it than anybody wrote.
    #[error("it is no snapshot of ours: {0}, which none has")]
    TooMuch(String),
}

/// Why nothing was redacted.
#[derive(Debug, Error)]
pub enum RedactError {
    /// No random key.
    #[error("cannot make pseudonyms: the system gives no random numbers")]
    Key,
    /// Too many names.
    #[error("cannot make pseudonyms: too many names ({0})")]
    Names(String),
}
