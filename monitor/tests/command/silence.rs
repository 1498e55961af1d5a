//! Which silence counts, and which is nobody's business.

use crate::common::net::{Pair, at, ip, listen, routed};
use crate::common::place::{QUICK, path, place_in, watched_network, watching};
use crate::common::{Test, Tested, eventually, is};
use libtest_mimic::Failed;
use monitor_lab::network::Network;
use monitor_lab::network::block::{CLIENT_SIDE, SERVER_SIDE};
use monitor_lab::testbed::Daemon;
use nix::sys::socket::setsockopt;
use nix::sys::socket::sockopt::{KeepAlive, TcpKeepIdle, TcpKeepInterval};
use serde_json::Value;
use std::fs;
use std::io::Read;
use std::net::{IpAddr, Ipv6Addr, SocketAddr, TcpListener};
use std::os::unix::fs::MetadataExt;
use std::thread;
use std::time::Duration;

pub const TESTS: &[Test] = &[
    Test::as_root("idle_loopback_connections_are_left_alone", loopback),
    Test::as_root(
        "an_on_link_peer_counts_only_where_a_prefix_names_it",
        on_link,
    ),
    Test::as_root("silence_through_a_gateway_counts_over_ipv6", ipv6),
    Test::as_root("listeners_and_time_wait_are_never_found_silent", no_silence),
    Test::as_root("a_connection_older_than_the_daemon_is_judged", older),
    Test::as_root("one_silence_gives_one_warning_and_one_finding", once),
    Test::as_root(
        "however_far_sweeps_are_apart_the_warning_comes_first",
        far_apart,
    ),
];

/// The default path's timeout, as a hand-run states it.
const BY_FLAG: &[&str] = &["--timeout", "1s"];

/// Waits until whatever fell silent before `control` must have been found if it
/// ever were: `control` is found, and sweeps have passed since.
fn await_control(daemon: &Daemon, control: &Pair) -> Tested {
    let finding = daemon.await_finding(control.client_address()?, "crossed")?;
    assert_eq!(finding["path"], "default", "{finding}");
    Ok(daemon.await_sweeps(3)?)
}

fn loopback() -> Tested {
    let network = routed()?;
    let place = place_in(&network.block, QUICK)?;
    let daemon = Daemon::start(&place, BY_FLAG)?;
    let mut pairs = Vec::new();
    for address in [
        IpAddr::V4(network.block.loopback()),
        Ipv6Addr::LOCALHOST.into(),
    ] {
        let listener = TcpListener::bind(at(address, 0))?;
        for _ in 0..25 {
            pairs.push(Pair::open_here(&listener)?);
        }
    }
    // To a host's own address on another device than loopback.
    let listener = listen(&network.server, at(network.server_address(), 6000))?;
    for _ in 0..10 {
        pairs.push(Pair::open(&network.server, &listener)?);
    }
    for pair in &pairs {
        pair.exchange()?;
    }
    let control = Pair::across(&network)?;
    await_control(&daemon, &control)?;
    let mut rows: Vec<Value> = daemon.ask("ls")?;
    // In the namespaces of other tests there is a ::1, too.
    let ours = ["/proc/thread-self/ns/net".into(), network.server.path()];
    let ours = ours.map(|file| fs::metadata(file).map(|file| file.ino()));
    let ours = ours.into_iter().collect::<Result<Vec<_>, _>>()?;
    rows.retain(|row| {
        let netns = row["connection"]["netns"].as_u64();
        netns.is_some_and(|netns| ours.contains(&netns))
    });
    for pair in &pairs {
        let address = pair.client_address()?;
        assert_eq!(daemon.findings_of(address)?, Vec::<Value>::new());
        let row = rows
            .iter()
            .find(|row| row["connection"]["local"] == address.to_string())
            .ok_or_else(|| format!("{address} is not in ls"))?;
        assert_eq!(row["path"], Value::Null, "{row}");
        assert_eq!(row["timeout_seconds"], Value::Null, "{row}");
        assert_eq!(row["silence"], "ok", "{row}");
        assert!(row["packet_idle_seconds"].as_f64() > Some(1.0), "{row}");
    }
    Ok(())
}

