//! What the testbed does with the kernel's own means: NATs of both families, bad
//! lines, paths and hosts that die, control groups. With plain sockets and nobody
//! watching, as in `simulated_middlebox.rs`; needs root.

mod common;
mod sockets;

use common::Tested;
use monitor_lab::ends::End;
use monitor_lab::network::cgroup::Cgroup;
use monitor_lab::network::family::Family;
use monitor_lab::network::middlebox::{Middlebox, Unknown};
use monitor_lab::network::stale;
use monitor_lab::simulated_middlebox::{Clock, Expiry};
use sockets::network;
use sockets::pair::{
    LOST, SOON, eventually, hears_nothing, info, read_within, send, transfer, unacknowledged,
};
use std::process::{Command, ExitCode};
use std::thread;
use std::time::Duration;

/// After so many seconds of silence the NATs of these tests forget a connection.
const FORGETS: u32 = 1;
/// A silence that they have surely forgotten.
const SILENCE: Duration = Duration::from_millis(2000);

fn main() -> ExitCode {
    common::run(&[
        ("a_nat_tells_nobody_whichever_end_speaks_first", deaf),
        (
            "unreachable_takes_the_backoff_back_in_both_families",
            unreachable,
        ),
        ("a_nat_works_over_ipv6", nat_over_ipv6),
        ("a_lossy_line_loses_and_reorders_and_delivers_all", lossy),
        ("a_path_dies_and_comes_back", path_dies),
        ("a_dead_host_answers_nothing", host_dies),
        ("a_process_is_held_in_a_group_of_its_own", group),
        ("a_killed_labs_groups_are_removed", stale_group),
        ("a_bad_path_loses_much_and_everything_moves", path_gets_bad),
    ])
}

fn nat(unknown: Unknown) -> Middlebox {
    Middlebox::Nat {
        forgets_after: FORGETS,
        unknown,
    }
}

fn deaf() -> Tested {
    let (_network, pair) = network(Family::V4, nat(Unknown::Drop))?;
    thread::sleep(SILENCE);
    // It is addressed to the NAT itself.
    send(&pair.server, b"B")?;
    hears_nothing(&pair.server, LOST)?;
    hears_nothing(&pair.client, Duration::from_millis(1))?;
    assert_eq!(unacknowledged(&pair.server)?, 1);
    Ok(())
}

fn unreachable() -> Tested {
    for family in [Family::V4, Family::V6] {
        let (_network, pair) = network(family, nat(Unknown::Unreachable))?;
        thread::sleep(SILENCE);
        send(&pair.client, b"b")?;
        // Doubling from 0.2 s, seven would take 25 s.
        eventually("seven retransmissions are out", || {
            Ok(info(&pair.client)?.tcpi_total_retrans >= 7)
        })?;
        let backoff = info(&pair.client)?.tcpi_backoff;
        assert!(backoff <= 1, "{family:?}: backoff {backoff}");
        hears_nothing(&pair.server, Duration::from_millis(1))?;
    }
    Ok(())
}

fn nat_over_ipv6() -> Tested {
    let (network, pair) = network(Family::V6, nat(Unknown::Drop))?;
    let seen = pair.server.peer_addr()?;
    let own = pair.client.local_addr()?;
    assert!(network.block.contains(seen.ip()) && network.block.contains(own.ip()));
    assert_ne!(seen.ip(), own.ip(), "the server sees the client itself");
    thread::sleep(SILENCE);
    send(&pair.client, b"b")?;
    hears_nothing(&pair.server, LOST)?;
    Ok(())
}

fn lossy() -> Tested {
    let line = Middlebox::Lossy {
        percent: 5,
        reorders_percent: 10,
    };
    let (_network, pair) = network(Family::V4, line)?;
    transfer(&pair, 2_000_000)?;
    assert!(
        info(&pair.client)?.tcpi_total_retrans > 0,
        "nothing was lost"
    );
    let arrived = pair.at_server.sent_by_client();
    let overtaken = arrived
        .windows(2)
        .filter(|two| two[0].payload > 0 && two[1].end().wrapping_sub(two[0].seq) > 1 << 31)
        .count();
    assert!(overtaken > 10, "{overtaken} packets came late");
    Ok(())
}

fn path_dies() -> Tested {
    let program = Middlebox::simulated(SOON, Clock::Packets, Expiry::Drops);
    for kind in [Middlebox::Router, program] {
        let (network, pair) = network(Family::V4, kind)?;
        network.path_dies()?;
        send(&pair.client, b"b")?;
        hears_nothing(&pair.server, LOST)?;
        network.path_comes_back()?;
        assert_eq!(read_within(&pair.server, SOON)?, b"b");
        pair.exchange()?;
    }
    Ok(())
}

fn host_dies() -> Tested {
    let (network, pair) = network(Family::V4, Middlebox::Router)?;
    network.host_dies(End::Server)?;
    let before = pair.at_client.sent_by_server().len();
    send(&pair.client, b"b")?;
    hears_nothing(&pair.client, LOST)?;
    assert_eq!(pair.at_client.sent_by_server().len(), before);
    assert_eq!(unacknowledged(&pair.client)?, 1);
    Ok(())
}

fn group() -> Tested {
    let group = Cgroup::create()?;
    let mut command = Command::new("cat");
    command.arg("/proc/self/cgroup");
    group.hold(&mut command)?;
    let output = command.output()?;
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let path = group.path();
    assert!(
        printed.lines().any(|line| line == format!("0::{path}")),
        "{printed}"
    );
    drop(group);
    let again = Cgroup::create()?;
    assert_ne!(again.path(), path, "two groups share a name");
    assert!(
        !again
            .directory()
            .with_file_name(path.trim_matches('/'))
            .exists()
    );
    Ok(())
}

fn stale_group() -> Tested {
    let mut gone = Command::new("true").spawn()?;
    gone.wait()?;
    let alive = Cgroup::create()?;
    let name = format!("tcplull-lab-{}-0", gone.id());
    let left = alive.directory().with_file_name(&name);
    std::fs::create_dir(&left)?;
    assert!(stale::remove().contains(&name), "{name} was not removed");
    assert!(!left.exists());
    assert!(
        alive.directory().exists(),
        "a living lab's group was removed"
    );
    Ok(())
}

fn path_gets_bad() -> Tested {
    let (network, pair) = network(Family::V4, Middlebox::Router)?;
    network.path_gets_bad()?;
    transfer(&pair, 1_000_000)?;
    let lost = info(&pair.client)?.tcpi_total_retrans;
    assert!(lost > 50, "only {lost} packets were sent again");
    network.path_gets_good()?;
    transfer(&pair, 1_000_000)
}
