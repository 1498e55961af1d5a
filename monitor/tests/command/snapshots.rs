//! Watching by snapshots: what ended a silence is told once, by whoever comes by first, and only silent sockets are kept.

use crate::common::net::{Pair, ip, serve};
use crate::common::place::watched_network;
use crate::common::{Test, Tested, eventually, is};
use aya::maps::{Map, MapData, SkStorage};
use aya::programs::loaded_programs;
use libtest_mimic::Failed;
use monitor_common::SNAPSHOT_BYTES;
use monitor_lab::ends::End;
use monitor_lab::network::Network;
use monitor_lab::network::block::CLIENT_SIDE;
use monitor_lab::testbed::Daemon;
use nix::sys::signal::Signal;
use std::fs;
use std::io::Write;
use std::mem::MaybeUninit;
use std::net::TcpStream;
use std::os::fd::AsRawFd;
use std::path::Path;
use tempfile::TempDir;

pub const TESTS: &[Test] = &[
    Test::by_snapshots(
        "a_timeout_that_comes_before_the_revisit_tells_it_once",
        hook_first,
    ),
    Test::by_snapshots(
        "a_revisit_that_comes_before_the_timeout_tells_it_once",
        revisit_first,
    ),
    Test::by_snapshots("snapshots_are_kept_of_silent_sockets_alone", silent_alone),
];

const BY_SNAPSHOTS: [&str; 2] = ["--watch", "snapshots"];

/// A network whose client's connection has crossed its path's timeout, and the daemon that records it in `file`.
fn crossed(
    file: &Path,
    prepare: impl FnOnce(&Network) -> Tested,
) -> Result<(Network, Daemon, Pair), Failed> {
    let [watch, way] = BY_SNAPSHOTS;
    let record = file.to_str().ok_or("no UTF-8")?;
    let (network, daemon) = watched_network("quiet", "2s", &[watch, way, "--record", record])?;
    prepare(&network)?;
    let pair = Pair::across(&network)?;
    daemon.await_finding(pair.client_address()?, "crossed")?;
    Ok((network, daemon, pair))
}

/// How often the daemon was told this of the client.
fn told(file: &Path, pair: &Pair, kind: &str) -> Result<usize, Failed> {
    let text = fs::read_to_string(file)?;
    let own = format!("\"local_port\":{}", pair.client_address()?.port());
    let kind = format!("\"kind\":\"{kind}\"");
    let lines = text.lines();
    Ok(lines
        .filter(|line| line.contains(&own) && line.contains(&kind))
        .count())
}

/// Waits until the stack has sent again what `socket` sent.
fn await_timeout(socket: &TcpStream) -> Tested {
    eventually("the retransmission timer has expired", || {
        Ok(if retransmits(socket)? > 0 {
            Ok(())
        } else {
            Err("nothing was sent again")
        })
    })
}

/// Retransmission timeouts of a socket without an ACK since.
fn retransmits(socket: &TcpStream) -> Result<u8, Failed> {
    let mut info = MaybeUninit::<libc::tcp_info>::zeroed();
    let mut length = size_of::<libc::tcp_info>() as libc::socklen_t;
    // SAFETY: an open socket, and room of the length that is said.
    let failed = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::IPPROTO_TCP,
            libc::TCP_INFO,
            info.as_mut_ptr().cast(),
            &raw mut length,
        )
    };
    if failed != 0 {
        return Err(std::io::Error::last_os_error().into());
    }
    // SAFETY: zeros to begin with, and every bit pattern is a valid one.
    Ok(unsafe { info.assume_init() }.tcpi_retransmits)
}

/// The daemon stands still, so that no revisit comes between the send and its timeout.
fn hook_first() -> Tested {
    let files = TempDir::new()?;
    let file = files.path().join("facts");
    let (network, daemon, pair) = crossed(&file, |_| Ok(()))?;
    network.path_dies()?;
    daemon.signal(Signal::SIGSTOP)?;
    let sent = (&pair.client).write_all(b"x");
    let timed_out = sent
        .map_err(Failed::from)
        .and_then(|()| await_timeout(&pair.client));
    daemon.signal(Signal::SIGCONT)?;
    timed_out?;
    daemon.await_finding(pair.client_address()?, "blackholed")?;
    daemon.await_sweeps(3)?;
    daemon.stop()?;
    assert_eq!(told(&file, &pair, "gap_ended_by_send")?, 1);
    Ok(())
}

/// The timeout comes after five seconds, and no tail-loss probe before it.
fn revisit_first() -> Tested {
    let files = TempDir::new()?;
    let file = files.path().join("facts");
    let (network, daemon, pair) = crossed(&file, |network| {
        network.set(End::Client, "ipv4/tcp_early_retrans", "0")?;
        let gateway = network.block.gateway(CLIENT_SIDE);
        let route = format!("route replace default via {gateway} rto_min 5s");
        ip(&network.client, &route)
    })?;
    network.path_dies()?;
    (&pair.client).write_all(b"x")?;
    eventually("a revisit has found the send", || {
        let times = u32::try_from(told(&file, &pair, "gap_ended_by_send")?)?;
        Ok(is(times.into(), 1))
    })?;
    assert_eq!(retransmits(&pair.client)?, 0, "the timeout came first");
    await_timeout(&pair.client)?;
    daemon.await_sweeps(3)?;
    daemon.stop()?;
    assert_eq!(told(&file, &pair, "gap_ended_by_send")?, 1);
    assert!(told(&file, &pair, "retransmitted")? >= 1);
    Ok(())
}

fn silent_alone() -> Tested {
    let [watch, way] = BY_SNAPSHOTS;
    let (network, daemon) = watched_network("quiet", "2s", &[watch, way])?;
    let snapshots = snapshots(&daemon)?;
    let listener = serve(&network)?;
    let silent = Pair::open(&network.client, &listener)?;
    let busy = Pair::open(&network.client, &listener)?;
    silent.exchange()?;
    for end in [&silent.client, &silent.server] {
        eventually("a snapshot is kept of the silent connection", || {
            busy.exchange()?;
            Ok(snapshots.get(end, 0))
        })?;
    }
    for end in [&busy.client, &busy.server] {
        assert!(snapshots.get(end, 0).is_err(), "of the busy one too");
    }
    daemon.await_finding(silent.client_address()?, "crossed")?;
    silent.exchange()?;
    daemon.await_finding(silent.client_address()?, "survived")?;
    daemon.await_finding(silent.server_address()?, "survived")?;
    for end in [&silent.client, &silent.server] {
        eventually("none is kept of one that speaks again", || {
            silent.exchange()?;
            Ok(match snapshots.get(end, 0) {
                Ok(_) => Err("it is kept"),
                Err(_) => Ok(()),
            })
        })?;
    }
    Ok(())
}

type Snapshots = SkStorage<MapData, [u8; SNAPSHOT_BYTES]>;

/// What the daemon's kernel side keeps with sockets.
fn snapshots(daemon: &Daemon) -> Result<Snapshots, Failed> {
    let held = daemon.programs()?;
    for program in loaded_programs() {
        // One that another process drops in this moment is an error.
        let Ok(program) = program else { continue };
        if !held.contains(&program.id()) {
            continue;
        }
        for id in program.map_ids()?.unwrap_or_default() {
            let map = MapData::from_id(id)?;
            if map.info()?.name_as_str() == Some("SNAPSHOTS") {
                return Ok(SkStorage::try_from(Map::SkStorage(map))?);
            }
        }
    }
    Err("the daemon holds no map of snapshots".into())
}
