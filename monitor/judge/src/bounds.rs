//! How much the judge holds at most, and how much it holds.

use crate::thresholds;
use serde::{Deserialize, Serialize};

/// Bounds of the judge, and the one thing it must know of the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Length of a jiffy in ns.
    pub jiffy_ns: u64,
    /// Connections tracked at once. A quarter of them is kept free of those
    /// that are merely silent.
    pub max_connections: usize,
    /// Remote prefixes whose longest survived and shortest failed gap are kept.
    pub max_contrasts: usize,
    /// Connections watched for a stall at once.
    pub max_stalls: usize,
    /// Connections whose habit is known at once; and as many whose longest answer is.
    pub max_habits: usize,
    /// Workloads whose habit is known at once.
    pub max_workloads: usize,
    /// Connections of one owner in CLOSE_WAIT from which on they are a ticket.
    #[serde(default = "Limits::usual", skip_serializing_if = "Limits::is_usual")]
    pub close_wait_ticket: u64,
    /// Whether the judge is told of a part of the host's connections only: then findings say so of siblings.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub scoped: bool,
}

impl Limits {
    /// Connections of one owner in CLOSE_WAIT from which on they are a ticket, where nobody says another number.
    pub const CLOSE_WAIT_TICKET: u64 = thresholds::CLOSE_WAIT_TICKET;

    fn usual() -> u64 {
        Self::CLOSE_WAIT_TICKET
    }

    fn is_usual(ticket: &u64) -> bool {
        *ticket == Self::CLOSE_WAIT_TICKET
    }

    /// The default bounds: 65,536 connections and 4,096 prefixes; 7,168 stalls,
    /// and the habits of 14,336 connections and 3,584 workloads.
    pub const fn new(jiffy_ns: u64) -> Self {
        Self {
            jiffy_ns,
            max_connections: thresholds::MAX_CONNECTIONS,
            max_contrasts: thresholds::MAX_CONTRASTS,
            max_stalls: thresholds::MAX_STALLS,
            max_habits: thresholds::MAX_HABITS,
            max_workloads: thresholds::MAX_WORKLOADS,
            close_wait_ticket: thresholds::CLOSE_WAIT_TICKET,
            scoped: false,
        }
    }

    /// Places in the table of connections: all for one whose silence ended, fewer
    /// for one that is merely silent.
    pub(super) fn places(&self, gap: bool) -> usize {
        let all = self.max_connections;
        if gap {
            all
        } else {
            all - all / thresholds::RESERVED_SHARE
        }
    }
}

/// The judge's own numbers. Those named `..._total` only grow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JudgeStats {
    /// Connections tracked now.
    pub tracked: usize,
    /// Remote prefixes with a known gap now.
    pub contrasts: usize,
    /// Connections on which something waits now.
    pub stalls: usize,
    /// Connections and workloads whose habit is known now.
    pub habits: usize,
    /// Facts about connections that found no place in the table.
    pub table_full_total: u64,
    /// Connections known as siblings of others now.
    pub siblings: usize,
    /// Connections that were not noted as siblings because that table was full.
    pub siblings_full_total: u64,
    /// Connections that ended badly, and whose owner is not known to move again yet.
    pub ended: usize,
    /// Connections in trouble, or ended badly, that were not noted because that table was full.
    pub ended_full_total: u64,
    /// Paths with a prefix of whose timeout something is learned now.
    pub learned: usize,
    /// Silences of which nothing was learned, or that were forgotten, because of a bound.
    pub learned_dropped_total: u64,
    /// Looks at silences that were not told to be at risk of what was learned, because too many others were.
    pub warnings_full_total: u64,
    /// Gaps that were not noted for contrast because that table was full.
    pub contrasts_full_total: u64,
    /// Looks at connections on which something waits that found no place in
    /// their table.
    pub stalls_full_total: u64,
    /// Looks and exchanges that were not noted for a habit because a table was
    /// full.
    pub habits_full_total: u64,
    /// Connections forgotten with something open, because no word came.
    pub expired_total: u64,
    /// Facts of a kind that this build does not know.
    pub unknown_kind_total: u64,
    /// Facts that name a path that the judge was never told of; they are judged
    /// as if no path applied.
    pub unknown_path_total: u64,
    /// Facts without a socket cookie: they cannot be told apart.
    pub no_cookie_total: u64,
}
