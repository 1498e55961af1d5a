//! Alerts among what the daemon says of itself.

use super::sink::Sink;
use monitor_model::alert::AlertChange;
use std::io;

/// One line when an alert begins to fire, and one when it is over.
#[derive(Debug)]
pub struct AlertLines;

impl Sink for AlertLines {
    fn hears_alerts(&self) -> bool {
        true
    }

    fn on_alert(&mut self, change: &AlertChange) -> io::Result<()> {
        match change {
            AlertChange::Firing(alert) => tracing::info!(
                "alert {} on {} fires: {}",
                alert.name,
                alert.path,
                alert.summary
            ),
            AlertChange::Resolved(alert) => {
                tracing::info!("alert {} on {} resolved", alert.name, alert.path);
            }
        }
        Ok(())
    }
}
