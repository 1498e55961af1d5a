//! The batch of rows that one sweep finds: each connection once, and within bounds.

use super::seen::Seen;
use monitor_common::{Fact, flags};

/// Batch of one sweep, at most; each is a [`Fact`] of some 350 bytes.
pub(super) const MAX_ROWS: usize = 65_536;

/// Samples among them, at most. They are a share as it is: only where many connections were opened
/// since the sweep before are there more, and what they show can be learnt from the next ones.
const MAX_SAMPLES: usize = 2_048;

/// Connections among them that are shown only because their peers have closed and their applications have not, at most:
/// an owner that forgets them has any number.
const MAX_LEFT: usize = 4_096;

/// What takes the rows of a sweep.
pub(crate) trait Collect {
    /// Takes a row. A socket that two processes hold comes twice, and again in the pass over one namespace's table: the
    /// first counts.
    fn take(&mut self, row: &Fact);

    /// Connections that were found so far, samples apart.
    fn found(&self) -> u64;
}

/// Hands each connection on, once, as it is found: nothing is kept but which they are.
pub(crate) struct Each<F> {
    seen: Seen,
    each: F,
}

impl<F: FnMut(&Fact)> Each<F> {
    pub(crate) fn new(each: F) -> Self {
        Self {
            seen: Seen::default(),
            each,
        }
    }
}

impl<F: FnMut(&Fact)> Collect for Each<F> {
    fn take(&mut self, row: &Fact) {
        if self.seen.insert(row.socket.cookie) {
            (self.each)(row);
        }
    }

    fn found(&self) -> u64 {
        self.seen.count()
    }
}

/// The rows that a sweep has written out so far.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    kept: Vec<Fact>,
    /// Those of connections that are at risk only because the next sweep is far: the first to go.
    soon: Vec<Fact>,
    seen: Seen,
    samples: usize,
    left: usize,
    /// Connections beyond [`MAX_ROWS`].
    pub(crate) dropped: u64,
    /// Samples beyond [`MAX_SAMPLES`], and those that are left beyond [`MAX_LEFT`].
    pub(crate) samples_dropped: u64,
}

impl Collect for Batch {
    fn take(&mut self, row: &Fact) {
        if !self.seen.insert(row.socket.cookie) {
            return;
        }
        if row.has(flags::SAMPLED | flags::CLOSE_WAIT) {
            if self.left >= MAX_LEFT {
                self.samples_dropped += 1;
                return;
            }
            self.left += 1;
        } else if row.has(flags::SAMPLED) {
            if self.samples >= MAX_SAMPLES {
                self.samples_dropped += 1;
                return;
            }
            self.samples += 1;
        }
        let soon = row.has(flags::SOON);
        if self.kept.len() + self.soon.len() >= MAX_ROWS {
            self.dropped += 1;
            if soon || self.soon.pop().is_none() {
                return;
            }
        }
        let rows = if soon { &mut self.soon } else { &mut self.kept };
        rows.push(*row);
    }

    fn found(&self) -> u64 {
        (self.kept.len() + self.soon.len() - self.samples - self.left) as u64 + self.dropped
    }
}

impl Batch {
    /// The rows that were kept, the most urgent first.
    pub(crate) fn into_kept(mut self) -> Vec<Fact> {
        self.kept.append(&mut self.soon);
        self.kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pod::read_records;

    fn row(cookie: u64, flags: u32) -> Fact {
        let mut row: Fact = read_records(&[0; size_of::<Fact>()]).next().unwrap();
        row.socket.cookie = cookie;
        row.flags = flags;
        row
    }

    #[test]
    fn each_connection_is_handed_on_once_however_many_there_are() {
        let mut handed = Vec::new();
        let mut each = Each::new(|row: &Fact| handed.push(row.socket.cookie));
        let all = MAX_ROWS as u64 + 2;
        for cookie in (0..all).chain([1, 2, 1]) {
            each.take(&row(cookie, 0));
        }
        assert_eq!(each.found(), all);
        assert!(handed.into_iter().eq(0..all));
    }

    #[test]
    fn samples_beyond_their_bound_are_counted_and_leave_room_for_what_matters() {
        let mut batch = Batch::default();
        for cookie in 0..MAX_SAMPLES as u64 + 7 {
            batch.take(&row(cookie, flags::SAMPLED));
        }
        batch.take(&row(1 << 40, 0));
        assert_eq!(batch.samples_dropped, 7);
        assert_eq!(batch.dropped, 0);
        let kept = batch.into_kept();
        assert_eq!(kept.len(), MAX_SAMPLES + 1);
        assert_eq!(kept.last().map(|row| row.socket.cookie), Some(1 << 40));
    }

    #[test]
    fn those_that_their_applications_leave_open_take_nobodys_place() {
        let mut batch = Batch::default();
        for cookie in 0..MAX_LEFT as u64 + 5 {
            batch.take(&row(cookie, flags::SAMPLED | flags::CLOSE_WAIT));
        }
        // Stalled, too.
        batch.take(&row(1 << 40, flags::CLOSE_WAIT));
        batch.take(&row(1 << 41, flags::SAMPLED));
        assert_eq!((batch.dropped, batch.samples_dropped), (0, 5));
        assert_eq!(batch.found(), 1);
        assert_eq!(batch.into_kept().len(), MAX_LEFT + 2);
    }

    #[test]
    fn what_comes_twice_counts_once() {
        let mut batch = Batch::default();
        for cookie in [1, 2, 1] {
            batch.take(&row(cookie, 0));
        }
        for _ in 0..3 {
            batch.take(&row(3, flags::SAMPLED));
        }
        assert_eq!((batch.dropped, batch.samples_dropped), (0, 0));
        assert_eq!(batch.found(), 2);
        assert_eq!(batch.into_kept().len(), 3);
    }

    #[test]
    fn what_is_only_soon_at_risk_gives_way_and_is_judged_last() {
        let mut batch = Batch::default();
        batch.take(&row(1 << 40, flags::SOON));
        batch.take(&row(1 << 41, 0));
        let order = |batch: Batch| -> Vec<u64> {
            let kept = batch.into_kept();
            kept.iter().map(|row| row.socket.cookie).collect()
        };
        assert_eq!(order(batch), [1 << 41, 1 << 40]);

        let mut batch = Batch::default();
        for cookie in 0..MAX_ROWS as u64 {
            batch.take(&row(cookie, flags::SOON));
        }
        for cookie in 1..=3 {
            batch.take(&row(cookie << 40, 0));
        }
        batch.take(&row(9 << 40, flags::SOON));
        assert_eq!(batch.dropped, 4);
        assert_eq!(batch.found(), MAX_ROWS as u64 + 4);
        let kept = order(batch);
        assert_eq!(kept.len(), MAX_ROWS);
        assert_eq!(kept[..4], [1 << 40, 2 << 40, 3 << 40, 0]);
    }

    #[test]
    fn rows_beyond_their_bound_are_counted() {
        let mut batch = Batch::default();
        for cookie in 0..MAX_ROWS as u64 + 2 {
            batch.take(&row(cookie, 0));
        }
        assert_eq!(batch.dropped, 2);
        assert_eq!(batch.found(), MAX_ROWS as u64 + 2);
        assert_eq!(batch.into_kept().len(), MAX_ROWS);
    }
}
