//! Watching socket by socket: what is watched, and that nothing stays of it.

use crate::common::left_behind::{self, leave_behind};
use crate::common::net::{Pair, at, listen, routed, serve};
use crate::common::place::{place_in, watching};
use crate::common::run::{finish, tcplull};
use crate::common::sock_ops::{Callback, Overwriter, detach_all_of, root_cgroup};
use crate::common::{Test, Tested, eventually};
use aya::maps::{Map, MapData, SkStorage};
use libtest_mimic::Failed;
use monitor_common::callbacks;
use monitor_lab::network::Network;
use monitor_lab::testbed::{Daemon, Place};
use nix::sys::socket::{AddressFamily, SockFlag, SockProtocol, SockType, socket};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::File;
use std::io::Read;
use std::net::TcpStream;
use std::path::PathBuf;

pub const TESTS: &[Test] = &[
    Test::per_socket("only_silent_sockets_are_watched", only_silent),
    Test::per_socket("a_stopped_daemon_watches_no_socket", stopped),
    Test::per_socket("what_a_killed_daemon_left_is_repaired", repaired),
    Test::per_socket("the_next_daemon_clears_what_a_killed_one_left", next),
    Test::per_socket("what_an_earlier_build_left_is_cleared", upgraded),
    Test::per_socket("flags_that_were_there_before_survive", before),
    Test::per_socket("flags_that_come_later_survive", later),
    Test::per_socket("what_another_detaches_is_attached_again", detached),
    Test::per_socket("a_watched_socket_sends_what_it_sent_before", same_traffic),
];

const PER_SOCKET: &[&str] = &["--watch", "per-socket"];

/// `BPF_SOCK_OPS_STATE_CB_FLAG` and `BPF_SOCK_OPS_RTT_CB_FLAG`
/// (include/uapi/linux/bpf.h): the second is one that tcplull sets too.
const OF_OTHERS: u32 = 1 << 2 | 1 << 3;

/// The callbacks that the daemon in `place` has set on a socket; `None` while it does not
/// watch it.
fn callbacks_on(place: &Place, socket: &TcpStream) -> Result<Option<u32>, Failed> {
    let pin = MapData::from_pin(pins(place).join("marks_v1"))?;
    let watched: SkStorage<_, [u32; 2]> = SkStorage::try_from(Map::SkStorage(pin))?;
    Ok(match watched.get(socket, 0) {
        Ok([ours, 1]) => Some(ours),
        _ => None,
    })
}

/// Waits until the daemon in `place` watches a socket; answers the callbacks that it has set.
pub fn await_callbacks(place: &Place, socket: &TcpStream) -> Result<u32, Failed> {
    eventually("the silent socket is watched", || {
        Ok(callbacks_on(place, socket)?.ok_or("not watched"))
    })
}

/// Where the daemon pins what it keeps with sockets, as no BPF file system is mounted in
/// tests.
fn pins(place: &Place) -> PathBuf {
    let mut path = place.socket().into_os_string();
    path.push(".bpf");
    path.into()
}

fn place_of(network: &Network) -> Result<Place, Failed> {
    place_in(&network.block, &watching(&network.block, "nat", "2s"))
}

fn only_silent() -> Tested {
    let network = routed()?;
    let place = place_of(&network)?;
    let daemon = Daemon::start(&place, PER_SOCKET)?;
    let listener = serve(&network)?;
    let silent = Pair::open(&network.client, &listener)?;
    let busy = Pair::open(&network.client, &listener)?;
    for pair in [&silent, &busy] {
        pair.exchange()?;
    }
    eventually("the silent connection is watched", || {
        busy.exchange()?;
        Ok(callbacks_on(&place, &silent.client)?.ok_or("not watched"))
    })?;
    assert_eq!(callbacks_on(&place, &busy.client)?, None);
    assert_eq!(callbacks_on(&place, &busy.server)?, None);
    // It speaks again: the callbacks have told it, and are gone.
    daemon.await_finding(silent.client_address()?, "crossed")?;
    silent.exchange()?;
    daemon.await_finding(silent.client_address()?, "survived")?;
    eventually("it is watched no more", || {
        silent.exchange()?;
        Ok(match callbacks_on(&place, &silent.client)? {
            None => Ok(()),
            Some(ours) => Err(ours),
        })
    })
}

