//! Why the daemon does not run.

use crate::config::ConfigError;
use crate::sandbox::SandboxError;
use crate::surfaces::alertmanager::StartError;
use crate::surfaces::http::{HttpError, WebError};
use crate::surfaces::inspect::InspectError;
use crate::surfaces::recording::RecorderError;
use monitor_kernel::KernelError;

/// Why the daemon does not run.
#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    /// The configuration is at fault.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The kernel side cannot run here.
    #[error(transparent)]
    Kernel(#[from] KernelError),
    /// What the judge is told cannot be recorded.
    #[error(transparent)]
    Recording(#[from] RecorderError),
    /// Metrics and health cannot be served.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// The web configuration is at fault.
    #[error(transparent)]
    Web(#[from] WebError),
    /// Live inspection cannot be served.
    #[error(transparent)]
    Inspect(#[from] InspectError),
    /// What the daemon does not need cannot be given up.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    /// Alerts cannot be pushed.
    #[error(transparent)]
    Notifications(StartError),
    /// A surface with a thread of its own cannot start it.
    #[error("cannot start the {name}: {source}")]
    Sink {
        /// The surface.
        name: &'static str,
        /// Why it failed.
        #[source]
        source: std::io::Error,
    },
    /// The system refused something that it grants as a rule.
    #[error("{what}: {source}")]
    System {
        /// What was tried.
        what: &'static str,
        /// Why it failed.
        #[source]
        source: std::io::Error,
    },
}

impl From<StartError> for DaemonError {
    /// A file that the configuration names is its fault.
    fn from(error: StartError) -> Self {
        match error {
            StartError::File(error) => Self::Config(ConfigError::NamedFile {
                place: error.place,
                key: error.key,
                file: error.path,
                reason: error.reason,
            }),
            other => Self::Notifications(other),
        }
    }
}