fn on_link() -> Tested {
    let network = routed()?;
    let lan = network.block.gateway(CLIENT_SIDE);
    let wan = network.block.gateway(SERVER_SIDE);
    let named = path("named", &[&format!("{wan}/32")], "1s");
    let place = place_in(&network.block, &format!("{QUICK}{named}"))?;
    let daemon = Daemon::start(&place, BY_FLAG)?;
    let neighbour = |from, gateway: IpAddr| -> Result<Pair, Failed> {
        let listener = listen(&network.middlebox, at(gateway, 6000))?;
        let pair = Pair::open(from, &listener)?;
        pair.exchange()?;
        Ok(pair)
    };
    let unnamed = neighbour(&network.client, lan)?;
    let named = neighbour(&network.server, wan)?;
    let control = Pair::across(&network)?;
    let finding = daemon.await_finding(named.client_address()?, "crossed")?;
    assert_eq!(finding["path"], "named", "{finding}");
    await_control(&daemon, &control)?;
    assert_eq!(
        daemon.findings_of(unnamed.client_address()?)?,
        Vec::<Value>::new()
    );
    let row = daemon.row(unnamed.client_address()?)?;
    assert_eq!(
        (&row["path"], &row["silence"]),
        (&Value::Null, &"ok".into()),
        "{row}"
    );
    // Nor is the far end of the named one, whose peer no prefix names.
    let rows: Vec<Value> = daemon.ask("ls")?;
    let remote = named.client_address()?.to_string();
    let back = rows
        .iter()
        .find(|row| row["connection"]["remote"] == remote);
    assert_eq!(back.ok_or("no far end in ls")?["path"], Value::Null);
    Ok(())
}

fn ipv6() -> Tested {
    let network = routed()?;
    let [_, _, number, _] = network.block.loopback().octets();
    let subnet = |side: u16| Ipv6Addr::new(0xfd00, 0x198, side, number.into(), 0, 0, 0, 0);
    let host = |side, host: u128| Ipv6Addr::from(u128::from(subnet(side)) | host);
    for (place, port, side) in [
        (&network.client, "lan", 0x18),
        (&network.server, "wan", 0x19),
    ] {
        let (own, gateway) = (host(side, 2), host(side, 1));
        ip(
            &network.middlebox,
            &format!("-6 addr add {gateway}/64 dev {port} nodad"),
        )?;
        ip(place, &format!("-6 addr add {own}/64 dev eth0 nodad"))?;
        ip(place, &format!("-6 route add default via {gateway}"))?;
    }
    network
        .middlebox
        .within(|| fs::write("/proc/sys/net/ipv6/conf/all/forwarding", "1"))??;
    let prefix = format!("{}/64", subnet(0x19));
    let settings = format!("{QUICK}{}", path("six", &[&prefix], "1s"));
    let place = place_in(&network.block, &settings)?;
    let daemon = Daemon::start(&place, &[])?;
    let server = at(host(0x19, 2), 5432);
    let listener = listen(&network.server, server)?;
    let pair = Pair::open(&network.client, &listener)?;
    pair.exchange()?;
    let client = pair.client_address()?;
    let finding = daemon.await_finding(client, "crossed")?;
    assert_eq!(finding["path"], "six", "{finding}");
    let connection = &finding["connection"];
    assert_eq!(connection["family"], "ipv6", "{finding}");
    assert_eq!(
        connection["local"],
        format!("[{}]:{}", host(0x18, 2), client.port())
    );
    assert_eq!(connection["remote"], format!("[{}]:5432", host(0x19, 2)));
    assert_eq!(connection["role"], "client", "{finding}");
    Ok(())
}

fn no_silence() -> Tested {
    let (network, daemon) = watched_network("default", "1s", &[])?;
    let listener = listen(&network.server, at(network.server_address(), 6000))?;
    let pair = Pair::open(&network.client, &listener)?;
    pair.exchange()?;
    let waiting = pair.client_address()?;
    // Who closes first is the one that waits.
    drop(pair.client);
    assert_eq!((&pair.server).read_to_end(&mut Vec::new())?, 0);
    drop(pair.server);
    let control = Pair::across(&network)?;
    await_control(&daemon, &control)?;
    assert!(in_time_wait(&network, waiting)?, "not what the test is for");
    for address in [waiting, listener.local_addr()?] {
        assert_eq!(daemon.findings_of(address)?, Vec::<Value>::new());
        let mut rows: Vec<Value> = daemon.ask("ls")?;
        rows.retain(|row| row["connection"]["local"] == address.to_string());
        assert_eq!(rows, Vec::<Value>::new(), "these are no connections");
    }
    Ok(())
}

