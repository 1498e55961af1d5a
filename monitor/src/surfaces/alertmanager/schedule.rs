//! What is due to one Alertmanager, and when. It has neither clock nor network: time comes in, and so does what became of
//! each batch.

use super::notice::{Labels, Notice, Snapshot};
use monitor_model::time::Timestamp;
use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;

/// One second in ns.
pub(super) const SECOND: u64 = 1_000_000_000;

/// Alerts of one request, at most, as Prometheus has it.
pub(super) const MOST_TOGETHER: usize = 256;

/// How long it is repeated that an alert is over, in ns: an Alertmanager that was away for so long hears of it.
const REPEATED_NS: u64 = 900 * SECOND;

/// Alerts that are over and that the daemon itself has forgotten, at most: one whose severity has changed leaves such a one.
const MOST_FORGOTTEN: usize = 1_024;

/// After so many requests in a row that were refused it is not one of the alerts that is at fault: to find one takes no
/// more than three, as its halves are taken between.
const REFUSED_IN_A_ROW: u32 = 24;

/// The longest pause before one that was refused alone is tried again, in ns: it may have been a proxy that refused it.
const LONGEST_PAUSE_NS: u64 = 900 * SECOND;

/// How often what is sent is sent again, and for how long it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Times {
    /// In ns.
    pub(super) resend_ns: u64,
    /// In ns.
    pub(super) lease_ns: u64,
}

/// What was taken of an alert last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Told {
    fires: bool,
    /// When it is to be told again, in ns.
    again_ns: u64,
}

/// One alert.
#[derive(Debug)]
struct Entry {
    notice: Arc<Notice>,
    /// Since when it is over, in ns.
    over_ns: Option<u64>,
    told: Option<Told>,
    /// With so many it may be sent together: fewer after each refusal, to find the one that is at fault.
    together: usize,
    /// How often it was refused alone.
    refused: u32,
    /// Not to be sent before, in ns.
    pause_ns: u64,
}

/// One alert of a batch, as it is sent.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    pub(super) notice: Arc<Notice>,
}

/// What is due to one Alertmanager.
#[derive(Debug)]
pub(super) struct Schedule {
    times: Times,
    entries: HashMap<Arc<Labels>, Entry>,
    /// When the daemon said last how the alerts fare, in ns.
    vouched_ns: u64,
    /// How often it failed in a row, and when it is tried again, in ns.
    failures: u32,
    retry_ns: u64,
    refused_in_a_row: u32,
    /// Forgotten for want of room, before that was told.
    dropped: u64,
}

impl Schedule {
    pub(super) fn new(times: Times) -> Self {
        Self {
            times,
            entries: HashMap::new(),
            vouched_ns: 0,
            failures: 0,
            retry_ns: 0,
            refused_in_a_row: 0,
            dropped: 0,
        }
    }

    /// Takes in how the alerts fare at `now_ns`. One that is not among them any more is over.
    pub(super) fn take(&mut self, snapshot: &Snapshot, now_ns: u64) {
        self.vouched_ns = now_ns;
        for (labels, notice) in &snapshot.notices {
            let entry = self
                .entries
                .entry(Arc::clone(labels))
                .or_insert_with(|| Entry {
                    notice: Arc::clone(notice),
                    over_ns: None,
                    told: None,
                    together: MOST_TOGETHER,
                    refused: 0,
                    pause_ns: 0,
                });
            entry.over_ns = notice.ended.map(|_| entry.over_ns.unwrap_or(now_ns));
            entry.notice = Arc::clone(notice);
        }
        for (labels, entry) in &mut self.entries {
            if !snapshot.notices.contains_key(labels) && entry.over_ns.is_none() {
                entry.over_ns = Some(now_ns);
                entry.notice = Arc::new(ended(&entry.notice, snapshot.time));
            }
        }
        self.entries.retain(|labels, entry| {
            let forgotten = !snapshot.notices.contains_key(labels);
            let repeated = |over_ns: u64| now_ns.saturating_sub(over_ns) < REPEATED_NS;
            // Of one that it was never told of, an Alertmanager needs no end.
            let needed = entry.told.is_some() && entry.over_ns.is_some_and(repeated);
            !forgotten || needed
        });
        self.bound(snapshot);
    }

