//! What `tcplull ls` says of each connection.

use crate::common::net::{Pair, at, ip, listen, routed, serve};
use crate::common::place::{QUICK, path, place_in, watched_network};
use crate::common::run::{finish, is_answered, tcplull};
use crate::common::{Test, Tested, eventually};
use libtest_mimic::Failed;
use monitor_common::Fact;
use monitor_lab::children::Guarded;
use monitor_lab::testbed::Daemon;
use nix::sys::socket::setsockopt;
use nix::sys::socket::sockopt::{KeepAlive, TcpKeepCount, TcpKeepIdle, TcpKeepInterval};
use serde_json::Value;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::process::{self, Command, Stdio};

pub const TESTS: &[Test] = &[
    Test::as_root("both_ends_have_one_flow_id_and_their_roles", flow),
    Test::as_root("a_process_in_another_namespace_is_named", other_namespace),
    Test::as_root("a_mapped_address_is_shown_as_ipv4", mapped),
    Test::as_root("the_longer_prefix_wins_and_a_port_is_that_port_only", paths),
    Test::as_root("without_a_daemon_ls_looks_for_itself", alone),
    Test::as_root("keepalive_is_shown_as_the_socket_has_it", keepalive),
    Test::as_root("the_kernel_hands_a_list_each_connection_once", once),
];

fn field<'a>(row: &'a Value, name: &str) -> &'a Value {
    &row["connection"][name]
}

/// The rows of the client's and of the server's end.
fn ends(daemon: &Daemon, client: SocketAddr) -> Result<(Value, Value), Failed> {
    let client = client.to_string();
    let mut rows: Vec<Value> = daemon.ask("ls")?;
    rows.retain(|row| field(row, "local") == &client || field(row, "remote") == &client);
    rows.sort_by_key(|row| field(row, "local") != &client);
    match <[Value; 2]>::try_from(rows) {
        Ok([client, server]) => Ok((client, server)),
        Err(rows) => Err(format!("two ends of {client}, but {rows:?}").into()),
    }
}

fn flow() -> Tested {
    let network = routed()?;
    let place = place_in(&network.block, "")?;
    let daemon = Daemon::start(&place, &[])?;
    let listener = serve(&network)?;
    let pair = Pair::open(&network.client, &listener)?;
    let other = Pair::open(&network.client, &listener)?;
    let mut ids = Vec::new();
    // Before any data, after some, and after some more.
    for _ in 0..3 {
        let (client, server) = ends(&daemon, pair.client_address()?)?;
        assert_eq!(field(&client, "flow_id"), field(&server, "flow_id"));
        assert_eq!(field(&client, "role"), "client", "{client}");
        assert_eq!(field(&server, "role"), "server", "{server}");
        assert_ne!(field(&client, "id"), field(&server, "id"));
        assert_ne!(field(&client, "netns"), field(&server, "netns"));
        assert_eq!(client["state"], "established", "{client}");
        ids.push(field(&client, "id").clone());
        pair.exchange()?;
    }
    ids.dedup();
    assert_eq!(ids.len(), 1, "one connection, more than one id");
    let (client, _) = ends(&daemon, pair.client_address()?)?;
    let (stranger, _) = ends(&daemon, other.client_address()?)?;
    assert_ne!(field(&client, "flow_id"), field(&stranger, "flow_id"));
    Ok(())
}

fn other_namespace() -> Tested {
    let network = routed()?;
    let place = place_in(&network.block, "")?;
    let daemon = Daemon::start(&place, &[])?;
    let listener = serve(&network)?;
    let pair = Pair::open(&network.client, &listener)?;
    let address = pair.client_address()?;
    // The socket becomes its standard input, and this process lets go of it.
    let holder = Guarded::start(
        Command::new("ip")
            .args(["netns", "exec", network.client.name(), "sleep", "600"])
            .stdin(Stdio::from(OwnedFd::from(pair.client)))
            .stdout(Stdio::null()),
    )?;
    let owner = eventually("the holder has become sleep", || {
        let row = daemon.row(address)?;
        Ok(if row["owner"]["comm"] == "sleep" {
            Ok(row)
        } else {
            Err(row)
        })
    })?;
    assert_eq!(owner["owner"]["pid"], holder.pid(), "{owner}");
    let namespace = fs::read_link(format!("/proc/{}/ns/net", holder.pid()))?;
    let inode = namespace.display().to_string();
    assert_eq!(
        inode,
        format!("net:[{}]", field(&owner, "netns")),
        "{owner}"
    );
    // A process that another test starts holds it too, until it runs its own program.
    let server = pair.server.local_addr()?;
    eventually("the server's holder is this process", || {
        let row = daemon.row(server)?;
        Ok(if row["owner"]["pid"] == process::id() {
            Ok(())
        } else {
            Err(row)
        })
    })
}

