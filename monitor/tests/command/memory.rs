//! Nothing is kept of a healthy connection, nor of one that was suspected and is gone.

use crate::common::net::{routed, serve};
use crate::common::place::{alone_on, place_in, silent_pairs, watched_network, watching};
use crate::common::{Test, Tested, eventually, is};
use libtest_mimic::Failed;
use monitor_lab::network::Network;
use monitor_lab::testbed::Daemon;
use monitor_lab::testbed::wait::{BOUND, within};
use serde_json::Value;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

pub const TESTS: &[Test] = &[
    Test::as_root("what_was_suspected_leaves_nothing", suspected),
    Test::as_root("ten_thousand_short_connections_leave_nothing", short),
];

/// Connections before the first look at memory: caches fill, buffers grow.
const WARM_UP: usize = 1_000;

/// The connections whose remains are looked for.
const SHORT: usize = 10_000;

/// How long the judge remembers a connection about which all is said.
const FORGOTTEN: Duration = Duration::from_secs(60);

/// What the daemon may grow meanwhile, in KiB: 0.4 a connection, so that even one
/// fact kept of each (350 bytes) is close to it, and the allocator's own ways are not.
const GROWTH_KIB: u64 = 4 * 1024;

fn short() -> Tested {
    let network = routed()?;
    let place = place_in(&network.block, &watching(&network.block, "quiet", "5s"))?;
    let daemon = alone_on(&network.client, &place, &[])?;
    let listener = serve(&network)?;
    live_and_go(&network, &listener, WARM_UP)?;
    daemon.await_sweeps(2)?;
    let facts = daemon.metric("facts_seen_total", &[])?;
    let before = daemon.memory_kib("VmRSS")?;

    live_and_go(&network, &listener, SHORT)?;
    daemon.await_sweeps(2)?;
    await_nothing_held(&daemon)?;
    let after = daemon.memory_kib("VmRSS")?;
    assert!(
        after < before + GROWTH_KIB,
        "{before} KiB before, {after} KiB after"
    );
    let told = daemon.metric("facts_seen_total", &[])? - facts;
    // On a busy machine one or the other may be held up for long enough to be silent.
    assert!(
        told < SHORT as f64 / 100.0,
        "{told} facts about healthy connections"
    );
    for kind in ["crossed_total", "at_risk_total"] {
        assert_eq!(daemon.metric(kind, &[("path", "quiet")])?, 0.0);
    }
    assert_eq!(
        daemon.findings_of(listener.local_addr()?)?,
        Vec::<Value>::new()
    );
    Ok(())
}

fn suspected() -> Tested {
    const COUNT: u32 = 300;
    let (network, daemon) = watched_network("quiet", "1s", &[])?;
    let listener = serve(&network)?;
    let pairs = silent_pairs(&network, &daemon, &listener, COUNT)?;
    for pair in &pairs {
        pair.exchange()?;
    }
    eventually("all are suspected", || {
        let created = daemon.metric("suspects_created_total", &[])?;
        Ok(if created >= f64::from(COUNT) {
            Ok(())
        } else {
            Err(created)
        })
    })?;
    let held = daemon.metric("judge_connections", &[])?;
    assert!(held >= f64::from(COUNT), "the judge took up only {held}");
    drop(pairs);
    await_nothing_held(&daemon)
}

/// `count` connections, one after the other: a question, an answer, a polite end.
fn live_and_go(network: &Network, listener: &TcpListener, count: usize) -> Tested {
    let address = listener.local_addr()?;
    thread::scope(|scope| {
        let server = scope.spawn(|| answer(listener, count));
        let clients = network
            .client
            .within(|| (0..count).try_for_each(|_| ask(address)));
        let served = server.join().map_err(|_| "the server panicked")?;
        Ok::<_, Failed>(clients?.and(served)?)
    })
}

fn ask(address: SocketAddr) -> io::Result<()> {
    let mut stream = TcpStream::connect_timeout(&address, BOUND)?;
    stream.set_read_timeout(Some(BOUND))?;
    stream.write_all(b"?")?;
    stream.read_exact(&mut [0])
}

fn answer(listener: &TcpListener, count: usize) -> io::Result<()> {
    for _ in 0..count {
        let (mut stream, _) = listener.accept()?;
        stream.set_read_timeout(Some(BOUND))?;
        stream.read_exact(&mut [0])?;
        stream.write_all(b"!")?;
        // Until the client has gone.
        stream.read_to_end(&mut Vec::new())?;
    }
    Ok(())
}

/// Waits until neither the kernel side nor the judge holds a connection.
fn await_nothing_held(daemon: &Daemon) -> Tested {
    eventually("the kernel side suspects nobody", || {
        Ok(is(daemon.metric("suspects", &[])?, 0))
    })?;
    within(FORGOTTEN + BOUND, "the judge holds no connection", || {
        Ok::<_, Failed>(is(daemon.metric("judge_connections", &[])?, 0))
    })
}
