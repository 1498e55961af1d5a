//! Why nobody can look back.

use monitor_store::ReadError;
use std::io;
use std::path::PathBuf;

/// Why nobody can look back.
#[derive(Debug, thiserror::Error)]
pub(super) enum PastError {
    #[error("there is no history in {}: has a daemon with this configuration run here? --history DIR names another", dir.display())]
    NotThere { dir: PathBuf },
    #[error("the history in {} is not for this user: ask as root, or as whom it belongs to", dir.display())]
    NotAllowed { dir: PathBuf },
    #[error(transparent)]
    Read(ReadError),
    #[error("the clocks cannot be read")]
    Clock,
    #[error("--until is not after --since")]
    Backwards,
    #[error("cannot write {}: {source}", file.display())]
    NotWritten { file: PathBuf, source: io::Error },
}
