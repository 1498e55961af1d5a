//! The whole way with the real parts, by scraping: Debian's Prometheus and Alertmanager with the shipped files, a daemon,
//! and two hosts whose path dies and comes back. Whoever is woken is told twice, that it fires and that it is over; and
//! the dashboard shows all of it. Everything lives in the client's network namespace, on its loopback.

use crate::common::dashboard;
use crate::common::net::{Pair, routed};
use crate::common::place::{place_in, watching};
use crate::common::run::program;
use crate::common::{Test, Tested, eventually, ten_times};
use crate::rules::shipped;
use libtest_mimic::Failed;
use monitor_lab::network::Network;
use monitor_lab::real::monitoring::{ALERTMANAGER, Alertmanager, PROMETHEUS, Prometheus, Receiver};
use monitor_lab::testbed::Daemon;
use monitor_lab::testbed::prometheus::sum;
use monitor_lab::testbed::wait::within;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::thread::{self, JoinHandle};
use std::time::Duration;

pub const TESTS: &[Test] = &[
    Test::with_monitoring("a_page_goes_through_prometheus_and_is_over", once),
    Test::slow_with_monitoring("ten_times_a_page_goes_through_prometheus", || {
        ten_times(once)
    }),
];

/// How long what fired may take to be over: the daemon holds it for two minutes, the rules for [`KEEP`] more, and there is
/// room for a busy machine.
const OVER_WITHIN: Duration = Duration::from_secs(600);

/// How long the rules hold what fired, in place of two minutes: longer than the scrapes that a busy machine fails in a
/// row. That they hold it for as long as they say, promtool tries.
const KEEP: &str = "20s";

/// How long what fires may take to Alertmanager: Prometheus sends it once, and what did not come through with all else a
/// minute later. There is room for two of these, and the daemon's alerts last as long.
const TOLD_WITHIN: Duration = Duration::from_secs(120);

/// The path's name.
const PATH: &str = "far";

fn once() -> Tested {
    let network = routed()?;
    network.client.within(|| lives(&network))?
}

/// The shipped file with these parts replaced, each of which must be there.
fn with(name: &str, parts: &[(&str, String)]) -> Result<String, Failed> {
    let text = fs::read_to_string(shipped(name))?;
    parts.iter().try_fold(text, |text, (part, other)| {
        assert!(text.contains(part), "{name} has no {part}");
        Ok(text.replace(part, other))
    })
}

/// Prometheus, Alertmanager and who is told, with the shipped files; only where they live, how often they look and
/// speak, and for how long the rules hold what fired, is the test's own.
struct Stack {
    prometheus: Prometheus,
    alertmanager: Alertmanager,
    receiver: Receiver,
}

impl Stack {
    fn start(address: IpAddr, daemon: SocketAddr) -> Result<Self, Failed> {
        let receiver = Receiver::start(address)?;
        let second = || "1s".to_owned();
        let configuration = with(
            "alertmanager.yml",
            &[
                ("127.0.0.1:9095", receiver.address().to_string()),
                ("group_wait: 1m", format!("group_wait: {}", second())),
                ("group_wait: 5m", format!("group_wait: {}", second())),
                (
                    "group_interval: 1m",
                    format!("group_interval: {}", second()),
                ),
                (
                    "group_interval: 5m",
                    format!("group_interval: {}", second()),
                ),
                (
                    "group_interval: 1h",
                    format!("group_interval: {}", second()),
                ),
            ],
        )?;
        let alertmanager = Alertmanager::start(&program(ALERTMANAGER)?, address, &configuration)?;
        let configuration = with(
            "prometheus.yml",
            &[
                ("127.0.0.1:9093", alertmanager.address().to_string()),
                ("127.0.0.1:9469", daemon.to_string()),
                ("scrape_interval: 30s", "scrape_interval: 2s".to_owned()),
                (
                    "evaluation_interval: 30s",
                    "evaluation_interval: 1s".to_owned(),
                ),
            ],
        )?;
        let keep = format!("keep_firing_for: {KEEP}");
        let rules = with("tcplull.rules.yml", &[("keep_firing_for: 2m", keep)])?;
        let files = [
            ("prometheus.yml", configuration.as_str()),
            ("tcplull.rules.yml", rules.as_str()),
        ];
        let prometheus = Prometheus::start(&program(PROMETHEUS)?, address, &files)?;
        // What fires before Prometheus has found its Alertmanager is told a minute later.
        eventually("Prometheus has found its Alertmanager", || {
            let found = prometheus.api("alertmanagers")?;
            let there = found["activeAlertmanagers"][0].is_object();
            Ok(if there {
                Ok(())
            } else {
                Err(found.to_string())
            })
        })?;
        Ok(Self {
            prometheus,
            alertmanager,
            receiver,
        })
    }

