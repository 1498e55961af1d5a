//! Of all connections those that come first in an order, in memory that does not grow with their number.

use crate::event::{Batch, Counts, Wanted};
use crate::order::Order;
use monitor_model::listing::ConnectionRow;
use std::cmp::Ordering;
use std::collections::{BinaryHeap, HashSet};
use std::sync::Arc;

/// Takes rows one by one, and keeps the first.
#[derive(Debug)]
pub struct Keeper {
    wanted: Wanted,
    /// The last of those that are kept is on top.
    kept: BinaryHeap<Ranked>,
    counts: Counts,
    all: u64,
}

#[derive(Debug)]
struct Ranked {
    row: ConnectionRow,
    order: Order,
    told: Arc<HashSet<String>>,
}

impl Ord for Ranked {
    fn cmp(&self, other: &Self) -> Ordering {
        self.order.compare(&self.row, &other.row, &self.told)
    }
}

impl PartialOrd for Ranked {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Ranked {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Ranked {}

impl Keeper {
    /// Of what is wanted nothing yet.
    pub fn new(wanted: Wanted) -> Self {
        Self {
            wanted,
            kept: BinaryHeap::new(),
            counts: Counts::default(),
            all: 0,
        }
    }

    /// Takes a row.
    pub fn take(&mut self, row: ConnectionRow) {
        self.all += 1;
        self.wanted.followed.remove(&row.connection.id);
        if !self.wanted.filter.takes(&row) {
            return;
        }
        self.counts.add(row.silence);
        let ranked = Ranked {
            row,
            order: self.wanted.order,
            told: Arc::clone(&self.wanted.told),
        };
        if self.kept.len() < self.wanted.most {
            self.kept.push(ranked);
        } else if let Some(mut last) = self.kept.peek_mut()
            && ranked < *last
        {
            *last = ranked;
        }
    }

    /// What came together.
    pub fn batch(self) -> Batch {
        let rows = self.kept.into_sorted_vec();
        Batch {
            rows: rows.into_iter().map(|ranked| ranked.row).collect(),
            counts: self.counts,
            all: self.all,
            gone: self.wanted.followed,
        }
    }
}
