//! The first rows of many by some order, in memory for no more than those.

use crate::sort::Rank;
use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// The first rows of many, in order: no more than so many are held at once.
#[derive(Debug)]
pub struct First<T> {
    most: usize,
    seen: u64,
    /// The last of those that are kept is on top.
    kept: BinaryHeap<Kept<T>>,
}

#[derive(Debug)]
struct Kept<T> {
    rank: Rank,
    /// Rows that are equal stay in the order in which they came.
    place: u64,
    row: T,
}

impl<T> Ord for Kept<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        let order = self.rank.compare(&other.rank);
        order.then(self.place.cmp(&other.place))
    }
}

impl<T> PartialOrd for Kept<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> PartialEq for Kept<T> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<T> Eq for Kept<T> {}

impl<T> First<T> {
    /// Of all rows that are to come, the first `most`.
    pub fn new(most: usize) -> Self {
        Self {
            most,
            seen: 0,
            kept: BinaryHeap::new(),
        }
    }

    /// One row more, which stands there; it is made where it is kept.
    pub fn push(&mut self, rank: Rank, row: impl FnOnce() -> T) {
        let place = self.seen;
        self.seen += 1;
        if self.kept.len() < self.most {
            let row = row();
            self.kept.push(Kept { rank, place, row });
        } else if let Some(mut last) = self.kept.peek_mut()
            && rank.compare(&last.rank).is_lt()
        {
            let row = row();
            *last = Kept { rank, place, row };
        }
    }

    /// How many of them are left out.
    pub fn left_out(&self) -> u64 {
        self.seen - self.kept.len() as u64
    }

    /// How many are kept.
    pub fn kept(&self) -> usize {
        self.kept.len()
    }

    /// Those that are kept, in order.
    pub fn into_rows(self) -> impl Iterator<Item = T> {
        self.kept.into_sorted_vec().into_iter().map(|kept| kept.row)
    }
}
