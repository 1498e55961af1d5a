//! Plain connections between the testbed's hosts, and what passes of them.

pub mod capture;
pub mod pair;

use crate::common::LAB;
use libtest_mimic::Failed;
use monitor_lab::network::Network;
use monitor_lab::network::family::Family;
use monitor_lab::network::middlebox::Middlebox;
use pair::Pair;
use std::path::Path;

/// Two hosts with `kind` between them, and a connection over which a word has passed.
pub fn network(family: Family, kind: Middlebox) -> Result<(Network, Pair), Failed> {
    let network = Network::build_with(Path::new(LAB), family, &kind)?;
    let pair = Pair::connect(&network)?;
    Ok((network, pair))
}
