//! More facts than the ring holds: each one lost is counted, and the daemon lives.

use crate::common::net::{Pair, serve};
use crate::common::place::{silent_pairs, watched_network};
use crate::common::{Test, Tested, eventually};
use libtest_mimic::Failed;
use monitor_lab::testbed::Daemon;
use monitor_lab::testbed::prometheus::sum;
use nix::sys::signal::Signal;

pub const TESTS: &[Test] = &[Test::as_root(
    "what_does_not_fit_is_counted_and_the_daemon_lives",
    overflow,
)];

/// Connections that speak at once, far more than one page has room for facts.
const AT_ONCE: u32 = 200;

fn overflow() -> Tested {
    let (network, daemon) = watched_network("quiet", "500ms", &["--ring-bytes", "4096"])?;
    assert_eq!(daemon.metric("ring_bytes", &[])?, 4096.0);
    let listener = serve(&network)?;
    let pairs = silent_pairs(&network, &daemon, &listener, AT_ONCE)?;
    // On a busy machine it takes so long to open them that the first are silent meanwhile.
    let before = dropped(&daemon)?;

    daemon.signal(Signal::SIGSTOP)?;
    for pair in &pairs {
        pair.exchange()?;
    }
    daemon.signal(Signal::SIGCONT)?;
    drop(pairs);
    eventually("facts are lost, and all are accounted for", || {
        let text = daemon.metrics()?;
        let value = |name: &str| {
            let found = sum(&text, name, &[]);
            found.ok_or_else(|| Failed::from(format!("no {name}")))
        };
        let seen = value("tcplull_facts_seen_total")?;
        let submitted = value("tcplull_facts_submitted_total")?;
        let dropped = value("tcplull_facts_dropped_total")?;
        // One read is not one moment: facts may come between two counters.
        Ok((dropped > before && seen == submitted + dropped)
            .then_some(())
            .ok_or_else(|| format!("{seen} seen, {submitted} submitted, {dropped} dropped")))
    })?;
    // Most of what 200 connections had to tell had no room.
    let lost = dropped(&daemon)? - before;
    assert!(lost >= f64::from(AT_ONCE), "{lost}");

    let later = Pair::open(&network.client, &listener)?;
    later.exchange()?;
    daemon.await_finding(later.client_address()?, "crossed")?;
    later.exchange()?;
    daemon.await_finding(later.client_address()?, "survived")?;
    assert_eq!(daemon.stop()?, Some(0));
    Ok(())
}

fn dropped(daemon: &Daemon) -> Result<f64, Failed> {
    Ok(daemon.metric("facts_dropped_total", &[("reason", "ring_full")])?)
}