fn mapped() -> Tested {
    let (network, daemon) = watched_network("quiet", "1s", &[])?;
    // One IPv6 socket for both families, as many servers have it.
    let listener = listen(&network.server, at(Ipv6Addr::UNSPECIFIED, 5432))?;
    let IpAddr::V4(server) = network.server_address() else {
        return Err("not what the test is for".into());
    };
    let plain = Pair::open_to(&network.client, &listener, at(server, 5432))?;
    let both = Pair::open_to(
        &network.client,
        &listener,
        at(server.to_ipv6_mapped(), 5432),
    )?;
    for pair in [&plain, &both] {
        assert!(pair.server_address()?.is_ipv6(), "not what the test is for");
    }
    assert!(both.client_address()?.is_ipv6(), "not what the test is for");
    for pair in [&plain, &both] {
        pair.exchange()?;
        let client = unmapped(pair.client_address()?);
        let (near, far) = ends(&daemon, client)?;
        for row in [&near, &far] {
            assert_eq!(field(row, "family"), "ipv4", "{row}");
            // The prefixes of the configuration are IPv4.
            assert_eq!(row["path"], "quiet", "{row}");
        }
        let server = at(server, 5432).to_string();
        assert_eq!(field(&near, "remote"), &server, "{near}");
        assert_eq!(field(&far, "local"), &server, "{far}");
    }
    let finding = daemon.await_finding(unmapped(both.client_address()?), "crossed")?;
    assert_eq!(field(&finding, "family"), "ipv4", "{finding}");
    assert_eq!(
        field(&finding, "remote"),
        &at(server, 5432).to_string(),
        "{finding}"
    );
    Ok(())
}

