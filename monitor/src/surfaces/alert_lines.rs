//! Alerts among what the daemon says of itself.

use super::sink::Sink;
use crate::rate::ALWAYS;
use monitor_model::alert::{Alert, AlertChange, AlertState};
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
        let which = which(alert);
        // Whose it is: more than one owner may have such an alert, and its end has no summary.
        let owner = &alert.owner;
        let path = match &alert.path_owner {
            Some(path_owner) => format!("{path} ({path_owner})"),
            None => path.clone(),
        };
        let page = alert.severity == Severity::Page;
        let why = match &alert.reason {
            Some(reason) => format!(": {reason}"),
            None => String::new(),
        };
        let summary = match &alert.lost {
            Some(lost) => format!("{summary}; {lost}"),
            None => summary.clone(),
        };
        match change {
            // Whatever else there is to say: somebody is woken, or may sleep.
            AlertChange::Firing(_) if page => {
                tracing::info!(target: ALWAYS, "alert {name} of {owner} on {path} fires: {summary}{which}");
            }
            AlertChange::Over(alert) if page && alert.fired.is_some() => {
                tracing::info!(target: ALWAYS, "alert {name} of {owner} on {path} is over{which}{why}");
            }
            AlertChange::Pending(_) => {
                tracing::info!("alert {name} of {owner} on {path} is pending: {summary}{which}");
            }
            AlertChange::Firing(_) => {
                tracing::info!("alert {name} of {owner} on {path} fires: {summary}{which}")
            }
            AlertChange::Over(alert) if alert.fired.is_none() => {
                tracing::info!(
                    "alert {name} of {owner} on {path} is over, and did not fire{which}{why}"
                );
            }
            AlertChange::Over(_) => {
                tracing::info!("alert {name} of {owner} on {path} is over{which}{why}")
            }
        }
        Ok(())
    }
}

/// Its latest connection, and how many more there are: in trouble now, or once it is over all that were.
fn which(alert: &Alert) -> String {
    let others = match alert.state {
        AlertState::Over => alert.count,
        AlertState::Pending | AlertState::Firing => alert.connections,
    };
    match (alert.example.as_str(), others.saturating_sub(1)) {
        ("", _) => String::new(),
        // Its count is one of times.
        (id, _) if matches!(alert.name.as_str(), "interrupted" | "misstated") => {
            format!("; latest connection {id}")
        }
        (id, 0) => format!("; connection {id}"),
        (id, others) => format!("; connection {id} and {others} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::tests::firing;
    use std::sync::{Arc, Mutex};

    /// Keeps what is written.
    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn each_line_says_whose_alert_it_is_and_names_a_connection() {
        let alert = Alert {
            name: "crossed".into(),
            path: "nat".into(),
            owner: "pool.service".into(),
            lost: Some("lost: a request of 120 bytes".into()),
            ..firing()
        };
        let unfired = Alert {
            fired: None,
            ..alert.clone()
        };
        let over = |alert: &Alert| {
            AlertChange::Over(Alert {
                state: AlertState::Over,
                connections: 0,
                ..alert.clone()
            })
        };
        let kept = Kept::default();
        let writer = kept.clone();
        let log = tracing_subscriber::fmt().with_writer(move || writer.clone());
        tracing::subscriber::with_default(log.finish(), || {
            for change in [
                AlertChange::Pending(unfired.clone()),
                AlertChange::Firing(alert.clone()),
                over(&unfired),
                over(&alert),
            ] {
                AlertLines.on_alert(&change).unwrap();
            }
        });
        let text = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
        let lines = text.lines();
        assert_eq!(lines.clone().count(), 4, "{text}");
        for line in lines {
            assert!(
                line.contains("alert crossed of pool.service on nat"),
                "{line}"
            );
            assert!(
                line.ends_with("; connection 1f-aabb and 9999 more"),
                "{line}"
            );
            let over = line.contains(" is over");
            assert_eq!(
                line.contains("lost: a request of 120 bytes"),
                !over,
                "{line}"
            );
        }
    }
}
