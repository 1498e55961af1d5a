//! Faults that strike some of the traffic and spare the rest, with plain sockets and
//! nobody watching, as in `paths.rs`; needs root.

mod common;
mod sockets;

use common::Tested;
use monitor_lab::ends::End::{Client, Server};
use monitor_lab::network::family::Family;
use monitor_lab::network::faults::Segments;
use monitor_lab::network::middlebox::Middlebox;
use sockets::network;
use sockets::pair::{
    LOST, SOON, deliver, eventually, hears_nothing, info, read_within, send, transfer,
    unacknowledged,
};
use std::process::ExitCode;
use std::time::Duration;

/// No full segment, in bytes.
const SMALL: u32 = 1_000;

/// No bare ACK is longer, in bytes.
const BARE: u32 = 100;

/// More than one full segment, in bytes.
const LARGE: usize = 5_000;

fn main() -> ExitCode {
    common::run(&[
        ("large_segments_vanish_and_small_ones_pass", large),
        ("bare_acks_vanish_and_payload_passes", bare_acks),
        ("one_place_never_passes_and_all_others_do", one_place),
        ("what_is_misnumbered_is_answered_and_refused", misnumbered),
        ("a_window_that_shrinks_is_believed", window),
        ("forgotten_connections_are_those_that_were_named", forgotten),
        ("denied_connections_are_reset", denied),
    ])
}

fn large() -> Tested {
    let (network, pair) = network(Family::V4, Middlebox::Router)?;
    network.loses(Client, Segments::LongerThan(SMALL))?;
    deliver(&pair.client, &pair.server, b"small")?;
    send(&pair.client, &[b'x'; LARGE])?;
    hears_nothing(&pair.server, LOST)?;
    deliver(&pair.server, &pair.client, b"heard")?;
    network.faults_end()?;
    assert!(!read_within(&pair.server, SOON)?.is_empty());
    Ok(())
}

fn bare_acks() -> Tested {
    let (network, pair) = network(Family::V4, Middlebox::Router)?;
    network.loses(Client, Segments::BareAcks)?;
    deliver(&pair.server, &pair.client, b"news")?;
    eventually("it is sent again and again", || {
        Ok(info(&pair.server)?.tcpi_total_retrans >= 3)
    })?;
    assert_eq!(unacknowledged(&pair.server)?, 4);
    // Payload takes the acknowledgment along.
    deliver(&pair.client, &pair.server, b"b")?;
    eventually("it is acknowledged", || {
        Ok(unacknowledged(&pair.server)? == 0)
    })
}

fn one_place() -> Tested {
    let (network, pair) = network(Family::V4, Middlebox::Router)?;
    network.loses(Client, Segments::OnePlaceLongerThan(SMALL))?;
    send(&pair.client, &[b'x'; LARGE])?;
    hears_nothing(&pair.server, LOST)?;
    let client = info(&pair.client)?;
    assert_eq!(client.tcpi_sacked + 1, client.tcpi_unacked);
    network.faults_end()?;
    assert!(!read_within(&pair.server, SOON)?.is_empty());
    transfer_rest(&pair)
}

/// All that was under way has come: the connection is as good as new.
fn transfer_rest(pair: &sockets::pair::Pair) -> Tested {
    eventually("all is acknowledged", || {
        Ok(unacknowledged(&pair.client)? == 0)
    })?;
    while read_within(&pair.server, Duration::from_millis(10)).is_ok() {}
    transfer(pair, LARGE)
}

fn misnumbered() -> Tested {
    let (network, pair) = network(Family::V4, Middlebox::Router)?;
    let heard = info(&pair.client)?.tcpi_segs_in;
    network.misnumbers(Client, BARE)?;
    send(&pair.client, &[b'x'; LARGE])?;
    hears_nothing(&pair.server, LOST)?;
    let client = info(&pair.client)?;
    assert!(client.tcpi_total_retrans >= 2);
    let answers = client.tcpi_segs_in - heard;
    assert!(answers >= client.tcpi_total_retrans, "{answers} answers");
    assert_eq!(client.tcpi_sacked, 0);
    let arrived = pair.at_server.sent_by_client();
    assert!(arrived.iter().any(|segment| segment.seq == 0));
    assert!(unacknowledged(&pair.client)? > 0);
    network.faults_end()?;
    transfer_rest(&pair)
}

fn window() -> Tested {
    let (network, pair) = network(Family::V4, Middlebox::Router)?;
    network.closes_window(Server)?;
    network.misnumbers(Client, SMALL)?;
    send(&pair.client, &[b'x'; LARGE])?;
    deliver(&pair.server, &pair.client, b"wait")?;
    hears_nothing(&pair.server, LOST)?;
    assert!(unacknowledged(&pair.client)? > 0);
    network.faults_end()?;
    transfer_rest(&pair)
}

fn forgotten() -> Tested {
    let (network, pair) = network(Family::V4, Middlebox::Router)?;
    let other = sockets::pair::Pair::connect(&network)?;
    network.forgets(&[pair.client.local_addr()?.port()])?;
    send(&pair.client, b"b")?;
    send(&pair.server, b"B")?;
    hears_nothing(&pair.server, LOST)?;
    hears_nothing(&pair.client, Duration::from_millis(1))?;
    other.exchange()
}

fn denied() -> Tested {
    let (network, pair) = network(Family::V4, Middlebox::Router)?;
    network.denies(&[pair.client.local_addr()?.port()])?;
    send(&pair.client, b"b")?;
    let told = read_within(&pair.client, SOON);
    assert!(told.is_err_and(|error| error.kind() == std::io::ErrorKind::ConnectionReset));
    hears_nothing(&pair.server, Duration::from_millis(1))?;
    let heard = pair.at_client.sent_by_server();
    assert!(heard.iter().any(|segment| segment.rst));
    Ok(())
}
