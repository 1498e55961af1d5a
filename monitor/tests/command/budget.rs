//! The bound on facts of one suspect: a stream that goes on after a silence, and is well, does not come near it.

use crate::common::net::{Pair, serve};
use crate::common::place::watched_network;
use crate::common::{Test, Tested};
use libtest_mimic::Failed;
use std::io::{Read, Write};
use std::thread;
use std::time::Duration;

pub const TESTS: &[Test] = &[
    Test::as_root("a_stream_after_a_silence_drops_no_fact", || {
        stream(&["--watch", "global"])
    }),
    Test::by_snapshots(
        "a_stream_after_a_silence_drops_no_fact_by_snapshots",
        || stream(&["--watch", "snapshots"]),
    ),
];

/// Sends, each acknowledged before the next: more than twice as many as a suspect has facts.
const SENDS: usize = 600;

/// What the test of a stream waits between two of them, so that each is a segment.
const APART: Duration = Duration::from_millis(5);

fn stream(arguments: &[&str]) -> Tested {
    let (network, daemon) = watched_network("quiet", "1s", arguments)?;
    let listener = serve(&network)?;
    let mut pair = Pair::open(&network.client, &listener)?;
    pair.exchange()?;
    daemon.await_finding(pair.client_address()?, "crossed")?;
    let mut chunk = [0; 20];
    for _ in 0..SENDS {
        pair.client.write_all(&chunk)?;
        pair.server.read_exact(&mut chunk)?;
        thread::sleep(APART);
    }
    daemon.await_finding(pair.client_address()?, "acknowledged")?;
    let dropped = daemon.metric("facts_dropped_total", &[("reason", "budget")])?;
    if dropped > 0.0 {
        return Err(Failed::from(format!(
            "{dropped} facts of a healthy stream were dropped"
        )));
    }
    assert_eq!(daemon.stop()?, Some(0));
    Ok(())
}
