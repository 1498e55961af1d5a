//! Who sends to one Alertmanager what its schedule says is due.

use super::client::{Answer, Client};
use super::error::Failure;
use super::notice::{Notice, Snapshot};
use super::numbers::{Counters, NO_ROOM, REFUSED};
use super::schedule::{Schedule, Sent, Times};
use crate::rate::ALWAYS;
use monitor_model::format::{count, json_line};
use monitor_model::time::Timestamp;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::watch;
use tokio::time::sleep_until;

/// The most bytes of one request, so that no proxy's bound is met (nginx has 1 MiB).
const LONGEST_REQUEST: usize = 512 << 10;

/// That it still fails is said again after so long.
const SAID_EVERY: Duration = Duration::from_secs(600);

/// What the daemon gives.
#[derive(Clone, Debug, Default)]
pub(super) struct Given {
    pub(super) snapshot: Arc<Snapshot>,
    /// Nothing comes after it, and what is not sent by then stays unsent.
    pub(super) last_until: Option<Instant>,
}

/// The wall clock.
pub(super) type WallClock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Who sends to one Alertmanager.
pub(super) struct Sender {
    name: String,
    client: Client,
    schedule: Schedule,
    lease: Duration,
    counters: Counters,
    wall: WallClock,
    begun: Instant,
    /// What was said last of its failure, and when.
    said: Option<(&'static str, Instant)>,
    /// It was said that its clock is another.
    clock_said: bool,
}

/// How a request ended.
enum Done {
    /// Go on with what is due.
    On,
    /// Nothing more now.
    Stop,
}

impl Sender {
    pub(super) fn new(
        name: &str,
        client: Client,
        (resend, lease): (Duration, Duration),
        counters: Counters,
        wall: WallClock,
    ) -> Self {
        let times = Times {
            resend_ns: nanos(resend),
            lease_ns: nanos(lease),
        };
        Self {
            name: name.to_owned(),
            client,
            schedule: Schedule::new(times),
            lease,
            counters,
            wall,
            begun: Instant::now(),
            said: None,
            clock_said: false,
        }
    }

    /// Sends what is due, until the daemon ends.
    pub(super) async fn run(mut self, mut given: watch::Receiver<Given>) {
        loop {
            let next = self
                .schedule
                .next_ns()
                .map(|ns| self.begun + Duration::from_nanos(ns));
            let due = async {
                match next {
                    Some(next) => sleep_until(next.into()).await,
                    None => std::future::pending().await,
                }
            };
            let changed = tokio::select! {
                changed = given.changed() => Some(changed),
                () = due => None,
            };
            let until = match changed {
                // Who gives is gone, and has said nothing of an end: then there is nobody to vouch.
                Some(Err(_)) => return,
                Some(Ok(())) => self.take(&mut given),
                None => None,
            };
            let until = match until {
                None => self.turn(&mut given).await,
                until => until,
            };
            if let Some(until) = until {
                let end = tokio::time::timeout_at(until.into(), self.end());
                // What is not sent by then is left to the lease.
                let _ = end.await;
                self.count_waiting();
                return;
            }
        }
    }

    /// Takes in what was given last; answers until when it may be sent, where it is the last.
    fn take(&mut self, given: &mut watch::Receiver<Given>) -> Option<Instant> {
        let (snapshot, until) = {
            let given = given.borrow_and_update();
            (Arc::clone(&given.snapshot), given.last_until)
        };
        self.schedule.take(&snapshot, self.now_ns());
        let dropped = self.schedule.dropped();
        if dropped > 0 {
            self.counters
                .count(|numbers| *numbers.dropped.entry(NO_ROOM).or_default() += dropped);
        }
        self.count_waiting();
        until
    }

    /// Sends all that is due, and what becomes due meanwhile; answers until when the rest may be sent, where the daemon ends.
    async fn turn(&mut self, given: &mut watch::Receiver<Given>) -> Option<Instant> {
        let mut ends = given.clone();
        loop {
            let batch = self.schedule.batch(self.now_ns());
            if batch.is_empty() {
                break;
            }
            let done = tokio::select! {
                done = self.send(batch, early()) => Some(done),
                ended = ends.wait_for(|given| given.last_until.is_some()) => {
                    // Without anybody who gives, what is under way has no end either.
                    ended.is_err().then_some(Done::Stop)
                }
            };
            self.count_waiting();
            let Some(done) = done else {
                self.client.close();
                return self.take(given);
            };
            if matches!(done, Done::Stop) {
                break;
            }
            // A page that has come meanwhile waits for nobody.
            if given.has_changed().unwrap_or(false)
                && let Some(until) = self.take(given)
            {
                return Some(until);
            }
        }
        self.client.close();
        None
    }

    /// Sends what is left to say.
    async fn end(&mut self) {
        let begun_ns = self.now_ns();
        loop {
            let batch = self.schedule.last_batch(begun_ns);
            if batch.is_empty() || matches!(self.send(batch, 0.0).await, Done::Stop) {
                return;
            }
        }
    }

