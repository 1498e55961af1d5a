//! Notifications, counted by the path that they came on.

use crate::LabError;
use crate::real::monitoring::Webhook;
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

/// What came on one path.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Notified {
    /// Notifications that something fires.
    pub firing: u64,
    /// Notifications that all of it is over.
    pub resolved: u64,
    /// Alerts in the largest.
    pub most_alerts: usize,
    /// Its size, in bytes.
    pub most_bytes: usize,
}

/// A running receiver, with what came by path. Dropping it ends it.
#[derive(Debug)]
pub(super) struct Counted {
    webhook: Webhook,
    came: Arc<Mutex<BTreeMap<String, Notified>>>,
}

impl Counted {
    /// Starts one on loopback.
    pub(super) fn start() -> Result<Self, LabError> {
        let came = Arc::<Mutex<BTreeMap<String, Notified>>>::default();
        let counts = Arc::clone(&came);
        let webhook = Webhook::start(Ipv4Addr::LOCALHOST.into(), move |path, body| {
            count(&counts, path, body);
        })?;
        Ok(Self { webhook, came })
    }

    /// Where it listens.
    pub(super) fn address(&self) -> SocketAddr {
        self.webhook.address()
    }

    /// What came so far, by path.
    pub(super) fn came(&self) -> BTreeMap<String, Notified> {
        self.came
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

fn count(counts: &Mutex<BTreeMap<String, Notified>>, path: String, body: &[u8]) {
    let Ok(Value::Object(told)) = serde_json::from_slice(body) else {
        return;
    };
    let alerts = told
        .get("alerts")
        .and_then(Value::as_array)
        .map_or(0, Vec::len);
    let mut counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
    let notified = counts.entry(path).or_default();
    match told.get("status").and_then(Value::as_str) {
        Some("resolved") => notified.resolved += 1,
        _ => notified.firing += 1,
    }
    notified.most_alerts = notified.most_alerts.max(alerts);
    notified.most_bytes = notified.most_bytes.max(body.len());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notifications_are_counted_by_path_and_what_is_none_is_not() {
        let counted = Counted::start().expect("loopback is there");
        let agent: ureq::Agent = ureq::Agent::config_builder().proxy(None).build().into();
        for (path, body) in [
            ("page", r#"{"status":"firing","alerts":[{},{}]}"#),
            ("page", r#"{"status":"resolved","alerts":[{}]}"#),
            ("ticket", "nonsense"),
        ] {
            let url = format!("http://{}/{path}", counted.address());
            agent.post(&url).send(body).expect("it answers");
        }
        let page = Notified {
            firing: 1,
            resolved: 1,
            most_alerts: 2,
            most_bytes: 36,
        };
        assert_eq!(counted.came(), [("/page".to_owned(), page)].into());
    }
}
