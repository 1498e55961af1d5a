//! Who holds a connection: a process, whichever of its threads acts.

use crate::common::net::{Pair, serve};
use crate::common::place::watched_network;
use crate::common::{Test, Tested, eventually};
use libtest_mimic::Failed;
use monitor_lab::testbed::Daemon;
use serde_json::Value;
use std::fs;
use std::io::{self, Read, Write};
use std::sync::mpsc::{Sender, channel};
use std::thread::{self, JoinHandle};

pub const TESTS: &[Test] = &[
    Test::by_snapshots("threads_are_one_owner_by_snapshots", by_snapshots),
    Test::as_root("threads_are_one_owner_watching_all", watching_all),
    Test::as_root("threads_are_one_owner_per_socket", per_socket),
];

/// Threads with a name and a connection each.
const THREADS: usize = 5;

fn by_snapshots() -> Tested {
    five_threads("snapshots")
}

fn watching_all() -> Tested {
    five_threads("global")
}

fn per_socket() -> Tested {
    five_threads("per-socket")
}

/// Their connections are silent and forgotten on the way; each thread asks on its own, and that is one page.
fn five_threads(way: &str) -> Tested {
    let (network, daemon) = watched_network("quiet", "2s", &["--watch", way])?;
    let listener = serve(&network)?;
    let open = |_| Pair::open(&network.client, &listener);
    let pairs = (0..THREADS).map(open).collect::<Result<Vec<_>, _>>()?;
    pairs.iter().try_for_each(Pair::exchange)?;
    for pair in &pairs {
        await_crossings(&daemon, pair, 2)?;
    }
    let own = fs::read_to_string("/proc/self/comm")?;
    let own = own.trim_end();
    let crossed = pairs.iter().map(|pair| crossings(&daemon, pair));
    let crossed = crossed.collect::<Result<Vec<_>, _>>()?;
    let asked = ask(&pairs)?;
    for pair in &pairs {
        (&pair.server).read_exact(&mut [0])?;
        (&pair.server).write_all(b"y")?;
        (&pair.client).read_exact(&mut [0])?;
    }
    for pair in &pairs {
        // Told by what the thread did, before any sweep.
        let finding = outcome(&daemon, pair, "survived")?;
        assert_eq!(finding["owner"]["comm"], own, "{finding}");
    }
    join(asked)?;
    for (pair, before) in pairs.iter().zip(crossed) {
        await_crossings(&daemon, pair, before + 2)?;
    }
    network.path_dies()?;
    let asked = ask(&pairs)?;
    for pair in &pairs {
        let finding = outcome(&daemon, pair, "blackholed")?;
        assert_eq!(finding["owner"]["comm"], own, "{finding}");
    }
    eventually("one page of all", || {
        let alerts: Vec<Value> = daemon.ask("alerts")?;
        // Others on this host have no path here.
        let pages = alerts
            .iter()
            .filter(|alert| alert["severity"] == "page" && alert["path"] == "quiet");
        let counts: Vec<_> = pages.map(|page| page["count"].clone()).collect();
        Ok(match counts == [Value::from(THREADS)] {
            true => Ok(()),
            false => Err(format!("{alerts:?}")),
        })
    })?;
    join(asked)?;
    network.path_comes_back()?;
    Ok(())
}

/// Threads, each with what it waits for.
type Asked = Vec<(Sender<()>, JoinHandle<io::Result<()>>)>;

/// Each client asks on a thread of its own, which is there until it is joined.
fn ask(pairs: &[Pair]) -> io::Result<Asked> {
    let clients = pairs.iter().enumerate().map(|(number, pair)| {
        let mut client = pair.client.try_clone()?;
        let worker = thread::Builder::new().name(format!("worker-{number}"));
        let (goes_on, stays) = channel();
        let thread = worker.spawn(move || {
            client.write_all(b"x")?;
            // Until the other end is dropped.
            let _ = stays.recv();
            Ok(())
        })?;
        Ok((goes_on, thread))
    });
    clients.collect()
}

fn join(asked: Asked) -> Tested {
    for (goes_on, thread) in asked {
        drop(goes_on);
        thread.join().map_err(|_| "a thread broke off")??;
    }
    Ok(())
}

/// How often a silence of either end was told to have crossed.
fn crossings(daemon: &Daemon, pair: &Pair) -> Result<usize, Failed> {
    let findings = daemon.findings_of(pair.client_address()?)?;
    let crossed = findings
        .iter()
        .filter(|finding| finding["kind"] == "crossed");
    Ok(crossed.count())
}

fn await_crossings(daemon: &Daemon, pair: &Pair, enough: usize) -> Tested {
    eventually("both ends are silent", || {
        let now = crossings(daemon, pair)?;
        Ok((now >= enough).then_some(()).ok_or(now))
    })
}

/// This outcome of the client's.
fn outcome(daemon: &Daemon, pair: &Pair, outcome: &str) -> Result<Value, Failed> {
    eventually(outcome, || {
        let findings = daemon.findings_of(pair.client_address()?)?;
        let found = findings
            .iter()
            .find(|finding| finding["outcome"] == outcome);
        Ok(found.cloned().ok_or_else(|| format!("{findings:?}")))
    })
}