/// Whether the client's host holds a connection of `local` in TIME_WAIT.
fn in_time_wait(network: &Network, local: SocketAddr) -> Result<bool, Failed> {
    let table = network
        .client
        .within(|| fs::read_to_string("/proc/thread-self/net/tcp"))??;
    let port = format!(":{:04X}", local.port());
    Ok(table.lines().any(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        matches!(fields[..], [_, from, _, "06", ..] if from.ends_with(&port))
    }))
}

fn older() -> Tested {
    let network = routed()?;
    let pair = Pair::across(&network)?;
    let place = place_in(&network.block, &watching(&network.block, "default", "1s"))?;
    let daemon = Daemon::start(&place, &[])?;
    for (end, role) in [(&pair.client, "client"), (&pair.server, "server")] {
        let finding = daemon.await_finding(end.local_addr()?, "crossed")?;
        assert_eq!(finding["connection"]["role"], role, "{finding}");
        assert_eq!(finding["owner"]["pid"], std::process::id(), "{finding}");
        assert!(finding["gap_seconds"].as_f64() >= Some(1.0), "{finding}");
    }
    pair.exchange()?;
    let finding = daemon.await_finding(pair.client_address()?, "survived")?;
    assert_eq!(finding["kind"], "outcome", "{finding}");
    assert_eq!(finding["severity"], "none", "{finding}");
    Ok(())
}

fn once() -> Tested {
    let (network, daemon) = watched_network("default", "4s", &[])?;
    let pair = Pair::across(&network)?;
    let client = pair.client_address()?;
    daemon.await_finding(client, "at_risk")?;
    let firing = |daemon: &Daemon| {
        daemon.metric(
            "alerts_firing",
            &[("alert", "crossed"), ("path", "default")],
        )
    };
    await_control(&daemon, &pair)?;
    assert_eq!(kinds_of(&daemon, client)?, ["at_risk", "crossed"]);
    assert!(firing(&daemon)? >= 1.0);
    // What happens next ends it; it fires on for who looks seldom. On a busy machine the next silence may cross before that is
    // seen: so something happens again.
    eventually("nobody is in trouble any more", || {
        pair.exchange()?;
        let alerts: Vec<Value> = daemon.ask("alerts")?;
        // Others on this host have no path.
        let own = alerts.iter().filter(|alert| alert["path"] == "default");
        let left: u64 = own.filter_map(|alert| alert["connections"].as_u64()).sum();
        Ok(is(left as f64, 0))
    })?;
    assert!(firing(&daemon)? >= 1.0);
    Ok(())
}

/// A sweep every 9 s sees two in three silences neither in the last quarter of 12 s, nor at its beginning. A sixteenth of the
/// interval is what it may be late by: of 9 s, a busy machine seldom takes more.
fn far_apart() -> Tested {
    let network = routed()?;
    let seldom = watching(&network.block, "default", "12s").replace("\"200ms\"", "\"9s\"");
    let place = place_in(&network.block, &seldom)?;
    let daemon = Daemon::start(&place, &[])?;
    let kept = Pair::across(&network)?;
    setsockopt(&kept.client, KeepAlive, &true)?;
    setsockopt(&kept.client, TcpKeepIdle, &2)?;
    setsockopt(&kept.client, TcpKeepInterval, &1)?;
    kept.exchange()?;
    let mut silent = Vec::new();
    for _ in 0..5 {
        let pair = Pair::across(&network)?;
        pair.exchange()?;
        silent.push(pair);
        thread::sleep(Duration::from_millis(1800));
    }
    for pair in &silent {
        let client = pair.client_address()?;
        daemon.await_finding(client, "crossed")?;
        assert_eq!(kinds_of(&daemon, client)?, ["at_risk", "crossed"]);
    }
    let kept = kinds_of(&daemon, kept.client_address()?)?;
    assert!(kept.is_empty(), "{kept:?}");
    Ok(())
}

/// What was found of the end at `local`.
fn kinds_of(daemon: &Daemon, local: SocketAddr) -> Result<Vec<String>, Failed> {
    let findings = daemon.findings_of(local)?;
    let own = findings
        .iter()
        .filter(|finding| finding["connection"]["local"] == local.to_string());
    Ok(own
        .map(|finding| finding["kind"].as_str().unwrap_or_default().to_owned())
        .collect())
}
