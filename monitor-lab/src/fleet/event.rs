//! A mass event: all nodes fail towards one path at once. What it comes to in an Alertmanager.

use super::notified::{Counted, Notified};
use super::numbers::Numbers;
use super::{JOB, instance};
use crate::LabError;
use crate::interrupt::Interrupt;
use crate::real::monitoring::{ALERTMANAGER, Alertmanager};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Where the receivers of the shipped configuration are, in whose place the one that counts is put.
const RECEIVER: &str = "127.0.0.1:9095";

/// Alerts that Prometheus sends at once.
const BATCH: usize = 64;

/// How often what fires is sent again, by Prometheus and by the daemon.
const AGAIN: Duration = Duration::from_secs(60);

/// How long an alert lasts that is not sent again.
const LEASE: Duration = Duration::from_secs(240);

/// How long after the first alerts the rules of the fleet are evaluated, by when every node has been scraped.
const FLEET_AFTER: Duration = Duration::from_secs(30);

/// How long the nodes fail.
const LASTS: Duration = Duration::from_secs(180);

/// How long one looks after that: longer than any group's interval.
const LOOKS_ON: Duration = Duration::from_secs(420);

/// How often Alertmanager is asked for its numbers: that costs it something too.
const ASKED: Duration = Duration::from_secs(5);

/// How alerts come to Alertmanager.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// From Prometheus, by the rules: half of the nodes at one evaluation, the others and the alert of the fleet at the next.
    Scraped,
    /// From each daemon itself, within 30 s. Nobody knows of the fleet then.
    Pushed,
}

/// What is to happen.
#[derive(Clone, Debug)]
pub struct Event {
    /// Alertmanager.
    pub alertmanager: PathBuf,
    /// Its configuration; what it has at [`RECEIVER`] is counted.
    pub configuration: String,
    /// How alerts come there.
    pub way: Way,
    /// Nodes that fail.
    pub nodes: u32,
    /// The user's wish to stop.
    pub interrupt: Interrupt,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Came {
    /// Notifications, by the receiver's path.
    pub notified: BTreeMap<String, Notified>,
    /// Memory that Alertmanager held at most, in bytes.
    pub memory: u64,
    /// CPU time that it used until the end, in seconds.
    pub cpu_seconds: f64,
    /// Alerts that it would not take.
    pub refused: u64,
}

impl Event {
    /// Lets it happen. It takes ten minutes.
    ///
    /// # Errors
    /// Whatever keeps Alertmanager from running, and [`LabError::App`] where it wants too much memory.
    pub fn happen(&self) -> Result<Came, LabError> {
        let counted = Counted::start()?;
        let configuration = self
            .configuration
            .replace(RECEIVER, &counted.address().to_string());
        let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let server = Alertmanager::start(&self.alertmanager, address, &configuration)?;
        let mut sender = Sender::to(server.address());
        let begun = Instant::now();
        let (started, mut memory) = (now(), 0);
        let all: Vec<Due> = self.alerts();
        let mut next: Vec<Duration> = all.iter().map(|due| due.at).collect();
        let (mut ended, mut asks) = (false, Duration::ZERO);
        while begun.elapsed() < LASTS + LOOKS_ON {
            if self.interrupt.is_set() {
                return Err(LabError::Interrupted);
            }
            let time = begun.elapsed();
            if time < LASTS {
                let due = all.iter().zip(&mut next).filter(|(_, next)| **next <= time);
                let mut labels = Vec::new();
                for (due, next) in due {
                    *next += AGAIN;
                    labels.push(&due.labels);
                }
                sender.send(self.batch(), &labels, started, Some(LEASE))?;
            } else if !ended {
                ended = true;
                let labels: Vec<&Value> = all.iter().map(|due| &due.labels).collect();
                sender.send(self.batch(), &labels, started, None)?;
            }
            if begun.elapsed() >= asks {
                asks = begun.elapsed() + ASKED;
                // One that is busy has no answer, and is asked again.
                if let Ok(numbers) = Numbers::of(server.address()) {
                    memory = memory.max(numbers.memory_within_bounds(server.address())?);
                }
            }
            thread::sleep(Duration::from_millis(200));
        }
        Ok(Came {
            notified: counted.came(),
            memory,
            cpu_seconds: Numbers::of(server.address())?.cpu_seconds(),
            refused: sender.refused,
        })
    }

