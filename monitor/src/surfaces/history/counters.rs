//! What is known of the history while it is kept.

use monitor_model::time::Timestamp;
use monitor_store::Stats;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Numbers about the history.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HistoryNumbers {
    /// Whether it is kept: not while the disk refuses.
    pub kept: bool,
    /// Times that the disk refused.
    pub refused: u64,
    /// What is there, and what writers have done. Of several writers, one after the other, together.
    pub stats: Stats,
}

impl HistoryNumbers {
    /// When the oldest segment was begun, as the wall clock was then; `None` where there is none.
    pub fn oldest(&self) -> Option<Timestamp> {
        let oldest = self.stats.oldest?;
        Some(Timestamp::of(oldest.wall_unix_ns))
    }
}

/// The numbers, for the thread that writes and those who read them. All clones are the same. It is held for as long as
/// they take to be copied, never while the disk works.
#[derive(Clone, Debug, Default)]
pub struct HistoryCounters(Arc<Mutex<Counted>>);

#[derive(Debug, Default)]
struct Counted {
    now: HistoryNumbers,
    /// What writers counted that are gone.
    before: Stats,
}

impl HistoryCounters {
    /// As they are now.
    pub fn numbers(&self) -> HistoryNumbers {
        self.lock().now
    }

    /// Takes over what the writer counts, if there is one.
    pub(super) fn set(&self, writer: Option<Stats>) {
        let mut counted = self.lock();
        counted.now.kept = writer.is_some();
        if let Some(stats) = writer {
            counted.now.stats = together(&counted.before, &stats);
        }
    }

    /// The disk refused, and the writer that counted this is gone.
    pub(super) fn refused(&self, writer: Option<Stats>) {
        let mut counted = self.lock();
        counted.now.kept = false;
        counted.now.refused += 1;
        if let Some(stats) = writer {
            counted.before = together(&counted.before, &stats);
            counted.now.stats = counted.before;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Counted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is there now, and what both counted.
fn together(before: &Stats, now: &Stats) -> Stats {
    Stats {
        written: before.written + now.written,
        segments_dropped: before.segments_dropped + now.segments_dropped,
        records_dropped: before.records_dropped + now.records_dropped,
        cut: before.cut + now.cut,
        ..*now
    }
}