    /// Forgets those that were over first, beyond what there is room for.
    fn bound(&mut self, snapshot: &Snapshot) {
        let forgotten = self
            .entries
            .iter()
            .filter(|(labels, _)| !snapshot.notices.contains_key(*labels));
        let mut forgotten: Vec<(Option<u64>, Arc<Labels>, bool)> = forgotten
            .map(|(labels, entry)| (entry.over_ns, Arc::clone(labels), entry.is_new()))
            .collect();
        let beyond = forgotten.len().saturating_sub(MOST_FORGOTTEN);
        if beyond == 0 {
            return;
        }
        forgotten.sort_unstable();
        for (_, labels, untold) in forgotten.into_iter().take(beyond) {
            self.entries.remove(&labels);
            self.dropped += u64::from(untold);
        }
    }

    /// How many were forgotten since this was last asked, before it was told that they are over.
    pub(super) fn dropped(&mut self) -> u64 {
        std::mem::take(&mut self.dropped)
    }

    /// How many alerts are due at `now_ns` and not sent.
    pub(super) fn waiting(&self, now_ns: u64) -> u64 {
        let due = self.entries.values();
        due.filter(|entry| self.is_due(entry, now_ns, 0)).count() as u64
    }

    /// When something is due next, in ns.
    pub(super) fn next_ns(&self) -> Option<u64> {
        let due = self.entries.values().map(|entry| self.due_ns(entry));
        let next_ns = due.min().filter(|next_ns| *next_ns < u64::MAX)?;
        Some(next_ns.max(self.retry_ns))
    }

    /// What is to be sent at `now_ns`, of one request; nothing while it is not time to try again. With what is due goes
    /// what will be soon.
    pub(super) fn batch(&self, now_ns: u64) -> Vec<Sent> {
        if self.is_paused(now_ns) || self.waiting(now_ns) == 0 {
            return Vec::new();
        }
        self.chosen(|entry| self.is_due(entry, now_ns, self.times.resend_ns / 6))
    }

    /// What is to be sent when the daemon ends, of one request: what was not told, and what fires once more, so that it has
    /// the whole lease until the next daemon is there. `begun_ns` is when the end began.
    pub(super) fn last_batch(&self, begun_ns: u64) -> Vec<Sent> {
        let again_ns = begun_ns.saturating_add(self.times.resend_ns);
        self.chosen(|entry| {
            let lease_is_used = entry.told.is_some_and(|told| told.again_ns < again_ns);
            entry.refused == 0 && (entry.is_new() || entry.over_ns.is_none() && lease_is_used)
        })
    }

    /// The first of these that may be sent together: pages that fire first, then what is new.
    fn chosen(&self, which: impl Fn(&Entry) -> bool) -> Vec<Sent> {
        let due = self.entries.iter().filter(|(_, entry)| which(entry));
        let mut due: Vec<(&Arc<Labels>, &Entry)> = due.collect();
        due.sort_unstable_by_key(|(labels, entry)| {
            let page = entry.notice.page && entry.over_ns.is_none();
            (
                Reverse(entry.together),
                Reverse(page),
                Reverse(entry.is_new()),
                *labels,
            )
        });
        let most = due.first().map_or(0, |(_, entry)| entry.together);
        let due = due
            .into_iter()
            .take_while(|(_, entry)| entry.together == most);
        let sent = due.take(most).map(|(_, entry)| Sent {
            notice: Arc::clone(&entry.notice),
        });
        sent.collect()
    }

