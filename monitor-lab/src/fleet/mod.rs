//! A fleet of nodes as Prometheus and Alertmanager see it, both Debian's own: what the rules cost over so many, and what a
//! mass event comes to. `cargo xtask fleet` runs it, and docs/fleet.md has what was seen.
//!
//! What is measured is the CPU time and the memory that the servers say they use: a machine that has other work changes
//! neither much, and makes every other time a guess.

mod event;
mod node;
mod notified;
mod numbers;
mod rules;

pub use event::{Came, Event, Way};
pub use rules::{Cost, Rules};

/// The most memory that a server may take before the measurement is stopped, in bytes.
pub const MOST_MEMORY: u64 = 6 << 30;

/// The job that the nodes are scraped as, as the rules have it.
const JOB: &str = "tcplull";

/// What a node is called: the address that it is scraped at.
fn instance(node: u32) -> String {
    format!("node-{node:05}:9469")
}
