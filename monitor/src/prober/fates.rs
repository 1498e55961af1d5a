//! What the other side of a probe saw of each connection, and what it allows.

use super::line::Counts;
use monitor_probe::{PeerEnd, PeerSaw};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;

/// What was seen is kept of so many connections, the latest.
const MOST_FATES: usize = 4096;

/// What it allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Connections that are silent at once.
    pub at_once: usize,
    /// How long it listens, and the longest silence.
    pub life: Duration,
}

/// What all connections of the other side share.
pub(super) struct Shared {
    pub(super) bounds: Bounds,
    /// Places for connections that are silent.
    pub(super) places: Semaphore,
    pub(super) counts: Arc<Counts>,
    fates: Mutex<Fates>,
}

/// What was seen of each, by its number, and those numbers in their order.
#[derive(Default)]
struct Fates {
    known: HashMap<u64, Fate>,
    order: VecDeque<u64>,
}

/// What was seen of one.
#[derive(Clone, Copy)]
pub(super) struct Fate {
    /// A word came after the silence.
    pub(super) heard: bool,
    /// What was said first here is acknowledged.
    pub(super) acknowledged: bool,
    /// How it ended.
    pub(super) end: PeerEnd,
}

impl Shared {
    pub(super) fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            places: Semaphore::new(bounds.at_once),
            counts: Arc::default(),
            fates: Mutex::default(),
        }
    }

    /// A connection with that number is there; `false` where one has it already.
    pub(super) fn begin(&self, number: u64) -> bool {
        let mut fates = self.fates.lock().unwrap_or_else(PoisonError::into_inner);
        if fates.known.contains_key(&number) {
            return false;
        }
        let nothing_yet = Fate {
            heard: false,
            acknowledged: false,
            end: PeerEnd::None,
        };
        fates.known.insert(number, nothing_yet);
        fates.order.push_back(number);
        if fates.order.len() > MOST_FATES
            && let Some(oldest) = fates.order.pop_front()
        {
            fates.known.remove(&oldest);
        }
        true
    }

    /// Notes what was seen of it.
    pub(super) fn note(&self, number: u64, note: impl FnOnce(&mut Fate)) {
        let mut fates = self.fates.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(fate) = fates.known.get_mut(&number) {
            note(fate);
        }
    }

    /// What was seen of it.
    pub(super) fn saw(&self, number: u64) -> PeerSaw {
        let fates = self.fates.lock().unwrap_or_else(PoisonError::into_inner);
        match fates.known.get(&number) {
            Some(fate) => PeerSaw::Known {
                heard: fate.heard,
                acknowledged: fate.acknowledged,
                end: fate.end,
            },
            None => PeerSaw::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_seen_is_kept_of_the_latest_alone() {
        let shared = Shared::new(Bounds {
            at_once: 1,
            life: Duration::from_secs(1),
        });
        for number in 0..=MOST_FATES as u64 {
            assert!(shared.begin(number));
        }
        assert!(!shared.begin(1), "there is one of that number");
        assert_eq!(shared.saw(0), PeerSaw::Unknown);
        shared.note(1, |fate| fate.heard = true);
        let heard = PeerSaw::Known {
            heard: true,
            acknowledged: false,
            end: PeerEnd::None,
        };
        assert_eq!(shared.saw(1), heard);
    }
}
