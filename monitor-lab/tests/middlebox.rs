//! The testbed's own control: the hosts and the middlebox between them behave as the
//! scenarios say, with nobody watching. It needs root; without it every test
//! is reported as ignored, and fails under CI=true.

mod common;

use common::{LAB, Tested};
use libtest_mimic::Failed;
use monitor_lab::app::Order;
use monitor_lab::applications::{Applications, Placement};
use monitor_lab::configuration::Service;
use monitor_lab::ends::End;
use monitor_lab::interrupt::Interrupt;
use monitor_lab::network::middlebox::{Middlebox, Unknown};
use monitor_lab::network::namespace::Namespace;
use monitor_lab::network::{Network, stale};
use monitor_lab::timeline::Timeline;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

/// How long the middleboxes of these tests remember a silent connection.
const REMEMBERS: u32 = 1;
/// A silence that such a middlebox has surely forgotten.
const SILENCE: Duration = Duration::from_millis(2500);
/// How long a delivery may take before it counts as lost; a delivery takes
/// well under a millisecond, and the first retransmission comes after 0.2 s.
const LOST: Duration = Duration::from_millis(1500);

fn main() -> ExitCode {
    common::run(&[
        ("a_nat_that_drops_loses_what_follows_a_silence", drops),
        ("a_nat_that_resets_breaks_what_follows_a_silence", resets),
        ("a_router_forgets_nothing", routes),
        ("keepalive_keeps_a_nat_awake", keeps_awake),
        ("a_nat_stands_for_the_client", translates),
        ("nothing_is_left_behind_even_by_a_panic", leaves_nothing),
        ("a_killed_labs_remains_are_removed", removes_stale),
    ])
}

fn nat(unknown: Unknown) -> Middlebox {
    Middlebox::Nat {
        forgets_after: REMEMBERS,
        unknown,
    }
}

/// Two hosts with `kind` between them, connected, after one exchange.
fn connected(kind: Middlebox) -> Result<(Network, Timeline, Applications), Failed> {
    let network = Network::build(&kind)?;
    let timeline = Timeline::new(Interrupt::default(), None);
    let mut applications = Applications::connect(
        Path::new(LAB),
        &network,
        Placement::Apart,
        Service::USUAL.port,
        None,
        &timeline,
    )?;
    applications.deliver(End::Client, 0, "a")?;
    applications.deliver(End::Server, 0, "A")?;
    Ok((network, timeline, applications))
}

fn pass(timeline: &Timeline, time: Duration) -> Tested {
    Ok(timeline.pass_until(Instant::now() + time)?)
}

fn drops() -> Tested {
    let (_network, timeline, mut applications) = connected(nat(Unknown::Drop))?;
    pass(&timeline, SILENCE)?;
    applications.order(End::Client, 0, &Order::Send("b".to_owned()))?;
    pass(&timeline, LOST)?;
    Ok(applications.received_no_more(End::Server)?)
}

fn resets() -> Tested {
    let (_network, timeline, mut applications) = connected(nat(Unknown::Reset))?;
    pass(&timeline, SILENCE)?;
    applications.order(End::Client, 0, &Order::Send("b".to_owned()))?;
    let why = applications.app(End::Client).await_broken(0)?;
    assert!(
        why.contains("reset"),
        "the client's connection ended with {why:?}"
    );
    Ok(applications.received_no_more(End::Server)?)
}

fn routes() -> Tested {
    let (_network, timeline, mut applications) = connected(Middlebox::Router)?;
    pass(&timeline, SILENCE)?;
    applications.deliver(End::Client, 0, "b")?;
    Ok(applications.deliver(End::Server, 0, "B")?)
}

fn keeps_awake() -> Tested {
    let forgets_after = 2;
    let (_network, timeline, mut applications) = connected(Middlebox::Nat {
        forgets_after,
        unknown: Unknown::Drop,
    })?;
    let keepalive = Order::Keepalive {
        idle: 1,
        interval: 1,
    };
    applications.order(End::Client, 0, &keepalive)?;
    pass(&timeline, Duration::from_millis(4500))?;
    applications.deliver(End::Client, 0, "b")?;
    Ok(applications.deliver(End::Server, 0, "B")?)
}

fn translates() -> Tested {
    let (network, _timeline, applications) = connected(nat(Unknown::Drop))?;
    let [(client, remote)] = applications.addresses.client[..] else {
        return Err("there is not one connection".into());
    };
    let [(server, seen)] = applications.addresses.server[..] else {
        return Err("there is not one connection".into());
    };
    assert_eq!(remote, server);
    assert_ne!(seen.ip(), client.ip(), "the server sees the client itself");
    for address in [client, server, seen] {
        assert!(
            network.block.contains(address.ip()),
            "{address} is not of this network"
        );
    }
    Ok(())
}

fn leaves_nothing() -> Tested {
    let other = Network::build(&Middlebox::Router)?;
    let mut files = Vec::new();
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let (network, _timeline, _applications) = connected(nat(Unknown::Drop))?;
        files = [&network.client, &network.middlebox, &network.server]
            .map(Namespace::path)
            .to_vec();
        assert!(files.iter().all(|file| file.exists()));
        if files.len() == 3 {
            std::panic::resume_unwind(Box::new("in the middle of a story"));
        }
        Ok::<_, Failed>(())
    }));
    assert!(panicked.is_err(), "the story did not panic");
    assert_eq!(files.len(), 3);
    for file in files {
        assert!(!file.exists(), "{} is left behind", file.display());
    }
    assert!(
        other.client.path().exists(),
        "another running network was removed"
    );
    Ok(())
}

fn removes_stale() -> Tested {
    let run = |command: &mut Command| {
        let mut child = command.spawn()?;
        let pid = child.id();
        let status = child.wait()?;
        assert!(status.success());
        Ok::<_, Failed>(pid)
    };
    let gone = run(&mut Command::new("true"))?;
    let name = format!("tcplull-{gone}-0-client");
    run(Command::new("ip").args(["netns", "add", &name]))?;
    let alive = Namespace::create(u32::MAX, "client")?;
    assert!(stale::remove().contains(&name), "{name} was not removed");
    assert!(!Path::new("/run/netns").join(&name).exists());
    assert!(
        alive.path().exists(),
        "a living lab's namespace was removed"
    );
    Ok(())
}
