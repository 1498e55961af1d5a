//! A day's comings and goings pressed into minutes. Not among the tests of every day: it runs for as many seconds as the
//! variable `TCPLULL_SLOW` says, and is not there without it.

use crate::common::net::{Pair, at, listen};
use crate::common::place::watched_network;
use crate::common::{SLOW, Test, Tested};
use libtest_mimic::Failed;
use monitor_lab::network::Network;
use monitor_lab::testbed::Daemon;
use nix::sys::signal::Signal;
use nix::sys::socket::setsockopt;
use nix::sys::socket::sockopt::Linger;
use serde_json::Value;
use std::env;
use std::io::Read;
use std::net::{Shutdown, TcpListener};
use std::time::{Duration, Instant};

pub const TESTS: &[Test] = &[Test::slow(
    "a_days_churn_grows_memory_within_its_bound",
    churn,
)];

/// Ports that are served: remote addresses and ports change with them.
const PORTS: u16 = 24;

/// Connections that fall silent in a round, and those that are short.
const SILENT: usize = 24;
const SHORT: usize = 400;

/// What the daemon may grow from the middle to the end, in KiB: less than a KiB for each hundred connections.
const GROWTH_KIB: f64 = 4_096.0;

fn churn() -> Tested {
    let seconds: u64 = env::var(SLOW)?.parse()?;
    let (network, daemon) = watched_network("quiet", "600ms", &[])?;
    let server = |port| listen(&network.server, at(network.server_address(), 7_000 + port));
    let listeners = (0..PORTS).map(server).collect::<Result<Vec<_>, _>>()?;
    let begun = Instant::now();
    let mut samples = Vec::new();
    let mut connections = 0;
    for round in 0.. {
        if begun.elapsed() > Duration::from_secs(seconds) {
            break;
        }
        connections += live(&network, &listeners, round)?;
        if round % 10 == 0 {
            daemon.signal(Signal::SIGHUP)?;
        }
        let _: Vec<Value> = daemon.ask("ls")?;
        let _: Vec<Value> = daemon.ask("alerts")?;
        samples.push((begun.elapsed().as_secs_f64(), memory(&daemon)?));
    }
    let later = &samples[samples.len() / 2..];
    let slope = slope(later);
    let (first, last) = (later[0], later[later.len() - 1]);
    let findings: f64 = ["crossed_total", "outcomes_total"]
        .iter()
        .map(|name| daemon.metric(name, &[("path", "quiet")]))
        .sum::<Result<f64, _>>()?;
    println!(
        "{connections} connections in {:.0} s, {findings} findings; resident memory {} KiB at first, {} KiB in the middle, \
         {} KiB at last, {:.2} KiB a minute in the second half",
        begun.elapsed().as_secs_f64(),
        samples[0].1,
        first.1,
        last.1,
        slope * 60.0
    );
    let grown = slope * (last.0 - first.0);
    assert!(grown < GROWTH_KIB, "grown by {grown:.0} KiB");
    assert_eq!(daemon.stop()?, Some(0));
    Ok(())
}

/// One round of lives; answers how many.
fn live(network: &Network, listeners: &[TcpListener], round: usize) -> Result<usize, Failed> {
    let listener = |number: usize| &listeners[(round + number) % listeners.len()];
    let open = |number| Pair::open(&network.client, listener(number));
    let silent = (0..SILENT).map(open).collect::<Result<Vec<_>, _>>()?;
    for pair in &silent {
        pair.exchange()?;
    }
    let fell_silent = Instant::now();
    for number in 0..SHORT {
        let pair = open(number)?;
        pair.exchange()?;
    }
    std::thread::sleep(Duration::from_millis(1_000).saturating_sub(fell_silent.elapsed()));
    for (number, pair) in silent.into_iter().enumerate() {
        match number % 4 {
            // It is answered.
            0 => pair.exchange()?,
            // It is reset.
            1 => setsockopt(
                &pair.server,
                Linger,
                &libc::linger {
                    l_onoff: 1,
                    l_linger: 0,
                },
            )?,
            // It is closed from one end, and stays so for a while.
            2 => {
                pair.client.shutdown(Shutdown::Write)?;
                (&pair.server).read_exact(&mut [])?;
            }
            // It goes without a word.
            _ => {}
        }
    }
    Ok(SILENT + SHORT)
}

fn memory(daemon: &Daemon) -> Result<f64, Failed> {
    Ok(daemon.memory_kib("VmRSS")? as f64)
}

/// By how much the second grows with the first (least squares).
fn slope(samples: &[(f64, f64)]) -> f64 {
    let count = samples.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| samples.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(|sample| sample.0), mean(|sample| sample.1));
    let products = samples.iter().map(|(at, value)| (at - x) * (value - y));
    let squares = samples.iter().map(|(at, _)| (at - x) * (at - x));
    products.sum::<f64>() / squares.sum::<f64>()
}