fn stopped() -> Tested {
    let network = routed()?;
    let place = place_of(&network)?;
    let pair = Pair::across(&network)?;
    let daemon = Daemon::start(&place, PER_SOCKET)?;
    assert_eq!(await_callbacks(&place, &pair.client)?, callbacks::ALL);
    assert_eq!(await_callbacks(&place, &pair.server)?, callbacks::ALL);
    assert_eq!(daemon.stop()?, Some(0));
    assert!(!pins(&place).exists(), "the place of the pins is left");
    // All that the next daemon sets is new: nothing was left on the socket.
    let _daemon = Daemon::start(&place, PER_SOCKET)?;
    assert_eq!(await_callbacks(&place, &pair.client)?, callbacks::ALL);
    Ok(())
}

/// `tcplull check --repair` for the daemon of `place`; what it prints.
fn repair(place: &Place) -> Result<String, Failed> {
    let arguments: [OsString; 4] = [
        "check".into(),
        "--repair".into(),
        "--config".into(),
        place.file().into(),
    ];
    let ended = finish(&mut tcplull(arguments))?;
    if ended.code == Some(0) {
        Ok(ended.stdout)
    } else {
        Err(format!("{ended:?}").into())
    }
}

fn repaired() -> Tested {
    let network = routed()?;
    let place = place_of(&network)?;
    let pair = Pair::across(&network)?;
    let daemon = Daemon::start(&place, PER_SOCKET)?;
    for end in [&pair.client, &pair.server] {
        await_callbacks(&place, end)?;
    }
    let refused = repair(&place).err().map(|error| format!("{error:?}"));
    assert!(
        refused.is_some_and(|why| why.contains("another tcplull answers")),
        "a daemon that runs needs what it set"
    );
    daemon.kill();
    assert_eq!(callbacks_on(&place, &pair.client)?, Some(callbacks::ALL));
    // Both ends, and whatever else was silent on this machine.
    let said = repair(&place)?;
    let cleared = said
        .strip_prefix("cleared ")
        .and_then(|rest| rest.strip_suffix(" sockets\n"))
        .and_then(|number| number.parse::<u64>().ok());
    assert!(cleared.is_some_and(|cleared| cleared >= 2), "{said}");
    assert!(!pins(&place).exists(), "the place of the pins is left");
    assert_eq!(repair(&place)?, "nothing was left behind\n");
    Ok(())
}

fn next() -> Tested {
    let network = routed()?;
    let place = place_of(&network)?;
    let pair = Pair::across(&network)?;
    let daemon = Daemon::start(&place, PER_SOCKET)?;
    await_callbacks(&place, &pair.client)?;
    daemon.kill();
    // Also one that watches no socket by itself.
    let daemon = Daemon::start(&place, &["--watch", "global"])?;
    assert!(!pins(&place).exists(), "the place of the pins is left");
    assert_eq!(daemon.stop()?, Some(0));
    let _daemon = Daemon::start(&place, PER_SOCKET)?;
    assert_eq!(await_callbacks(&place, &pair.client)?, callbacks::ALL);
    Ok(())
}

