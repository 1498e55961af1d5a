//! The daemon's handle on all that is pushed.

use super::client::Client;
use super::error::{Failure, StartError};
use super::notice::{Besides, Snapshot};
use super::numbers::Counters;
use super::sender::{Given, Sender, WallClock};
use crate::config::{Alertmanager, Notifications};
use crate::pushed::Pushed;
use crate::worker::{Waiting, Worker};
use monitor_model::alert::Alert;
use monitor_model::time::Timestamp;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use tokio::runtime::Builder;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// The label that says which host an alert is about, as with what Prometheus scrapes.
const INSTANCE: &str = "instance";

/// Pushes alerts to every Alertmanager. Dropping it gives up what is under way.
#[derive(Debug)]
pub struct Notifier {
    give: watch::Sender<Given>,
    worker: Worker<()>,
    counters: Vec<Counters>,
    besides: Besides,
    /// What is given holds for so long until it is given anew.
    again: Duration,
    given: Option<Instant>,
    /// Something was given last.
    is_full: bool,
}

impl Notifier {
    /// Begins to push to these, if there are any. `host` is this host's name.
    ///
    /// # Errors
    /// A file that cannot be used, or what the system refuses.
    pub fn start(
        alertmanagers: &[Alertmanager],
        notifications: &Notifications,
        host: &str,
    ) -> Result<Option<Self>, StartError> {
        Self::start_with(alertmanagers, notifications, host, Arc::new(wall))
    }

    pub(super) fn start_with(
        alertmanagers: &[Alertmanager],
        notifications: &Notifications,
        host: &str,
        wall: WallClock,
    ) -> Result<Option<Self>, StartError> {
        if alertmanagers.is_empty() {
            return Ok(None);
        }
        let times = (notifications.resend_interval, notifications.lease);
        let (give, given) = watch::channel(Given::default());
        let mut counters = Vec::new();
        let mut senders = Vec::new();
        for to in alertmanagers {
            let name = to.url.name();
            let client = Client::new(to.clone());
            client.check().map_err(|failure| match failure {
                Failure::Files(error) => StartError::File(error),
                other => StartError::NoRoots {
                    name: name.to_owned(),
                    reason: other.to_string(),
                },
            })?;
            let counted = Counters::new(name);
            counters.push(counted.clone());
            let wall = Arc::clone(&wall);
            senders.push(Sender::new(name, client, times, counted, wall));
        }
        let runtime = Builder::new_current_thread()
            .enable_all()
            // Names are looked up and files read there.
            .max_blocking_threads(2 * alertmanagers.len())
            .build()?;
        let worker = Worker::start("alertmanager", 1, move |_: Waiting<()>| {
            runtime.block_on(async {
                let mut all = JoinSet::new();
                for sender in senders {
                    all.spawn(sender.run(given.clone()));
                }
                drop(given);
                while all.join_next().await.is_some() {}
            });
            // A name may still be looked up.
            runtime.shutdown_background();
        })?;
        let mut labels = notifications.labels.clone();
        let instance = notifications.instance.as_deref().unwrap_or(host);
        labels.insert(INSTANCE.to_owned(), instance.to_owned());
        Ok(Some(Self {
            give,
            worker,
            counters,
            besides: Besides {
                labels,
                runbooks: notifications.runbooks.clone(),
            },
            again: times.0 / 4,
            given: None,
            is_full: false,
        }))
    }

    /// Whether it wants to be given the alerts: where something has `changed`, and now and then while there are any.
    pub fn wants(&self, changed: bool, now: Instant) -> bool {
        let is_old =
            |given: Instant| self.is_full && now.saturating_duration_since(given) >= self.again;
        changed || self.given.is_none_or(is_old)
    }

    /// Gives it all alerts as they are now. It never waits.
    pub fn give(&mut self, alerts: impl IntoIterator<Item = Alert>) {
        self.give_until(alerts, None);
    }

    /// Gives it the alerts a last time. What is not sent by `bound` stays unsent.
    pub fn close(&mut self, alerts: impl IntoIterator<Item = Alert>, bound: Instant) {
        self.give_until(alerts, Some(bound));
        self.worker.close();
    }

    /// Waits until what was given last is sent, but no longer than to `bound`.
    pub fn end(&mut self, bound: Instant) {
        self.worker.end(bound);
    }

    /// What was sent, and what not, in the order of the configuration.
    pub fn numbers(&self) -> Vec<Pushed> {
        self.counters.iter().map(Counters::now).collect()
    }

    fn give_until(&mut self, alerts: impl IntoIterator<Item = Alert>, last_until: Option<Instant>) {
        let snapshot = Snapshot::of(alerts, &self.besides, wall());
        self.is_full = !snapshot.notices.is_empty();
        self.given = Some(Instant::now());
        self.give.send_replace(Given {
            snapshot: Arc::new(snapshot),
            last_until,
        });
    }
}

/// What the wall clock shows.
fn wall() -> Timestamp {
    let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let ns = since_1970.map_or(0, |time| time.as_nanos());
    Timestamp::of(i64::try_from(ns).unwrap_or(i64::MAX))
}
