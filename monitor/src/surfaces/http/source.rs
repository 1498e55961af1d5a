//! What the pages need of the daemon.

use monitor_model::alert::Alert;
use std::sync::Arc;

/// What the pages show, asked for at each request.
pub trait HttpSource: Send + Sync + 'static {
    /// The metrics in Prometheus' text format.
    ///
    /// # Errors
    /// Why there are none, in one line.
    fn metrics(&self) -> Result<String, String>;

    /// That the daemon is attached and sweeping, and what else is to be said, in one line.
    ///
    /// # Errors
    /// Why it is not, in one line.
    fn ready(&self) -> Result<String, String>;

    /// All alerts: those that wait, fire, and are lately over.
    fn alerts(&self) -> Vec<Alert>;
}

/// Whoever serves has a share in it.
pub(super) type Source = Arc<dyn HttpSource>;
