//! Where what the judge says goes: the alerts, and the surfaces.

use super::log_writer::Log;
use crate::surfaces::inspect::Feed;
use crate::surfaces::metrics::Metrics;
use monitor_judge::alerts::Alerts;
use monitor_judge::{Verdict, Verdicts};
use monitor_model::alert::AlertChange;

/// The alerts and the surfaces that are told of each finding.
pub(super) struct Outlets {
    pub(super) alerts: Alerts,
    pub(super) metrics: Metrics,
    pub(super) feed: Feed,
    pub(super) log: Log,
}

impl Outlets {
    /// For what is said at this moment, CLOCK_MONOTONIC in ns.
    pub(super) fn at(&mut self, now_ns: u64) -> impl Verdicts {
        Now {
            outlets: self,
            now_ns,
        }
    }

    /// Tells the alerts that time passes.
    pub(super) fn tick(&mut self, now_ns: u64) {
        tell(&self.alerts.tick(now_ns));
    }
}

/// The outlets at one moment.
struct Now<'a> {
    outlets: &'a mut Outlets,
    now_ns: u64,
}

impl Verdicts for Now<'_> {
    fn push(&mut self, verdict: Verdict) {
        let outlets = &mut *self.outlets;
        tell(&outlets.alerts.apply(&verdict, self.now_ns));
        if let Verdict::Finding(finding) = verdict {
            outlets.metrics.finding(&finding);
            if let Err(error) = outlets.feed.publish(&finding) {
                tracing::error!("a finding cannot be written: {error}");
            }
            outlets.log.write(finding);
        }
    }
}

fn tell(changes: &[AlertChange]) {
    for change in changes {
        match change {
            AlertChange::Firing(alert) => {
                tracing::info!(
                    "alert {} on {} fires: {}",
                    alert.name,
                    alert.path,
                    alert.summary
                );
            }
            AlertChange::Resolved(alert) => {
                tracing::info!("alert {} on {} resolved", alert.name, alert.path);
            }
        }
    }
}
