//! Why there is no history, or less of it.

use std::io;
use std::path::PathBuf;

/// What was tried with which file, and why the system refuses it.
#[derive(Debug, thiserror::Error)]
#[error("{what} {}: {source}", path.display())]
pub struct Refused {
    /// What was tried.
    pub what: &'static str,
    /// The file.
    pub path: PathBuf,
    /// The system's reason.
    #[source]
    pub source: io::Error,
}

/// Why nothing can be written.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder is not there and cannot be made, or cannot be read.
    #[error("cannot use the folder {}: {source}", dir.display())]
    Folder {
        /// The folder.
        dir: PathBuf,
        /// The system's reason.
        #[source]
        source: io::Error,
    },
    /// Others could put files in it, or it is none.
    #[error(
        "{} is no folder that only its owner, this user, can write to; `chown` and `chmod 700` it, or name another",
        dir.display()
    )]
    NotOurs {
        /// The folder.
        dir: PathBuf,
    },
    /// One writes, and only one.
    #[error("another process writes to {}; name another folder for this one", dir.display())]
    Locked {
        /// The folder.
        dir: PathBuf,
    },
    /// The system refuses something that is needed.
    #[error(transparent)]
    Refused(#[from] Refused),
}

/// Why a record is not written. What was written before is there, and another may be.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// It is longer than any record.
    #[error("a record of {bytes} bytes is longer than the {most} that fit")]
    TooLong {
        /// Its length.
        bytes: usize,
        /// The most that fit.
        most: usize,
    },
    /// The disk does not take it.
    #[error(transparent)]
    Refused(#[from] Refused),
}

/// Why nothing, or no more, is read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The folder is not there, or may not be read.
    #[error("cannot read the history in {}: {source}", dir.display())]
    Folder {
        /// The folder.
        dir: PathBuf,
        /// The system's reason.
        #[source]
        source: io::Error,
    },
    /// A segment cannot be read to its end; the next may.
    #[error("cannot read {}: {source}", path.display())]
    Segment {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: io::Error,
    },
}