    /// These were taken; they were sent at `at_ns`, and are told again after the interval, of which `early`, up to a half,
    /// is taken off.
    pub(super) fn taken(&mut self, batch: &[Sent], at_ns: u64, early: f64) {
        self.failures = 0;
        self.refused_in_a_row = 0;
        let again_ns = at_ns.saturating_add(earlier(self.times.resend_ns, early));
        for sent in batch {
            if let Some(entry) = self.entries.get_mut(&sent.notice.labels) {
                entry.told = Some(Told {
                    fires: sent.notice.ended.is_none(),
                    again_ns,
                });
                entry.together = MOST_TOGETHER;
                entry.refused = 0;
                entry.pause_ns = 0;
            }
        }
    }

    /// One of these is at fault, or several. Answers whether it is known which: one that is refused alone is left out for a
    /// while, longer each time.
    pub(super) fn refused(&mut self, batch: &[Sent], now_ns: u64) -> bool {
        let together = batch.len().div_ceil(2);
        let alone = batch.len() == 1;
        self.refused_in_a_row += 1;
        if self.refused_in_a_row >= REFUSED_IN_A_ROW {
            return self.refuses_all(now_ns);
        }
        for sent in batch {
            let Some(entry) = self.entries.get_mut(&sent.notice.labels) else {
                continue;
            };
            entry.together = together;
            if alone {
                let pause_ns = self.times.resend_ns << entry.refused.min(12);
                entry.pause_ns = now_ns.saturating_add(pause_ns.min(LONGEST_PAUSE_NS));
                entry.refused = entry.refused.saturating_add(1);
            }
        }
        alone
    }

    /// Whatever is sent is refused: no alert is at fault.
    fn refuses_all(&mut self, now_ns: u64) -> bool {
        self.refused_in_a_row = 0;
        for entry in self.entries.values_mut() {
            entry.together = MOST_TOGETHER;
            entry.refused = 0;
            entry.pause_ns = 0;
        }
        self.failed(now_ns, 0.0);
        false
    }

    /// It could not be told at all. It is tried again after a second, then two, and so on up to the interval, of which
    /// `early`, up to a half, is taken off.
    pub(super) fn failed(&mut self, now_ns: u64, early: f64) {
        let pause_ns = (SECOND << self.failures.min(16)).min(self.times.resend_ns);
        self.failures = self.failures.saturating_add(1);
        self.retry_ns = now_ns.saturating_add(earlier(pause_ns, early));
    }

    /// Whether it is not time to try again.
    pub(super) fn is_paused(&self, now_ns: u64) -> bool {
        now_ns < self.retry_ns
    }

    fn is_due(&self, entry: &Entry, now_ns: u64, soon_ns: u64) -> bool {
        self.due_ns(entry) <= now_ns.saturating_add(soon_ns) && entry.pause_ns <= now_ns
    }

    /// When it is due, in ns. What fires is not told again once nobody has vouched for it for a lease.
    fn due_ns(&self, entry: &Entry) -> u64 {
        let vouched_until_ns = self.vouched_ns.saturating_add(self.times.lease_ns);
        let due_ns = match entry.told {
            Some(told) if !entry.is_new() => told.again_ns,
            _ => 0,
        };
        if entry.over_ns.is_none() && due_ns > vouched_until_ns {
            return u64::MAX;
        }
        due_ns.max(entry.pause_ns)
    }
}

impl Entry {
    /// Whether it fares as was not told.
    fn is_new(&self) -> bool {
        self.told
            .is_none_or(|told| told.fires != self.over_ns.is_none())
    }
}

/// The time less this part of it, up to a half.
fn earlier(ns: u64, early: f64) -> u64 {
    // The cast saturates.
    ns - (ns as f64 * early.clamp(0.0, 0.5)) as u64
}

/// The same alert, which is over now.
fn ended(notice: &Notice, time: Option<Timestamp>) -> Notice {
    Notice {
        ended: Some(time.unwrap_or(notice.fired)),
        ..notice.clone()
    }
}
