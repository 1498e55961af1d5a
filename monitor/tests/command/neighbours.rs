//! Several daemons on one host: none takes another's marks, pins or sockets, however one ends.

use crate::common::net::{Pair, routed, serve};
use crate::common::place::{place_in, watching};
use crate::common::run::{finish, tcplull};
use crate::common::{Test, Tested, eventually};
use libtest_mimic::Failed;
use monitor_lab::testbed::{Daemon, Place};
use serde_json::Value;
use std::net::{SocketAddr, TcpListener};

pub const TESTS: &[Test] = &[Test::per_socket(
    "three_daemons_watch_the_same_sockets_and_one_ends_or_is_killed",
    three,
)];

/// The path's timeout: an exchange is over sooner, also on a busy machine, or its pause would be one more silence.
const EXCHANGED_WITHIN: &str = "4s";

const PER_SOCKET: &[&str] = &["--watch", "per-socket"];
const GLOBAL: &[&str] = &["--watch", "global"];

fn three() -> Tested {
    let network = routed()?;
    let listener: TcpListener = serve(&network)?;
    let place = || {
        place_in(
            &network.block,
            &watching(&network.block, "quiet", EXCHANGED_WITHIN),
        )
    };
    let (one, other, global): (Place, Place, Place) = (place()?, place()?, place()?);
    let first = Daemon::start(&one, PER_SOCKET)?;
    let second = Daemon::start(&other, PER_SOCKET)?;
    let third = Daemon::start(&global, GLOBAL)?;
    let all = [&first, &second, &third];
    let pair = Pair::open(&network.client, &listener)?;
    told(&pair, &all)?;

    // One stops, and takes its marks back: the others' stay, or are there again with their next sweep.
    let client = silent(&pair, &all)?;
    assert_eq!(first.stop()?, Some(0));
    survives(&pair, client, &[&second, &third])?;

    // One is killed, and what it left is cleared while the others run.
    let first = Daemon::start(&one, PER_SOCKET)?;
    let pair = Pair::open(&network.client, &listener)?;
    let client = silent(&pair, &[&first, &second, &third])?;
    first.await_sweeps(2)?;
    first.kill();
    let mut repair = tcplull(["check", "--repair", "--config"]);
    let ended = finish(repair.arg(one.file()))?;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    survives(&pair, client, &[&second, &third])?;

    // It starts again, and all three are as before.
    let first = Daemon::start(&one, PER_SOCKET)?;
    told(
        &Pair::open(&network.client, &listener)?,
        &[&first, &second, &third],
    )?;
    for daemon in [first, second, third] {
        let log = daemon.log()?;
        assert!(!log.contains("\"level\":\"ERROR\""), "{log}");
        assert_eq!(daemon.stop()?, Some(0));
    }
    Ok(())
}

/// A silence and its end, which all of them tell.
fn told(pair: &Pair, daemons: &[&Daemon]) -> Tested {
    let client = silent(pair, daemons)?;
    survives(pair, client, daemons)
}

/// What a daemon has told of the connection with this local address: kinds, and outcomes.
fn all_told(daemon: &Daemon, client: SocketAddr) -> Result<Vec<String>, Failed> {
    let found = daemon.findings_of(client)?;
    let own = found
        .iter()
        .filter(|found| found["connection"]["local"] == client.to_string())
        .map(|found| match &found["outcome"] {
            Value::String(outcome) => outcome.clone(),
            _ => found["kind"].to_string().replace('"', ""),
        });
    Ok(own.collect())
}

/// How often a daemon has told `what`, a kind or an outcome, of the connection with this local address.
fn count(daemon: &Daemon, client: SocketAddr, what: &str) -> Result<usize, Failed> {
    let told = all_told(daemon, client)?;
    Ok(told.iter().filter(|told| *told == what).count())
}

/// Waits until each of them has told `what` so many times, or more.
fn await_count(daemons: &[&Daemon], client: SocketAddr, what: &str, enough: &[usize]) -> Tested {
    for (nth, (daemon, enough)) in daemons.iter().zip(enough).enumerate() {
        let until = format!(
            "{what}, {enough} times, by daemon {nth} of {}",
            daemons.len()
        );
        eventually(&until, || {
            let told = all_told(daemon, client)?;
            let now = told.iter().filter(|told| *told == what).count();
            Ok((now >= *enough).then_some(()).ok_or(told.join(", ")))
        })?;
    }
    Ok(())
}

/// All of them find the connection silent after an exchange.
fn silent(pair: &Pair, daemons: &[&Daemon]) -> Result<SocketAddr, Failed> {
    let client = pair.client_address()?;
    let more = |daemon: &&Daemon| count(daemon, client, "crossed").map(|count| count + 1);
    let enough = daemons.iter().map(more).collect::<Result<Vec<_>, _>>()?;
    pair.exchange()?;
    await_count(daemons, client, "crossed", &enough)?;
    Ok(client)
}

/// It speaks again, and each of them says so.
fn survives(pair: &Pair, client: SocketAddr, daemons: &[&Daemon]) -> Tested {
    for daemon in daemons {
        daemon.await_sweeps(2)?;
    }
    let more = |daemon: &&Daemon| count(daemon, client, "survived").map(|count| count + 1);
    let enough = daemons.iter().map(more).collect::<Result<Vec<_>, _>>()?;
    pair.exchange()?;
    await_count(daemons, client, "survived", &enough)
}
