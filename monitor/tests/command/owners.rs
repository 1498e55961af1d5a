//! Who holds a connection: a process, whichever of its threads acts.

use crate::common::net::{Pair, serve};
use crate::common::place::watched_network;
use crate::common::{Test, Tested, eventually};
use serde_json::Value;
use std::fs;
use std::io::Write;
use std::thread;
use std::time::Duration;

pub const TESTS: &[Test] = &[
    Test::as_root("threads_are_one_owner_by_snapshots", by_snapshots),
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
        daemon.await_finding(pair.client_address()?, "crossed")?;
    }
    network.path_dies()?;
    let threads: Vec<_> = pairs
        .iter()
        .enumerate()
        .map(|(number, pair)| {
            let mut client = pair.client.try_clone()?;
            thread::Builder::new()
                .name(format!("worker-{number}"))
                .spawn(move || {
                    client.write_all(b"x")?;
                    // It is there while it is looked at.
                    thread::sleep(Duration::from_secs(3));
                    std::io::Result::Ok(())
                })
        })
        .collect::<std::io::Result<_>>()?;
    let own = fs::read_to_string("/proc/self/comm")?;
    let own = own.trim_end();
    for pair in &pairs {
        let finding = daemon.await_finding(pair.client_address()?, "outcome")?;
        assert_eq!(finding["outcome"], "blackholed", "{finding}");
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
    for thread in threads {
        thread.join().map_err(|_| "a thread broke off")??;
    }
    network.path_comes_back()?;
    Ok(())
}
