//! What the peer has closed and the application has not: told once each, and counted by owner.

use crate::common::net::{Pair, routed, serve};
use crate::common::place::{alone_on, place_in, watching};
use crate::common::{Test, Tested, eventually};
use monitor_lab::testbed::Daemon;
use serde_json::Value;
use std::io::{Read, Write};
use std::net::Shutdown;

pub const TESTS: &[Test] = &[
    Test::by_snapshots("a_pile_is_a_ticket_by_snapshots", by_snapshots),
    Test::as_root("a_pile_is_a_ticket_watching_all", watching_all),
    Test::as_root("a_pile_is_a_ticket_per_socket", per_socket),
];

/// Past the bound, which is 10 here.
const PILE: usize = 12;

fn by_snapshots() -> Tested {
    pile("snapshots")
}

fn watching_all() -> Tested {
    pile("global")
}

fn per_socket() -> Tested {
    pile("per-socket")
}

fn told(daemon: &Daemon, pair: &Pair, cause: &str) -> Result<Vec<Value>, libtest_mimic::Failed> {
    let mut findings = daemon.findings_of(pair.client_address()?)?;
    findings.retain(|finding| finding["cause"] == cause);
    Ok(findings)
}

fn pile(way: &str) -> Tested {
    let network = routed()?;
    // Above QUICK's settings: a timeout that nothing here comes near.
    let settings = format!(
        "close_wait_ticket = 10\n{}",
        watching(&network.block, "far", "10m")
    );
    let place = place_in(&network.block, &settings)?;
    let daemon = alone_on(&network.client, &place, &["--watch", way])?;
    let listener = serve(&network)?;
    let open = |_| Pair::open(&network.client, &listener);
    let pairs = (0..=PILE).map(open).collect::<Result<Vec<_>, _>>()?;
    pairs.iter().try_for_each(Pair::exchange)?;
    // The last one still sends, for as long as anybody looks: half-close is legal.
    let (sends, left) = pairs.split_last().ok_or("no pair")?;
    sends.server.shutdown(Shutdown::Write)?;
    for pair in left {
        pair.server.shutdown(Shutdown::Both)?;
    }
    // Half of them look, and do not close all the same.
    let (looks, ignores) = left.split_at(PILE / 2);
    for pair in looks {
        assert_eq!((&pair.client).read_to_end(&mut Vec::new())?, 0);
    }
    let firing = || -> Result<Vec<Value>, libtest_mimic::Failed> {
        let mut alerts: Vec<Value> = daemon.ask("alerts")?;
        alerts.retain(|alert| alert["name"] == "close_wait" && alert["state"] == "firing");
        Ok(alerts)
    };
    let alert = eventually("the pile is a ticket", || {
        (&sends.client).write_all(b"x")?;
        (&sends.server).read_exact(&mut [0])?;
        Ok(match firing()?.as_slice() {
            [alert] => Ok(alert.clone()),
            other => Err(format!("{other:?}")),
        })
    })?;
    assert_eq!(alert["severity"], "ticket", "{alert}");
    let summary = alert["summary"].as_str().unwrap_or_default();
    assert!(
        summary.contains("connections of this owner in CLOSE_WAIT"),
        "{summary}"
    );
    daemon.await_sweeps(3)?;
    for pair in ignores {
        let findings = told(&daemon, pair, "fin_unread")?;
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert_eq!(findings[0]["severity"], "none");
    }
    for pair in looks.iter().chain([sends]) {
        assert_eq!(told(&daemon, pair, "fin_unread")?, Vec::<Value>::new());
    }
    drop(pairs);
    eventually("nobody holds them any more", || {
        let left = firing()?.iter().any(|alert| alert["connections"] != 0);
        Ok(if left { Err("some") } else { Ok(()) })
    })?;
    Ok(())
}
