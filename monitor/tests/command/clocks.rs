//! Clocks that are not the host's change no finding.

use crate::common::net::{Pair, routed};
use crate::common::place::{place_in, watching};
use crate::common::{Test, Tested};
use libtest_mimic::Failed;
use monitor_lab::testbed::Daemon;
use monitor_model::time::Timestamp;
use std::time::SystemTime;

pub const TESTS: &[Test] = &[
    Test::as_root("a_time_namespace_ahead_of_the_host_moves_no_time", || {
        apart("864000")
    }),
    Test::as_root("a_time_namespace_behind_the_host_moves_no_time", || {
        apart("-30")
    }),
];

/// A daemon whose CLOCK_MONOTONIC and CLOCK_BOOTTIME are so many seconds ahead of the host's says what any other says.
fn apart(seconds: &str) -> Tested {
    let network = routed()?;
    let place = place_in(&network.block, &watching(&network.block, "default", "1s"))?;
    let clocks = ["--monotonic", seconds, "--boottime", seconds];
    let launcher = [
        &["unshare", "--time", "--fork", "--kill-child"][..],
        &clocks,
    ];
    let daemon = Daemon::start(&place.launched_by(&launcher.concat()), &[])?;
    let begun = now()?;
    let pair = Pair::across(&network)?;
    let client = pair.client_address()?;
    daemon.await_finding(client, "crossed")?;
    // A silence that is taken to be over, or for another one, is found again by a later sweep.
    daemon.await_sweeps(10)?;
    let findings = daemon.findings_of(client)?;
    let crossed = findings.iter().filter(|finding| {
        finding["kind"] == "crossed" && finding["connection"]["local"] == client.to_string()
    });
    assert_eq!(crossed.count(), 1, "{findings:?}");
    pair.exchange()?;
    daemon.await_finding(client, "survived")?;
    // By now the next silence may have crossed, too.
    let findings = daemon.findings_of(client)?;
    let ended = now()?;
    for finding in findings {
        let time = finding["time"].as_str().ok_or("no time")?.parse()?;
        assert!((begun..=ended).contains(&time), "{finding}");
    }
    Ok(())
}

/// The wall clock.
fn now() -> Result<Timestamp, Failed> {
    let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
    Ok(Timestamp::of(i64::try_from(since_1970.as_nanos())?))
}
