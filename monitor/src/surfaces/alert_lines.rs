//! Alerts among what the daemon says of itself.

use super::sink::Sink;
use monitor_model::alert::AlertChange;
use std::io;

/// One line when an alert begins, one when it begins to fire, and one when it is over.
#[derive(Debug)]
pub struct AlertLines;

impl Sink for AlertLines {
    fn hears_alerts(&self) -> bool {
        true
    }

    fn on_alert(&mut self, change: &AlertChange) -> io::Result<()> {
        let alert = change.alert();
        let (name, path, summary) = (&alert.name, &alert.path, &alert.summary);
        match change {
            AlertChange::Pending(_) => {
                tracing::info!("alert {name} on {path} is pending: {summary}");
            }
            AlertChange::Firing(_) => tracing::info!("alert {name} on {path} fires: {summary}"),
            AlertChange::Over(alert) if alert.fired.is_none() => {
                tracing::info!("alert {name} on {path} is over, and did not fire");
            }
            AlertChange::Over(_) => tracing::info!("alert {name} on {path} is over"),
        }
        Ok(())
    }
}
