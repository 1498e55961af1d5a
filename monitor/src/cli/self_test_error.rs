//! Why the self-test cannot be made.

use monitor_kernel::KernelError;
use std::io;

/// Why the self-test cannot be made.
#[derive(Debug, thiserror::Error)]
pub(super) enum SelfTestError {
    /// Capabilities are missing.
    #[error(
        "missing {}: the self-test makes network namespaces and devices in them; run it as root, in a container for this once \
         with --privileged; `tcplull check` needs less",
        .0.join(" and ")
    )]
    MissingPrivileges(Vec<&'static str>),
    /// What `run` needs is missing, too.
    #[error(transparent)]
    Kernel(#[from] KernelError),
    /// The world cannot be made.
    #[error("no network for the self-test: {0}")]
    World(String),
    /// The daemon does not come up; its own words.
    #[error("the daemon under test does not run: {0}")]
    Daemon(String),
    /// The system refuses.
    #[error("the self-test: {what}: {source}")]
    System {
        what: &'static str,
        source: io::Error,
    },
}

impl SelfTestError {
    /// What was refused.
    pub(super) fn system<E: Into<io::Error>>(what: &'static str) -> impl FnOnce(E) -> Self {
        move |source| Self::System {
            what,
            source: source.into(),
        }
    }
}