fn upgraded() -> Tested {
    for starts_anew in [false, true] {
        let network = routed()?;
        let place = place_of(&network)?;
        // A port that no other test has: the callbacks are set on its sockets alone.
        let listener = listen(&network.server, at(network.server_address(), 5_469))?;
        let others = Overwriter::attach(
            &root_cgroup()?,
            Callback::PassiveEstablished,
            5_469,
            left_behind::CALLBACKS,
        )?;
        let pair = Pair::open(&network.client, &listener)?;
        drop(others);
        leave_behind(&pins(&place), &pair.server)?;
        if starts_anew {
            // It watches no socket by itself: what is gone was cleared.
            let daemon = Daemon::start(&place, &["--watch", "global"])?;
            assert!(!pins(&place).exists(), "the place of the pins is left");
            assert_eq!(daemon.stop()?, Some(0));
        } else {
            assert_eq!(repair(&place)?, "cleared 1 socket\n");
            assert!(!pins(&place).exists(), "the place of the pins is left");
        }
        // All that the next daemon sets is new: nothing was left on the socket.
        pair.exchange()?;
        let _daemon = Daemon::start(&place, PER_SOCKET)?;
        assert_eq!(
            await_callbacks(&place, &pair.server)?,
            left_behind::CALLBACKS
        );
    }
    Ok(())
}

fn before() -> Tested {
    let network = routed()?;
    let pair = Pair::across(&network)?;
    let (one, other) = (place_of(&network)?, place_of(&network)?);
    let first = Daemon::start(&one, PER_SOCKET)?;
    assert_eq!(await_callbacks(&one, &pair.client)?, callbacks::ALL);
    let second = Daemon::start(&other, PER_SOCKET)?;
    assert_eq!(
        await_callbacks(&other, &pair.client)?,
        0,
        "all were set before"
    );
    assert_eq!(second.stop()?, Some(0));
    // The first daemon still hears its callbacks: of a silence that has crossed, which a watched one need not have.
    first.await_finding(pair.client_address()?, "crossed")?;
    pair.exchange()?;
    survived_at_once(&first, &pair)
}

/// The gap that just ended was told by a callback, and not only found by a sweep.
fn survived_at_once(daemon: &Daemon, pair: &Pair) -> Tested {
    let finding = daemon.await_finding(pair.client_address()?, "survived")?;
    let from = |fact: &serde_json::Value| fact["fact"] == "gap_ended_by" && fact["value"] == "send";
    let told = finding["evidence"]
        .as_array()
        .is_some_and(|all| all.iter().any(from));
    assert!(told, "{finding}");
    Ok(())
}

fn later() -> Tested {
    let network = routed()?;
    let place = place_of(&network)?;
    // A port that no other test has: the flags of its sockets alone are taken over.
    let listener = listen(&network.server, at(network.server_address(), 5_470))?;
    let pair = Pair::open(&network.client, &listener)?;
    pair.exchange()?;
    let daemon = Daemon::start(&place, PER_SOCKET)?;
    await_callbacks(&place, &pair.server)?;
    // Another program takes the socket over: with the peer's next segment, whose
    // acknowledgment is a segment to be sent.
    let overwriter = Overwriter::attach(&root_cgroup()?, Callback::HeaderLength, 5_470, OF_OTHERS)?;
    pair.exchange()?;
    drop(overwriter);
    let ours = eventually("the socket is silent again, and watched anew", || {
        Ok(match callbacks_on(&place, &pair.server)? {
            Some(ours) if ours != callbacks::ALL => Ok(ours),
            other => Err(format!("{other:?}")),
        })
    })?;
    assert_eq!(ours, callbacks::ALL & !OF_OTHERS);
    assert_eq!(daemon.stop()?, Some(0));
    // What is not new to the next daemon has been left in place.
    let _daemon = Daemon::start(&place, PER_SOCKET)?;
    assert_eq!(
        await_callbacks(&place, &pair.server)?,
        callbacks::ALL & !OF_OTHERS
    );
    Ok(())
}

