//! What a command that asks runs on.

use super::exit::CliError;
use tokio::runtime::{Builder, Runtime};

/// A runtime on this thread.
pub(super) fn runtime() -> Result<Runtime, CliError> {
    let built = Builder::new_current_thread().enable_all().build();
    built.map_err(|source| CliError::Io {
        what: "cannot start the runtime",
        source,
    })
}
