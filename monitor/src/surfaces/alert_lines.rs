//! Alerts among what the daemon says of itself.

use super::sink::Sink;
use crate::rate::ALWAYS;
use monitor_model::alert::AlertChange;
use monitor_model::finding::Severity;
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
        let page = alert.severity == Severity::Page;
        match change {
            // Whatever else there is to say: somebody is woken, or may sleep.
            AlertChange::Firing(_) if page => {
                tracing::info!(target: ALWAYS, "alert {name} on {path} fires: {summary}");
            }
            AlertChange::Over(alert) if page && alert.fired.is_some() => {
                tracing::info!(target: ALWAYS, "alert {name} on {path} is over");
            }
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