fn detached() -> Tested {
    let network = routed()?;
    let place = place_of(&network)?;
    let daemon = Daemon::start(&place, PER_SOCKET)?;
    let pair = Pair::across(&network)?;
    await_callbacks(&place, &pair.client)?;
    // Again and again, so that there is always a sweep that found it so.
    let mut times = 0;
    eventually("it is not ready, and says why", || {
        times += detach_all_of(daemon.pid())?;
        let (code, body) = daemon.get("/readyz")?;
        let told = code == 503 && body.contains("detached");
        Ok(told.then_some(()).ok_or(format!("{code} {body}")))
    })?;
    assert!(times >= 1);
    // The sweep that was under way when it was last detached may not have seen that, and is ready.
    eventually("it is ready again, and each time is counted", || {
        let (code, body) = daemon.get("/readyz")?;
        let counted = daemon.metric("callbacks_detached_total", &[])?;
        let all = code == 200 && counted == f64::from(times);
        Ok(all
            .then_some(())
            .ok_or(format!("{code} {body}: {counted} of {times}")))
    })?;
    daemon.await_log("detached")?;
    // Its callbacks are heard again: the silence's end is told at once.
    daemon.await_finding(pair.client_address()?, "crossed")?;
    await_callbacks(&place, &pair.client)?;
    pair.exchange()?;
    survived_at_once(&daemon, &pair)
}

/// What can be compared of the segments of two exchanges: flags, the kinds and lengths of
/// the options, and the payload's length.
type Shape = (u8, Vec<(u8, u8)>, usize);

/// Every segment that the host in `network`'s client sends or receives from now on.
struct Capture(File);

impl Capture {
    fn start(network: &Network) -> Result<Self, Failed> {
        let socket = network.client.within(|| {
            socket(
                AddressFamily::Packet,
                SockType::Datagram,
                SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC,
                SockProtocol::EthAll,
            )
        })??;
        Ok(Self(socket.into()))
    }

    fn shapes(&mut self) -> Vec<Shape> {
        let mut packet = vec![0; 65_536];
        let mut shapes = Vec::new();
        while let Ok(length) = self.0.read(&mut packet) {
            shapes.extend(shape(&packet[..length]));
        }
        shapes
    }
}

/// The shape of a TCP segment over IPv4 (RFC 791, RFC 9293); `None` for anything else.
fn shape(packet: &[u8]) -> Option<Shape> {
    let ip_header = usize::from(packet.first()? & 0xf) * 4;
    if packet[0] >> 4 != 4 || *packet.get(9)? != 6 {
        return None;
    }
    let total = usize::from(u16::from_be_bytes([packet[2], packet[3]]));
    let tcp = packet.get(ip_header..total)?;
    let header = usize::from(tcp.get(12)? >> 4) * 4;
    let mut options = Vec::new();
    let mut rest = tcp.get(20..header)?;
    while let Some(kind) = rest.first() {
        let length = if *kind < 2 { 1 } else { *rest.get(1)? };
        options.push((*kind, length));
        rest = rest.get(usize::from(length.max(1))..)?;
    }
    Some((tcp[13], options, tcp.len() - header))
}

fn same_traffic() -> Tested {
    let network = routed()?;
    let place = place_of(&network)?;
    let pair = Pair::across(&network)?;
    // Segments with data in their order, and of those without which there are: how many is a matter of the stack's timers.
    type Traffic = (Vec<Shape>, BTreeSet<Shape>);
    let script = |capture: &mut Capture| -> Result<Traffic, Failed> {
        for _ in 0..3 {
            pair.exchange()?;
        }
        // The last acknowledgment may be delayed.
        let mut shapes = Vec::new();
        eventually("the exchange is acknowledged", || {
            shapes.extend(capture.shapes());
            Ok((shapes.len() >= 7).then_some(()).ok_or(shapes.len()))
        })?;
        let with_data = |(_, _, payload): &Shape| *payload > 0;
        let (data, rest): (Vec<_>, Vec<_>) = shapes.into_iter().partition(with_data);
        assert_eq!(data.len(), 6, "{data:?}");
        Ok((data, rest.into_iter().collect()))
    };
    let mut capture = Capture::start(&network)?;
    let without = script(&mut capture)?;
    let daemon = Daemon::start(&place, PER_SOCKET)?;
    for end in [&pair.client, &pair.server] {
        await_callbacks(&place, end)?;
    }
    capture.shapes();
    let with = script(&mut capture)?;
    assert_eq!(with, without);
    assert_eq!(daemon.stop()?, Some(0));
    Ok(())
}
