//! Where the tests' daemons live, and what their configurations say.

use super::net::{Pair, routed};
use super::run::TCPLULL;
use super::{eventually, is};
use libtest_mimic::Failed;
use monitor_lab::network::Network;
use monitor_lab::network::block::Block;
use monitor_lab::network::namespace::Namespace;
use monitor_lab::testbed::{Daemon, Place};
use serde_json::Value;
use std::io::Write;
use std::net::TcpListener;

/// Top-level settings under which silences of tenths of a second count. However long a sweep takes the next one comes as
/// soon: with the thousands of sockets that other tests have, one in a hundredth of a core would come seconds later.
pub const QUICK: &str = "sweep_interval = \"200ms\"\nsweep_budget = 1.0\nmin_gap = \"100ms\"\n";

/// One `[[path]]` for all ports.
pub fn path(name: &str, remote: &[&str], timeout: &str) -> String {
    format!("[[path]]\nname = \"{name}\"\nremote = {remote:?}\ntimeout = \"{timeout}\"\n")
}

/// [`QUICK`] and one path for both subnets of `block`.
pub fn watching(block: &Block, name: &str, timeout: &str) -> String {
    let [one, other] = block.prefixes();
    format!("{QUICK}{}", path(name, &[&one, &other], timeout))
}

/// A place on `block`'s own loopback address, with `settings` in the configuration file.
pub fn place_in(block: &Block, settings: &str) -> Result<Place, Failed> {
    Ok(Place::new(TCPLULL.as_ref(), block.loopback(), settings)?)
}

/// A network, and a daemon that watches it by one path, started with `arguments`.
pub fn watched_network(
    name: &str,
    timeout: &str,
    arguments: &[&str],
) -> Result<(Network, Daemon), Failed> {
    let network = routed()?;
    let place = place_in(&network.block, &watching(&network.block, name, timeout))?;
    let daemon = Daemon::start(&place, arguments)?;
    Ok((network, daemon))
}

/// Starts a daemon with `arguments` that is told of `host`'s connections alone: for tests that count or compare all that it
/// says. Any other daemon here is told of the connections of all tests, of which some die at any time.
pub fn alone_on(host: &Namespace, place: &Place, arguments: &[&str]) -> Result<Daemon, Failed> {
    let netns = host.path().display().to_string();
    let arguments = [arguments, &["--netns", &netns]].concat();
    Ok(Daemon::start(place, &arguments)?)
}

/// A daemon that pages for path "far" of `network` once trouble has lasted for `page_after`, and a connection whose path has
/// just died under what it sends.
pub fn hanging(network: &Network, page_after: &str) -> Result<(Place, Daemon, Pair), Failed> {
    let settings = format!(
        "page_after = \"{page_after}\"\n{}",
        watching(&network.block, "far", "60s")
    );
    let place = place_in(&network.block, &settings)?;
    let daemon = Daemon::start(&place, &[])?;
    let pair = Pair::across(network)?;
    network.path_dies()?;
    (&pair.client).write_all(b"lost")?;
    Ok((place, daemon, pair))
}

/// The pages that `daemon` has on path "far": what other tests do beside this one has none.
pub fn pages(daemon: &Daemon) -> Result<Vec<Value>, Failed> {
    let mut alerts: Vec<Value> = daemon.ask("alerts")?;
    alerts.retain(|alert| alert["severity"] == "page" && alert["path"] == "far");
    Ok(alerts)
}

/// So many connections to `listener` across a [`watched_network`] of one path "quiet",
/// whose ends the daemon has all found silent.
pub fn silent_pairs(
    network: &Network,
    daemon: &Daemon,
    listener: &TcpListener,
    count: u32,
) -> Result<Vec<Pair>, Failed> {
    let open = |_| Pair::open(&network.client, listener);
    let pairs = (0..count).map(open).collect::<Result<Vec<_>, _>>()?;
    pairs.iter().try_for_each(Pair::exchange)?;
    let silent = [("path", "quiet"), ("silence", "crossed")];
    eventually("both ends of all are silent", || {
        Ok(is(daemon.metric("connections", &silent)?, 2 * count))
    })?;
    Ok(pairs)
}
