//! Room for what clients have asked for and not read yet. The list of a large host has tens of MB of packed rows, and
//! whoever asked may read them slowly, or never: so much is held for all clients together, and whoever asks beyond that
//! waits a while, and then is told.

use super::lock::lock;
use crate::surfaces::api::ApiCounters;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

/// Of the largest lists, so many at once: one may be read slowly while another is read.
const LISTS: usize = 2;

/// What a list may take, in bytes: a million connections take half of it, or less.
const LONGEST_LIST: usize = 96 << 20;

/// How long to wait for room. A client gives up after a minute without a row, and its sweep takes seconds.
const WAIT: Duration = Duration::from_secs(20);

/// The room. All clones are the same.
#[derive(Clone, Debug)]
pub(super) struct RowRoom {
    shared: Arc<Shared>,
    wait: Duration,
}

#[derive(Debug)]
struct Shared {
    /// For one list.
    longest: usize,
    left: Mutex<usize>,
    freed: Condvar,
    counters: Arc<ApiCounters>,
}

/// Room for the list of one client; free when this is dropped.
#[derive(Debug)]
pub(super) struct Taken {
    shared: Arc<Shared>,
    bytes: usize,
}

impl RowRoom {
    /// Whoever finds none is counted there.
    pub(super) fn new(counters: Arc<ApiCounters>) -> Self {
        Self::of(LISTS, LONGEST_LIST, counters)
    }

    /// For so many lists of so many bytes.
    pub(super) fn of(lists: usize, longest: usize, counters: Arc<ApiCounters>) -> Self {
        Self {
            shared: Arc::new(Shared {
                longest,
                left: Mutex::new(lists * longest),
                freed: Condvar::new(),
                counters,
            }),
            wait: WAIT,
        }
    }

    /// For the longest list.
    ///
    /// # Errors
    /// There is none, for people.
    pub(super) fn for_a_list(&self) -> Result<Taken, String> {
        let bytes = self.shared.longest;
        let left = lock(&self.shared.left);
        let waited = self
            .shared
            .freed
            .wait_timeout_while(left, self.wait, |left| *left < bytes);
        let (mut left, _) = waited.unwrap_or_else(PoisonError::into_inner);
        if *left < bytes {
            self.shared.counters.refused.fetch_add(1, Ordering::Relaxed);
            return Err(
                "others have asked for so many connections, and not read them, that there is no room for more: end a \
                 `tcplull ls` that hangs, such as one behind a pager"
                    .to_owned(),
            );
        }
        *left -= bytes;
        Ok(Taken {
            shared: Arc::clone(&self.shared),
            bytes,
        })
    }
}

impl Taken {
    /// How much there is, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Keeps room for no more than so many bytes.
    pub(super) fn keep(&mut self, bytes: usize) {
        let free = self.bytes.saturating_sub(bytes);
        if free == 0 {
            return;
        }
        self.bytes -= free;
        *lock(&self.shared.left) += free;
        self.shared.freed.notify_all();
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.keep(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room(wait: Duration) -> (RowRoom, Arc<ApiCounters>) {
        let counters = Arc::<ApiCounters>::default();
        let room = RowRoom {
            wait,
            ..RowRoom::new(Arc::clone(&counters))
        };
        (room, counters)
    }

    #[test]
    fn who_finds_no_room_is_told_and_counted_and_what_is_read_makes_room() {
        let (room, counters) = room(Duration::ZERO);
        let mut slow = room.for_a_list().unwrap();
        let other = room.for_a_list().unwrap();
        let refused = room.for_a_list().unwrap_err();
        assert!(refused.contains("tcplull ls"), "{refused}");
        assert_eq!(counters.refused.load(Ordering::Relaxed), 1);
        slow.keep(1_000);
        assert!(room.for_a_list().is_err(), "not enough yet");
        other_reads_all(other);
        let many: Vec<Taken> = (0..20)
            .map(|_| {
                let mut few = room.for_a_list().unwrap();
                few.keep(1_000);
                few
            })
            .collect();
        drop((slow, many));
        assert_eq!(*lock(&room.shared.left), LISTS * LONGEST_LIST);
        assert_eq!(counters.refused.load(Ordering::Relaxed), 2);
    }

    fn other_reads_all(mut other: Taken) {
        for left in (0..LONGEST_LIST).rev().step_by(4_096) {
            other.keep(left);
        }
    }

    #[test]
    fn one_waits_until_another_is_done() {
        let (room, counters) = room(Duration::from_secs(60));
        let held = [room.for_a_list().unwrap(), room.for_a_list().unwrap()];
        let waits = std::thread::spawn({
            let room = room.clone();
            move || room.for_a_list().map(drop)
        });
        drop(held);
        waits.join().unwrap().unwrap();
        assert_eq!(counters.refused.load(Ordering::Relaxed), 0);
    }
}