fn unmapped(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

fn paths() -> Tested {
    let network = routed()?;
    let IpAddr::V4(server) = network.server_address() else {
        return Err("not what the test is for".into());
    };
    let [_, servers] = network.block.prefixes();
    let one = format!("{server}/32");
    let settings = [
        QUICK.to_owned(),
        path("subnet", &[&servers], "10m"),
        path("host", &[&one], "20m"),
        path("port", &[&servers], "1s") + "ports = [7001, 7002]\n",
        path("host-port", &[&one], "1s") + "ports = [7002]\n",
        path("everything", &["0.0.0.0/0"], "30m"),
    ];
    let place = place_in(&network.block, &settings.concat())?;
    let daemon = Daemon::start(&place, &[])?;
    // A second address of the server's, in the same subnet.
    let [first, side, number, _] = server.octets();
    let neighbour = Ipv4Addr::new(first, side, number, 77);
    ip(
        &network.server,
        &format!("addr add {neighbour}/24 dev eth0"),
    )?;
    let mut pairs = Vec::new();
    for (address, port, expected) in [
        // Of one host, all ports; a port of the whole subnet is less specific.
        (server, 7000, "host"),
        (server, 7001, "host"),
        (server, 7002, "host-port"),
        // Equally long prefixes: the one that names the port.
        (neighbour, 7000, "subnet"),
        (neighbour, 7001, "port"),
    ] {
        let listener = listen(&network.server, at(address, port))?;
        let pair = Pair::open(&network.client, &listener)?;
        pair.exchange()?;
        let row = daemon.row(pair.client_address()?)?;
        assert_eq!(row["path"], expected, "{address}:{port}: {row}");
        // The server's end looks at the client's address and port.
        let back = daemon.row(pair.server_address()?)?;
        assert_eq!(back["path"], "everything", "{back}");
        pairs.push((pair, expected));
    }
    for (pair, expected) in &pairs {
        if expected.contains("port") {
            let finding = daemon.await_finding(pair.client_address()?, "crossed")?;
            assert_eq!(finding["path"], *expected, "{finding}");
        }
    }
    daemon.await_sweeps(2)?;
    for (pair, expected) in &pairs {
        if !expected.contains("port") {
            assert_eq!(
                daemon.findings_of(pair.client_address()?)?,
                Vec::<Value>::new()
            );
        }
    }
    Ok(())
}

fn alone() -> Tested {
    let network = routed()?;
    let pair = Pair::across(&network)?;
    let address = pair.client_address()?.to_string();
    let place = place_in(&network.block, "")?;
    let file = place.file().display().to_string();
    let arguments = ["ls", "--json", "--timeout", "10m", "--config", &file];
    let ended = finish(&mut tcplull(arguments))?;
    assert!(is_answered(&ended), "{ended:?}");
    let rows = ended.stdout.lines().map(serde_json::from_str);
    let rows: Vec<Value> = rows.collect::<Result<_, _>>()?;
    let row = rows.iter().find(|row| field(row, "local") == &address);
    let row = row.ok_or_else(|| format!("no {address} in {rows:?}"))?;
    assert_eq!(row["path"], "default", "{row}");
    assert_eq!(row["timeout_seconds"], 600.0, "{row}");
    assert_eq!(row["silence"], "ok", "{row}");
    assert!(!place.socket().exists(), "ls made a socket");
    Ok(())
}

fn keepalive() -> Tested {
    let network = routed()?;
    network
        .client
        .within(|| fs::write("/proc/sys/net/ipv4/tcp_keepalive_time", "77"))??;
    let place = place_in(&network.block, "")?;
    let daemon = Daemon::start(&place, &[])?;
    let listener = serve(&network)?;
    let pair = Pair::open(&network.client, &listener)?;
    let server = &daemon.row(pair.server_address()?)?["keepalive"];
    assert_eq!(server["enabled"], false, "{server}");

    // What the socket leaves open is its namespace's.
    setsockopt(&pair.client, KeepAlive, &true)?;
    setsockopt(&pair.client, TcpKeepCount, &4)?;
    setsockopt(&pair.client, TcpKeepInterval, &13)?;
    let client = &daemon.row(pair.client_address()?)?["keepalive"];
    let seen = ["enabled", "time_seconds", "interval_seconds", "probes"].map(|key| &client[key]);
    assert_eq!(
        serde_json::json!(seen),
        serde_json::json!([true, 77.0, 13.0, 4])
    );

    setsockopt(&pair.client, TcpKeepIdle, &5)?;
    let client = &daemon.row(pair.client_address()?)?["keepalive"];
    assert_eq!(client["time_seconds"], 5.0, "{client}");
    Ok(())
}

/// Its passes over the files of processes and over the table of connections both come by these.
fn once() -> Tested {
    const PAIRS: usize = 200;
    let network = routed()?;
    let daemon = Daemon::start(&place_in(&network.block, "")?, &[])?;
    let listener = TcpListener::bind(at(Ipv4Addr::LOCALHOST, 0))?;
    let pairs: Vec<Pair> = (0..PAIRS)
        .map(|_| Pair::open_here(&listener))
        .collect::<Result<_, _>>()?;
    let read = || -> Result<u64, Failed> {
        let told = fs::read_to_string(format!("/proc/{}/io", daemon.pid()))?;
        let bytes = told.lines().find_map(|line| line.strip_prefix("rchar: "));
        Ok(bytes.ok_or("it reads nothing")?.parse()?)
    };
    let listed = || -> Result<(Vec<Value>, u64), Failed> {
        let before = read()?;
        let rows: Vec<Value> = daemon.ask("ls")?;
        Ok((rows, read()? - before))
    };
    // Gives them their cookies, of which those of a busy machine lie apart.
    listed()?;
    eventually("it reads little more than it lists", || {
        let (rows, read) = listed()?;
        for pair in &pairs {
            let (client, server) = (pair.client_address()?, pair.server_address()?);
            for (local, remote) in [(client, server), (server, client)] {
                let (local, remote) = (local.to_string(), remote.to_string());
                let is_it =
                    |row: &&Value| field(row, "local") == &local && field(row, "remote") == &remote;
                assert_eq!(rows.iter().filter(is_it).count(), 1, "{local} {remote}");
            }
        }
        // What it reads of their owner, and a sweep of its own, come to less.
        let most = (rows.len() * size_of::<Fact>() * 3 / 2) as u64;
        Ok(if read < most { Ok(()) } else { Err(read) })
    })
}
