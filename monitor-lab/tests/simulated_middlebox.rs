//! Each kind of middlebox does to a connection what the scenarios say it does, with
//! plain sockets at both ends and nobody watching. It needs root; without it
//! every test is reported as ignored, and fails under CI=true.

mod common;
mod sockets;

use common::Tested;
use libtest_mimic::Failed;
use monitor_lab::network::family::Family;
use monitor_lab::network::middlebox::Middlebox;
use monitor_lab::simulated_middlebox::{Clock, Expiry, Forged};
use nix::sys::signal::{Signal, kill};
use nix::sys::socket::setsockopt;
use nix::sys::socket::sockopt::{KeepAlive, TcpKeepIdle, TcpKeepInterval};
use nix::unistd::Pid;
use sockets::network;
use sockets::pair::{
    LOST, Pair, SOON, deliver, eventually, hears_nothing, info, read_within, send, transfer,
    unacknowledged,
};
use std::io::ErrorKind;
use std::net::Shutdown;
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

/// After so many seconds of silence the middleboxes of these tests forget a connection.
const EXPIRES: u64 = 1;
/// A silence that they have surely forgotten.
const SILENCE: Duration = Duration::from_millis(2000);

fn main() -> ExitCode {
    common::run(&[
        ("resets_come_to_both_ends_in_the_silence", resets),
        (
            "fins_come_to_both_ends_and_the_box_plays_the_closed_end",
            finishes,
        ),
        ("keepalive_fools_the_packet_clock", packet_clock),
        ("keepalive_does_not_fool_the_payload_clock", payload_clock),
        ("what_expired_is_dropped_both_ways", drops),
        ("a_connection_comes_back_some_seconds_later", comes_back),
        ("forged_acks_come_without_timestamps_and_then_a_fin", forges),
        ("forged_acks_carry_a_frozen_timestamp", forges_frozen),
        ("acks_are_forged_over_ipv6", forges_over_ipv6),
        (
            "a_held_clock_stands_still_over_the_gap_and_then_goes_on",
            holds_clock,
        ),
        ("bulk_passes_a_box", bulk),
        ("when_the_box_dies_packets_pass", box_dies),
    ])
}

/// Another word each way, and when that began: what a silence brings comes no sooner than it lasts, from then on.
fn begin(pair: &Pair) -> Result<Instant, Failed> {
    let start = Instant::now();
    pair.exchange()?;
    Ok(start)
}

/// How much later it may be is the busy machine's matter: [`SOON`] bounds it.
fn not_before(start: Instant, seconds: u64) {
    let after = start.elapsed();
    assert!(after >= Duration::from_secs(seconds), "after {after:?}");
}

fn program(expiry: Expiry) -> Middlebox {
    Middlebox::simulated(Duration::from_secs(EXPIRES), Clock::Packets, expiry)
}

fn resets() -> Tested {
    let (_network, pair) = network(Family::V4, program(Expiry::ResetsBoth))?;
    let start = begin(&pair)?;
    for end in [&pair.client, &pair.server] {
        let error = read_within(end, SOON).expect_err("a reset is an error");
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    }
    not_before(start, EXPIRES);
    Ok(())
}

fn finishes() -> Tested {
    let (_network, pair) = network(Family::V4, program(Expiry::FinishesBoth))?;
    let start = begin(&pair)?;
    for end in [&pair.client, &pair.server] {
        assert_eq!(read_within(end, SOON)?, b"");
    }
    not_before(start, EXPIRES);
    // The client goes on as if nothing were wrong, and meets a RST; the server closes in peace.
    send(&pair.client, b"b")?;
    pair.server.shutdown(Shutdown::Write)?;
    eventually("the client's connection is gone", || {
        Ok(info(&pair.client)?.tcpi_state == CLOSED)
    })?;
    eventually("the server's is gone as well", || {
        Ok(info(&pair.server)?.tcpi_state == CLOSED)
    })?;
    let rst = |segment: &monitor_lab::simulated_middlebox::packet::Segment| segment.rst;
    assert!(pair.at_client.sent_by_server().iter().any(rst));
    assert!(!pair.at_server.sent_by_client().iter().any(rst));
    Ok(())
}

fn keepalive(pair: &Pair) -> Tested {
    setsockopt(&pair.client, TcpKeepIdle, &1)?;
    setsockopt(&pair.client, TcpKeepInterval, &1)?;
    Ok(setsockopt(&pair.client, KeepAlive, &true)?)
}

fn clocked(clock: Clock) -> Middlebox {
    Middlebox::simulated(Duration::from_secs(2), clock, Expiry::FinishesBoth)
}

fn packet_clock() -> Tested {
    let (_network, pair) = network(Family::V4, clocked(Clock::Packets))?;
    keepalive(&pair)?;
    hears_nothing(&pair.client, Duration::from_millis(4500))?;
    pair.exchange()
}

fn payload_clock() -> Tested {
    let (_network, pair) = network(Family::V4, clocked(Clock::Payload))?;
    keepalive(&pair)?;
    let start = begin(&pair)?;
    for end in [&pair.client, &pair.server] {
        assert_eq!(read_within(end, SOON)?, b"");
    }
    not_before(start, 2);
    Ok(())
}

fn drops() -> Tested {
    let (_network, pair) = network(Family::V4, program(Expiry::Drops))?;
    thread::sleep(SILENCE);
    send(&pair.client, b"b")?;
    send(&pair.server, b"B")?;
    hears_nothing(&pair.server, LOST)?;
    hears_nothing(&pair.client, Duration::from_millis(1))?;
    assert_eq!(unacknowledged(&pair.client)?, 1);
    Ok(())
}

