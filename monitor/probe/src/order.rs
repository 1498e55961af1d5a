//! What is to be found out, what is to be done for that with one connection, and what became of it.

use crate::reading::Reading;
use std::time::Duration;

/// What is to be found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// The shortest silence that is tried.
    pub from: Duration,
    /// The longest.
    pub up_to: Duration,
    /// The most connections that are silent at once.
    pub at_once: usize,
    /// Whether the other side speaks first where it is told to.
    pub outside: bool,
    /// Whether it is tried if keepalive counts.
    pub keepalive: bool,
    /// How many routers are tried to find which one forgets; 0 for none.
    pub routers: u8,
}

/// What is to be done with one connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// Its number.
    pub number: u32,
    /// How long it is to be silent.
    pub gap: Duration,
    /// How.
    pub kind: Kind,
    /// Whether no other is silent meanwhile.
    pub alone: bool,
}

/// How a connection is silent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Wholly, and then this host speaks.
    Inside,
    /// Wholly, and then the other side speaks.
    Outside,
    /// Without payload, and with keepalive probes each so often; then this host speaks.
    Kept {
        /// In whole seconds, as the kernel has it.
        every: Duration,
    },
    /// The same, but the probes live for so many hops only.
    Near {
        /// As above.
        every: Duration,
        /// 1 for the nearest router.
        hops: u8,
    },
}

/// What became of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// What was to be done.
    pub order: Order,
    /// How long it was silent.
    pub lasted: Duration,
    /// What it comes to.
    pub reading: Reading,
    /// Whether the other side said what it saw.
    pub both_ends: bool,
}
