//! The state when a moment that is over is shown: all is there at the start, and nothing is asked.

use super::App;
use super::connections::Grouping;
use crate::event::Now;
use crate::filter::Filter;
use crate::past::Past;
use crate::source::Watched;
use monitor_model::alert::Alert;
use monitor_model::finding::Finding;
use monitor_model::time::Timestamp;
use std::cmp::Reverse;
use std::sync::Arc;

/// The moment that is shown.
#[derive(Debug)]
pub struct Then {
    /// As it is said where this runs.
    pub said: String,
    /// Since when findings were looked for.
    pub since: Timestamp,
    /// What is to be said besides.
    pub notes: Vec<String>,
    /// What was found last of each connection that the filter takes: pages first, then tickets, of each the newest first.
    pub found: Vec<Arc<Finding>>,
    /// All that stood; those that the filter takes are the state's.
    alerts: Vec<Alert>,
}

impl App {
    /// As it was at that moment, for good.
    pub fn at(host: String, filter: Filter, now: Now, size: (u16, u16), past: Past) -> Self {
        let mut app = Self::new(host, filter, now, size);
        app.frozen = Some(Now {
            wall: past.at,
            ..now
        });
        app.as_of = Some(now.up);
        // Nothing comes that could be watched for.
        app.watches = Ok(());
        for finding in past.findings {
            app.findings.take(Watched::Finding(Box::new(finding)));
        }
        app.paths = past.paths;
        app.agent = Some(past.agent);
        app.then = Some(Then {
            said: past.said,
            since: past.since,
            notes: past.notes,
            found: Vec::new(),
            alerts: past.alerts,
        });
        app.list_then();
        app
    }

    /// Makes the lists of a moment that is over anew; whether it is one.
    pub(super) fn list_then(&mut self) -> bool {
        let Some(then) = &mut self.then else {
            return false;
        };
        let path = match &self.connections.within {
            Some((Grouping::Path, path)) => Some(path.as_str()),
            _ => None,
        };
        let shown = |finding: &&Arc<Finding>| {
            let of = finding.path.as_deref().unwrap_or("none");
            self.filter.takes_finding(finding) && path.is_none_or(|path| path == of)
        };
        then.found = self.findings.of_each().filter(shown).cloned().collect();
        let rank = |found: &Finding| Reverse((found.severity, found.time));
        then.found.sort_by(|one, other| {
            let ids = (&one.connection.id, &other.connection.id);
            rank(one).cmp(&rank(other)).then(ids.0.cmp(ids.1))
        });
        let alerts = then.alerts.clone();
        self.take_alerts(alerts);
        true
    }
}