fn comes_back() -> Tested {
    let (_network, pair) = network(Family::V4, program(Expiry::DropsFor(2)))?;
    thread::sleep(SILENCE);
    let start = Instant::now();
    deliver(&pair.client, &pair.server, b"b")?;
    // By a retransmission, which come after 0.2, 0.4, 0.8, 1.7 and 3.4 s.
    not_before(start, 2);
    pair.exchange()
}

fn forger(timestamps: Forged, fin_after: Option<u32>) -> Middlebox {
    program(Expiry::Forges {
        timestamps,
        fin_after,
    })
}

fn forges() -> Tested {
    let (_network, pair) = network(Family::V4, forger(Forged::Missing, Some(2)))?;
    thread::sleep(SILENCE);
    let before = pair.at_client.sent_by_server().len();
    let start = Instant::now();
    for word in [b"b", b"c"] {
        send(&pair.client, word)?;
        await_acknowledged(&pair)?;
    }
    assert_eq!(read_within(&pair.client, SOON)?, b"");
    not_before(start, 2);
    let mut forged = pair.at_client.sent_by_server().split_off(before);
    // On a busy machine the box may come so late that a word is sent again, and acknowledged again.
    forged.dedup_by_key(|segment| (segment.ack, segment.fin));
    assert_eq!(forged.len(), 3, "two ACKs and a FIN: {forged:?}");
    assert!(forged.iter().all(|segment| segment.timestamps.is_none()));
    // The alarm button: the client closes, is acknowledged, and its kernel is content.
    pair.client.shutdown(Shutdown::Write)?;
    eventually("the client's connection is closed in peace", || {
        Ok(info(&pair.client)?.tcpi_state == CLOSED)
    })?;
    hears_nothing(&pair.server, Duration::from_millis(1))?;
    Ok(())
}

fn forges_frozen() -> Tested {
    let (_network, pair) = network(Family::V4, forger(Forged::Frozen, None))?;
    thread::sleep(SILENCE);
    let before = pair.at_client.sent_by_server();
    send(&pair.client, b"b")?;
    await_acknowledged(&pair)?;
    let seen = pair.at_client.sent_by_server();
    let last = before
        .last()
        .map(|segment| segment.timestamps.map(|both| both.value));
    let forged = seen[before.len()..].iter();
    let mut forged = forged.map(|segment| segment.timestamps.map(|both| both.value));
    assert_eq!(forged.next_back(), last);
    // There is no FIN.
    hears_nothing(&pair.client, LOST)?;
    hears_nothing(&pair.server, Duration::from_millis(1))?;
    Ok(())
}

fn forges_over_ipv6() -> Tested {
    let (_network, pair) = network(Family::V6, forger(Forged::Missing, Some(1)))?;
    thread::sleep(SILENCE);
    send(&pair.client, b"b")?;
    await_acknowledged(&pair)?;
    assert_eq!(read_within(&pair.client, SOON)?, b"");
    hears_nothing(&pair.server, Duration::from_millis(1))?;
    Ok(())
}

fn holds_clock() -> Tested {
    let (_network, pair) = network(Family::V4, program(Expiry::HoldsClock))?;
    let clocks = || {
        let seen = pair.at_client.sent_by_server().into_iter();
        let clocks = seen.filter_map(|segment| Some(segment.timestamps?.value));
        clocks.collect::<Vec<_>>()
    };
    let before = clocks();
    thread::sleep(SILENCE);
    let first = Instant::now();
    pair.exchange()?;
    let said = Instant::now();
    let after = clocks();
    assert_eq!(
        before.last(),
        after.get(before.len()),
        "the clock has moved over the gap: {after:?}"
    );
    thread::sleep(Duration::from_millis(500));
    let (least, then_on) = (said.elapsed(), first);
    pair.exchange()?;
    let most = then_on.elapsed();
    let later = clocks();
    let (Some(then), Some(now)) = (after.last(), later.last()) else {
        return Err("nothing was captured".into());
    };
    let went = now.wrapping_sub(*then);
    // It counts milliseconds, and either stamp is rounded.
    assert!(
        u128::from(went) + 2 >= least.as_millis() && u128::from(went) <= most.as_millis() + 2,
        "the clock went {went} ms in {least:?} to {most:?}"
    );
    // The server is echoed its own clock: its round trips stay short. One of two seconds would make the mean 250 ms at least.
    assert!(info(&pair.server)?.tcpi_rtt < 200_000);
    Ok(())
}

fn bulk() -> Tested {
    let (_network, pair) = network(Family::V4, program(Expiry::Drops))?;
    // How fast is the machine's matter; a read that waits for long ends it.
    transfer(&pair, 20_000_000)
}

fn box_dies() -> Tested {
    let (network, pair) = network(Family::V4, program(Expiry::Drops))?;
    let pid = network.program().and_then(|pid| i32::try_from(pid).ok());
    let pid = pid.ok_or("there is no program")?;
    kill(Pid::from_raw(pid), Signal::SIGKILL)?;
    thread::sleep(SILENCE);
    pair.exchange()
}

/// TCP_CLOSE of the kernel's states.
const CLOSED: u8 = 7;

fn await_acknowledged(pair: &Pair) -> Tested {
    eventually("all is acknowledged", || {
        Ok(unacknowledged(&pair.client)? == 0)
    })
}