    /// The alert that fires in Alertmanager with this name, if it is there.
    fn firing(&self, name: &str) -> Result<Option<Value>, Failed> {
        let mut alerts = self.alertmanager.alerts()?;
        alerts.retain(|alert| alert["labels"]["alertname"] == name);
        assert!(alerts.len() < 2, "{alerts:?}");
        Ok(alerts.pop())
    }

    fn await_firing(&self, name: &str) -> Result<Value, Failed> {
        within(
            TOLD_WITHIN,
            &format!("{name} fires in Alertmanager"),
            || {
                if let Some(alert) = self.firing(name)? {
                    return Ok(Ok(alert));
                }
                // Which of the three does not say it?
                let scraped = self.prometheus.query("up or tcplull_alerts_firing")?;
                let alerts = self.prometheus.query("ALERTS")?;
                let told = self.alertmanager.alerts()?;
                Ok(Err(format!(
                    "{told:?}; ALERTS {alerts:?}; scraped {scraped:?}"
                )))
            },
        )
    }

    /// The statuses of what was told of the alert `name` on `path`, in order.
    fn told(&self, path: &str, name: &str) -> Vec<String> {
        let told = self.receiver.told(path).into_iter();
        told.filter(|(_, alert)| alert["labels"]["alertname"] == name)
            .map(|(status, _)| status)
            .collect()
    }
}

/// All alerts that fire now.
fn names(alerts: &[Value]) -> BTreeSet<String> {
    let names = alerts
        .iter()
        .filter_map(|alert| alert["labels"]["alertname"].as_str());
    names.map(str::to_owned).collect()
}

fn lives(network: &Network) -> Tested {
    // It pages after ten seconds, as by default: the dashboard shows what is pending, and that is scraped first.
    let settings = watching(&network.block, PATH, "2s");
    let place = place_in(&network.block, &settings)?;
    // Of this client alone: what hangs in other tests is no business of the rules' here.
    let netns = network.client.path().display().to_string();
    let daemon = Daemon::start(&place, &["--netns", &netns])?;
    let stack = Stack::start(network.block.loopback().into(), place.listen())?;

    let Pair { client, server } = Pair::across(network)?;
    let answering = answers(server)?;
    let address = client.local_addr()?;
    daemon.await_finding(address, "crossed")?;
    let ticket = stack.await_firing("TcplullCrossed")?;
    assert_eq!(ticket["labels"]["severity"], "warning", "{ticket}");
    assert_eq!(stack.told("/page", "TcplullBlackholed"), [""; 0]);

    network.path_dies()?;
    (&client).write_all(b"lost")?;
    let page = stack.await_firing("TcplullBlackholed")?;
    let finding = daemon.await_finding(address, "blackholed")?;
    assert_eq!(finding["severity"], "page", "{finding}");
    let labels = &page["labels"];
    for (label, value) in [
        ("severity", "critical"),
        ("job", "tcplull"),
        ("instance", &place.listen().to_string()),
        ("path", PATH),
        ("alert", "blackholed"),
    ] {
        assert_eq!(labels[label], value, "{page}");
    }
    let annotations = &page["annotations"];
    assert_eq!(
        annotations["runbook_url"], "docs/findings.md#blackholed",
        "{page}"
    );
    let described = annotations["description"].as_str().unwrap_or_default();
    let here = format!("On {}, path {PATH}: 1 of them.", place.listen());
    assert!(described.starts_with(&here), "{page}");
    eventually("the pager is told", || {
        let told = stack.told("/page", "TcplullBlackholed");
        Ok(if told == ["firing"] {
            Ok(())
        } else {
            Err(format!("{told:?}"))
        })
    })?;

    network.path_comes_back()?;
    daemon.await_finding(address, "recovered")?;
    // Both leave in peace: another silence would be another ticket.
    (&client).read_exact(&mut [0; 4])?;
    drop(client);
    answering.join().map_err(|_| "the server panicked")??;
    within::<_, _, Failed>(OVER_WITHIN, "all is over but the watchdog", || {
        let firing = names(&stack.alertmanager.alerts()?);
        let told = stack.told("/page", "TcplullBlackholed");
        let over = firing.iter().all(|name| !wakes(name)) && told.len() > 1;
        Ok(if over {
            Ok(())
        } else {
            Err(format!("{firing:?} {told:?}"))
        })
    })?;
    assert_eq!(
        stack.told("/page", "TcplullBlackholed"),
        ["firing", "resolved"]
    );
    quiet_besides(&stack, &daemon)?;
    healthy(&stack.prometheus)?;
    dashboard::shows_all(&stack.prometheus, "tcplull")?;
    assert_eq!(daemon.stop()?, Some(0));
    Ok(())
}

