//! A peer on the wire that would have this host's daemon page for each of its connections, fill its tables, or its log.

use crate::common::net::{Pair, ip, serve};
use crate::common::place::watched_network;
use crate::common::{Test, Tested, eventually};
use libtest_mimic::Failed;
use monitor_lab::testbed::Daemon;
use nix::sys::socket::setsockopt;
use nix::sys::socket::sockopt::Linger;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::Write;

pub const TESTS: &[Test] = &[
    Test::as_root("many_that_vanish_at_once_are_one_page", vanishing),
    Test::as_root("many_that_reset_after_a_silence_are_one_alert", resetting),
];

/// Connections of one peer.
const MANY: usize = 400;

/// What is told of one connection at most, by kind: what is at risk, what crossed, what came of it, that it recovered.
const TOLD_OF_ONE: usize = 4;

/// The alerts of this test's path that fire or are pending, and how many connections each has had.
fn alerts(daemon: &Daemon) -> Result<BTreeMap<(String, String), u64>, Failed> {
    let alerts: Vec<Value> = daemon.ask("alerts")?;
    let word = |alert: &Value, name: &str| alert[name].as_str().unwrap_or_default().to_owned();
    Ok(alerts
        .iter()
        .filter(|alert| alert["path"] == "quiet")
        .map(|alert| {
            let key = (word(alert, "name"), word(alert, "severity"));
            (key, alert["count"].as_u64().unwrap_or(0))
        })
        .collect())
}

/// How many lines the log has of this network's server.
fn lines(daemon: &Daemon, server: &Pair) -> Result<usize, Failed> {
    Ok(daemon.findings_of(server.server_address()?)?.len())
}

/// How often what was found of this network's server, by kind or outcome, and severity.
fn found(daemon: &Daemon, server: &Pair) -> Result<BTreeMap<(String, String), usize>, Failed> {
    let mut found = BTreeMap::new();
    for finding in daemon.findings_of(server.server_address()?)? {
        let word = |name: &str| finding[name].as_str().map(ToOwned::to_owned);
        let kind = word("outcome").or_else(|| word("cause"));
        let kind = kind.or_else(|| word("kind")).unwrap_or_default();
        *found
            .entry((kind, word("severity").unwrap_or_default()))
            .or_default() += 1;
    }
    Ok(found)
}

fn vanishing() -> Tested {
    let (network, daemon) = watched_network("quiet", "30s", &[])?;
    let listener = serve(&network)?;
    let open = |_| Pair::open(&network.client, &listener);
    let pairs = (0..MANY).map(open).collect::<Result<Vec<_>, _>>()?;
    for pair in &pairs {
        pair.exchange()?;
    }
    ip(&network.client, "link set eth0 down")?;
    for pair in &pairs {
        (&pair.server).write_all(b"an answer to nobody")?;
    }
    let pages = eventually("what hangs is one page", || {
        let alerts = alerts(&daemon)?;
        let pages = alerts
            .iter()
            .filter(|((_, severity), _)| severity == "page");
        let counted: u64 = pages.map(|(_, count)| *count).sum();
        Ok((counted >= MANY as u64)
            .then(|| alerts.clone())
            .ok_or(format!("{alerts:?}")))
    })?;
    assert!(pages.len() <= 2, "{pages:?}");
    // The log is written beside what is asked.
    let said = eventually("each has its line", || {
        let said = lines(&daemon, &pairs[0])?;
        Ok(if said >= MANY { Ok(said) } else { Err(said) })
    })?;
    assert!(said <= TOLD_OF_ONE * MANY, "{said}");
    assert_eq!(
        daemon.metric("judge_dropped_total", &[("reason", "stalls_full")])?,
        0.0
    );
    assert_eq!(daemon.stop()?, Some(0));
    Ok(())
}

fn resetting() -> Tested {
    let (network, daemon) = watched_network("quiet", "1s", &[])?;
    // Without timestamps nothing shows whether an RST is the peer's own or a box's, however long the silence was.
    network.client.set("ipv4/tcp_timestamps", "0")?;
    let listener = serve(&network)?;
    let open = |_| Pair::open(&network.client, &listener);
    let pairs = (0..MANY).map(open).collect::<Result<Vec<_>, _>>()?;
    for pair in &pairs {
        pair.exchange()?;
    }
    let last = pairs.last().ok_or("no pair")?;
    daemon.await_finding(last.server_address()?, "crossed")?;
    daemon.await_sweeps(2)?;
    let server = Pair::open(&network.client, &listener)?;
    for pair in pairs {
        let at_once = libc::linger {
            l_onoff: 1,
            l_linger: 0,
        };
        setsockopt(&pair.client, Linger, &at_once)?;
        drop(pair.client);
        // The server's end lives on for a moment.
        drop(pair.server);
    }
    let alerts = eventually("what was reset is told", || {
        let alerts = alerts(&daemon)?;
        if alerts.keys().any(|(name, _)| name == "reset") {
            return Ok(Ok(alerts));
        }
        let found = found(&daemon, &server)?;
        let counted = ["snapshots", "snapshots_taken_total", "facts_seen_total"];
        let counted: Result<Vec<f64>, _> = counted
            .iter()
            .map(|name| daemon.metric(name, &[]))
            .collect();
        Ok(Err(format!(
            "{alerts:?}, of what was found: {found:?}; {:?}",
            counted?
        )))
    })?;
    // Each end of them is this host's, under one owner: one alert a name and severity.
    assert!(alerts.len() <= 4, "{alerts:?}");
    daemon.await_sweeps(3)?;
    let said = lines(&daemon, &server)?;
    assert!(said <= 2 * TOLD_OF_ONE * MANY, "{said}");
    assert_eq!(daemon.stop()?, Some(0));
    Ok(())
}
