//! Why it cannot be said who is who.

use monitor_model::format::printable;
use std::path::PathBuf;

/// A file that the configuration or a flag names, and that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {key}: {path:?}: {reason}")]
pub struct FileError {
    /// Where it is named: the configuration file and the line, or the command line.
    pub place: String,
    /// The key, or the flag.
    pub key: &'static str,
    /// The file.
    pub path: PathBuf,
    /// What is wrong, and what would be right.
    pub reason: String,
}

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be used.
    #[error(transparent)]
    File(#[from] FileError),
    /// Whom to trust is not known.
    #[error("whom to trust is not known: {0}")]
    Roots(String),
    /// What is asked for cannot be.
    #[error("no TLS: {}", printable(.0))]
    Tls(String),
}