    /// Sends a batch. What is sent again is so by this part of the interval too early.
    async fn send(&mut self, mut batch: Vec<Sent>, early: f64) -> Done {
        let at_ns = self.now_ns();
        let text = self.written(&mut batch);
        let begun = Instant::now();
        let answer = self.client.post(text).await;
        self.counters.count(|numbers| numbers.took(begun.elapsed()));
        match answer {
            Ok(Answer::Taken(time)) => {
                let sent = batch.len() as u64;
                self.counters.count(|numbers| numbers.sent += sent);
                self.schedule.taken(&batch, at_ns, early);
                self.goes_again();
                self.hold_against_clock(time);
                Done::On
            }
            Ok(Answer::Refused { status, text }) => {
                let why = Failure::RefusesAll { status, text };
                self.refused(&batch, &why)
            }
            Err(why) => {
                self.schedule.failed(self.now_ns(), early);
                self.fails(&why);
                Done::Stop
            }
        }
    }

    fn refused(&mut self, batch: &[Sent], why: &Failure) -> Done {
        let known = self.schedule.refused(batch, self.now_ns());
        self.counters
            .count(|numbers| *numbers.errors.entry(why.reason()).or_default() += 1);
        if self.schedule.is_paused(self.now_ns()) {
            self.say(why);
            return Done::Stop;
        }
        if let (true, [alone]) = (known, batch) {
            self.counters
                .count(|numbers| *numbers.dropped.entry(REFUSED).or_default() += 1);
            let alert = alone.notice.name();
            // Somebody was to be woken by it, or not; it is rare, and each time another alert.
            tracing::warn!(
                target: ALWAYS,
                "alertmanager {}: {why}; the alert {alert} is left out, and tried again later",
                self.name
            );
        }
        Done::On
    }

    fn fails(&mut self, why: &Failure) {
        self.counters
            .count(|numbers| *numbers.errors.entry(why.reason()).or_default() += 1);
        self.say(why);
    }

    /// Says why it fails: once, and again where the reason is another, or a while has passed.
    fn say(&mut self, why: &Failure) {
        let now = Instant::now();
        let again = self
            .said
            .is_none_or(|(reason, at)| reason != why.reason() || now - at >= SAID_EVERY);
        if again {
            self.said = Some((why.reason(), now));
            let alerts = count(self.schedule.waiting(self.now_ns()), "alert");
            tracing::warn!(
                target: ALWAYS,
                "alertmanager {}: {why}; {alerts} wait, and it is tried again",
                self.name
            );
        }
    }

    fn goes_again(&mut self) {
        if self.said.take().is_some() {
            tracing::info!(target: ALWAYS, "alertmanager {}: it takes alerts again", self.name);
        }
    }

    /// Where the clocks differ by half a lease, an alert may be over there as soon as it is told.
    fn hold_against_clock(&mut self, time: Option<SystemTime>) {
        let Some(time) = time else {
            return;
        };
        let own = SystemTime::now();
        let apart = own
            .duration_since(time)
            .or_else(|_| time.duration_since(own))
            .unwrap_or_default();
        let far = apart >= self.lease / 2;
        if far && !self.clock_said {
            tracing::warn!(
                target: ALWAYS,
                "alertmanager {}: its clock and this host's are {} s apart; alerts end there at other times than here, or \
                 at once: set the clocks",
                self.name,
                apart.as_secs()
            );
        }
        self.clock_said = far;
    }

    /// The batch as a list, cut where it is too long.
    fn written(&self, batch: &mut Vec<Sent>) -> String {
        let now = (self.wall)();
        let mut text = String::from("[");
        let mut written = 0;
        for sent in batch.iter() {
            // There is nothing in it that JSON has no words for.
            let line = json_line(&sent.notice.told_at(now, self.lease)).unwrap_or_default();
            if written > 0 && text.len() + line.len() >= LONGEST_REQUEST {
                break;
            }
            if written > 0 {
                text.push(',');
            }
            text.push_str(&line);
            written += 1;
        }
        batch.truncate(written);
        text.push(']');
        text
    }

    fn count_waiting(&self) {
        let waiting = self.schedule.waiting(self.now_ns());
        self.counters.count(|numbers| numbers.waiting = waiting);
    }

    fn now_ns(&self) -> u64 {
        nanos(self.begun.elapsed())
    }
}

impl Notice {
    /// Name and severity, for the log.
    fn name(&self) -> &str {
        self.labels
            .get("alertname")
            .map_or("without a name", String::as_str)
    }
}

pub(super) fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// A part of up to a tenth, another each time: ten thousand daemons whose alerts began at once are not to send them at once
/// each minute.
fn early() -> f64 {
    let random = RandomState::new().hash_one(0);
    (random % 1_000) as f64 / 10_000.0
}