    fn batch(&self) -> usize {
        match self.way {
            Way::Scraped => BATCH,
            Way::Pushed => 1,
        }
    }

    fn alerts(&self) -> Vec<Due> {
        let at = |node: u32| match self.way {
            Way::Scraped if node < self.nodes / 2 => Duration::ZERO,
            Way::Scraped => FLEET_AFTER,
            Way::Pushed => FLEET_AFTER * node / self.nodes,
        };
        let of_node = |node| Due {
            at: at(node),
            labels: self.labels(node),
        };
        let mut all: Vec<Due> = (0..self.nodes).map(of_node).collect();
        if self.way == Way::Scraped {
            let labels = json!({
                "alertname": "TcplullFleetFailing", "severity": "critical", "path": "gateway", "job": JOB,
            });
            let at = FLEET_AFTER;
            all.push(Due { at, labels });
        }
        all
    }

    fn labels(&self, node: u32) -> Value {
        let mut labels = json!({
            "alertname": "TcplullUnreachable", "severity": "critical", "path": "gateway", "instance": instance(node),
        });
        let (name, value) = match self.way {
            Way::Scraped => ("job", JOB),
            Way::Pushed => ("owner", "any"),
        };
        labels[name] = value.into();
        if self.way == Way::Scraped {
            labels["alert"] = "unreachable".into();
        }
        labels
    }
}

/// An alert, and when it begins.
struct Due {
    at: Duration,
    labels: Value,
}

/// Who sends alerts.
struct Sender {
    agent: ureq::Agent,
    url: String,
    refused: u64,
}

impl Sender {
    fn to(address: SocketAddr) -> Self {
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .proxy(None)
            .build();
        Self {
            agent: agent.into(),
            url: format!("http://{address}/api/v2/alerts"),
            refused: 0,
        }
    }

    /// Sends alerts with these labels, so many at once; over where they have no lease.
    fn send(
        &mut self,
        at_once: usize,
        labels: &[&Value],
        started: OffsetDateTime,
        lease: Option<Duration>,
    ) -> Result<(), LabError> {
        let started = written(started)?;
        for batch in labels.chunks(at_once) {
            let ends = written(now() + lease.unwrap_or_default())?;
            let alert = |labels: &&Value| {
                json!({
                    "labels": labels, "startsAt": started, "endsAt": ends,
                    "annotations": {
                        "summary": "A peer or a network is down",
                        "description": "On path gateway: 12 of 12 connections in trouble now; the latest: api.service (pid 1234) → \
                            20.1.2.3:443: 6s of silence, 3 timeouts, no ACK since",
                        "runbook_url": "docs/findings.md#unreachable",
                    },
                })
            };
            let batch: Vec<Value> = batch.iter().map(alert).collect();
            let request = self
                .agent
                .post(&self.url)
                .header("Content-Type", "application/json");
            let answer = request.send(json!(batch).to_string().as_bytes());
            let answer = answer.map_err(|error| LabError::App {
                name: ALERTMANAGER.to_owned(),
                what: format!("takes no alerts: {error}"),
            })?;
            if answer.status() != 200 {
                self.refused += batch.len() as u64;
            }
        }
        Ok(())
    }
}

fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}

/// A moment as Alertmanager reads it.
fn written(time: OffsetDateTime) -> Result<String, LabError> {
    time.format(&Rfc3339).map_err(|error| LabError::App {
        name: ALERTMANAGER.to_owned(),
        what: format!("cannot be told {time}: {error}"),
    })
}
