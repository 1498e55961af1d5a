//! Tables of the kernel side at their bounds: what is left out is counted, and has its turn when there is room.

use crate::common::net::{Pair, serve};
use crate::common::place::watched_network;
use crate::common::{Test, Tested, eventually};
use libtest_mimic::Failed;
use monitor_lab::testbed::Daemon;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use std::net::Shutdown;

pub const TESTS: &[Test] = &[Test::as_root(
    "half_closed_connections_beyond_their_bound_are_counted",
    half_closed,
)];

/// `MAX_HALF_CLOSED` of the kernel side.
const PLACES: usize = 4_096;

/// More than there are places for.
const BEYOND: usize = 50;

fn half_closed() -> Tested {
    let (network, daemon) = watched_network("quiet", "2s", &[])?;
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE)?;
    setrlimit(Resource::RLIMIT_NOFILE, most, most)?;
    let listener = serve(&network)?;
    let open = |_| -> Result<Pair, Failed> {
        let pair = Pair::open(&network.client, &listener)?;
        pair.exchange()?;
        pair.client.shutdown(Shutdown::Write)?;
        Ok(pair)
    };
    let mut pairs = (0..PLACES + BEYOND)
        .map(open)
        .collect::<Result<Vec<_>, _>>()?;
    let places = PLACES as f64;
    // Another program of this host may have one of the places, and suspects of other kinds have others.
    eventually("every place is taken", || {
        let suspects = daemon.metric("suspects", &[])?;
        Ok((suspects >= places).then_some(()).ok_or(suspects))
    })?;
    // Each sweep finds those again that have none.
    let left_out = eventually("those beyond are left out", || {
        let refused = refused(&daemon)?;
        Ok((refused >= BEYOND as f64).then_some(refused).ok_or(refused))
    })?;
    let now = daemon.metric("suspects", &[])?;
    assert!(now < places + BEYOND as f64, "{now}");
    eventually("they are asked for again, and counted", || {
        let refused = refused(&daemon)?;
        Ok((refused >= left_out + BEYOND as f64)
            .then_some(())
            .ok_or(refused))
    })?;
    // Those that go make room for those that wait.
    pairs.drain(..2 * BEYOND);
    eventually("nobody is left out any more", || {
        let before = refused(&daemon)?;
        daemon.await_sweeps(3)?;
        let more = refused(&daemon)? - before;
        Ok((more == 0.0).then_some(()).ok_or(more))
    })?;
    drop(pairs);
    eventually("every place is free", || {
        let suspects = daemon.metric("suspects", &[])?;
        Ok((suspects < BEYOND as f64).then_some(()).ok_or(suspects))
    })?;
    Ok(())
}

fn refused(daemon: &Daemon) -> Result<f64, Failed> {
    Ok(daemon.metric("suspects_refused_total", &[])?)
}
