//! A socket that several processes hold: its owner is who has had it, not who was forked a moment ago and has a copy.

use crate::common::net::{Pair, serve};
use crate::common::place::{alone_on, place_in, watching};
use crate::common::socket_copy::SocketCopy;
use crate::common::{Test, Tested, eventually, net};
use libtest_mimic::Failed;
use monitor_common::NEW_PROCESS_NS;
use monitor_lab::testbed::Daemon;
use serde_json::Value;
use std::io::Write;
use std::process;
use std::time::{Duration, Instant};

pub const TESTS: &[Test] = &[
    Test::by_snapshots("who_was_just_forked_is_no_owner_by_snapshots", by_snapshots),
    Test::as_root("who_was_just_forked_is_no_owner_watching_all", watching_all),
    Test::as_root("who_was_just_forked_is_no_owner_per_socket", per_socket),
    Test::as_root("who_alone_holds_a_socket_is_its_owner_at_once", alone),
];

fn by_snapshots() -> Tested {
    among_two("snapshots")
}

fn watching_all() -> Tested {
    among_two("global")
}

fn per_socket() -> Tested {
    among_two("per-socket")
}

/// The sweep comes by the copy first, whose process has the lower number; as on a host where numbers have gone round.
fn among_two(way: &str) -> Tested {
    let network = net::routed()?;
    let place = place_in(&network.block, &watching(&network.block, "quiet", "2s"))?;
    let daemon = alone_on(&network.client, &place, &["--watch", way])?;
    let listener = serve(&network)?;
    let open = || Pair::open(&network.client, &listener);
    let pair = eventually("a copy that is new until the silence has crossed", || {
        let pair = open()?;
        pair.exchange()?;
        let forked = Instant::now();
        let copy = SocketCopy::held_by_child(&pair.client)?;
        let crossed = daemon.await_finding(pair.client_address()?, "crossed")?;
        let listed = daemon.row(pair.client_address()?)?;
        drop(copy);
        if forked.elapsed() >= Duration::from_nanos(NEW_PROCESS_NS) {
            return Ok(Err("the copy's process was no longer new"));
        }
        held_by_this_process(&crossed);
        held_by_this_process(&listed);
        Ok(Ok(pair))
    })?;
    network.path_dies()?;
    (&pair.client).write_all(b"lost")?;
    held_by_this_process(&outcome(&daemon, &pair)?);
    network.path_comes_back()?;
    Ok(())
}

/// The other way round: this process has let go of it.
fn alone() -> Tested {
    let network = net::routed()?;
    let place = place_in(&network.block, &watching(&network.block, "quiet", "60s"))?;
    let daemon = alone_on(&network.client, &place, &[])?;
    let Pair { client, server } = Pair::across(&network)?;
    let local = client.local_addr()?;
    let copy = SocketCopy::held_by_child(&client)?;
    drop(client);
    let listed = daemon.row(local)?;
    assert_eq!(listed["owner"]["pid"], copy.pid(), "{listed}");
    drop(server);
    Ok(())
}

fn held_by_this_process(told: &Value) {
    assert_eq!(told["owner"]["pid"], process::id(), "{told}");
}

/// The finding of what became of the client's data.
fn outcome(daemon: &Daemon, pair: &Pair) -> Result<Value, Failed> {
    let local = pair.client_address()?;
    eventually("blackholed", || {
        let findings = daemon.findings_of(local)?;
        let found = findings.iter().find(|one| one["outcome"] == "blackholed");
        Ok(found.cloned().ok_or_else(|| format!("{findings:?}")))
    })
}