/// A server that sends back what comes, at once, until its client leaves: what waited for its answer would be a ticket.
fn answers(mut server: TcpStream) -> Result<JoinHandle<io::Result<u64>>, Failed> {
    server.set_read_timeout(None)?;
    let mut back = server.try_clone()?;
    Ok(thread::spawn(move || io::copy(&mut server, &mut back)))
}

/// What a daemon says of itself that has no share of a busy machine; it stays for an hour.
const DROPPED: &str = "TcplullFactsDropped";

/// Whether an alert is on what was found, and for somebody.
fn wakes(name: &str) -> bool {
    ![DROPPED, "TcplullWatchdog", "TcplullAtRisk", "TcplullStalls"].contains(&name)
}

/// Nobody was ever told of anything but what happened.
fn quiet_besides(stack: &Stack, daemon: &Daemon) -> Tested {
    let told = |path: &str| {
        let told = stack.receiver.told(path).into_iter();
        let alerts: Vec<Value> = told.map(|(_, alert)| alert).collect();
        names(&alerts)
    };
    let set = |names: &[&str]| -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    };
    assert_eq!(told("/page"), set(&["TcplullBlackholed"]));
    let mut tickets = told("/ticket");
    if tickets.remove(DROPPED) {
        let text = daemon.metrics()?;
        let full = sum(
            &text,
            "tcplull_facts_dropped_total",
            &[("reason", "ring_full")],
        );
        let missed = sum(&text, "tcplull_program_misses_total", &[]);
        let dropped = full.unwrap_or_default() + missed.unwrap_or_default();
        assert!(dropped > 0.0, "{text}");
    }
    assert_eq!(tickets, set(&["TcplullCrossed"]));
    assert_eq!(told("/watchdog"), set(&["TcplullWatchdog"]));
    Ok(())
}

/// Prometheus itself complains of no rule and no target.
fn healthy(prometheus: &Prometheus) -> Tested {
    let rules = prometheus.api("rules")?;
    let groups = rules["groups"].as_array().ok_or("no groups")?;
    assert!(!groups.is_empty(), "{rules}");
    for group in groups {
        for rule in group["rules"].as_array().ok_or("no rules")? {
            assert_eq!(rule["health"], "ok", "{rule}");
        }
    }
    // Of scrapes each other second some take longer on a busy machine: what fires outlives them.
    eventually("the daemon is scraped", || {
        let targets = prometheus.api("targets")?;
        let up = targets["activeTargets"][0]["health"] == "up";
        Ok(if up { Ok(()) } else { Err(targets.to_string()) })
    })
}
