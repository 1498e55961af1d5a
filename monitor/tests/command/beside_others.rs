//! Other programs on the sockets and the cgroup that tcplull's own program is on.

use crate::common::net::{Pair, at, listen, routed};
use crate::common::place::{place_in, watching};
use crate::common::sock_ops::{Callback, Overwriter, root_cgroup};
use crate::common::{Test, Tested, eventually};
use libtest_mimic::Failed;
use monitor_common::callbacks;
use monitor_lab::testbed::Daemon;
use std::net::SocketAddr;

pub const TESTS: &[Test] = &[Test::per_socket(
    "a_program_that_takes_our_callbacks_again_and_again_costs_no_outcome",
    rival,
)];

/// A port that no other test serves: the rival writes the flags of its sockets alone.
const PORT: u16 = 5_471;

/// At each segment that leaves it writes the flags anew, and leaves of ours only the one that it is called by itself.
fn rival() -> Tested {
    let network = routed()?;
    let place = place_in(&network.block, &watching(&network.block, "nat", "2s"))?;
    let listener = listen(&network.server, at(network.server_address(), PORT))?;
    let daemon = Daemon::start(&place, &["--watch", "per-socket"])?;
    let pair = Pair::open(&network.client, &listener)?;
    pair.exchange()?;
    let _rival = Overwriter::attach(
        &root_cgroup()?,
        Callback::HeaderLength,
        PORT,
        callbacks::WRITE_HDR_OPT,
    )?;
    let server = pair.server_address()?;
    for round in 1..=4 {
        told(&daemon, server, "crossed", round)?;
        pair.exchange()?;
        told(&daemon, server, "survived", round)?;
    }
    assert_eq!(daemon.stop()?, Some(0));
    Ok(())
}

/// Waits until so many findings of the end at `local` conclude `name`.
fn told(daemon: &Daemon, local: SocketAddr, name: &str, count: usize) -> Result<(), Failed> {
    eventually(&format!("{local} is {name} for the {count}th time"), || {
        let mut findings = daemon.findings_of(local)?;
        findings.retain(|finding| {
            finding["connection"]["local"] == local.to_string()
                && (finding["kind"] == name || finding["outcome"] == name)
        });
        Ok((findings.len() == count)
            .then_some(())
            .ok_or(findings.len()))
    })
}
