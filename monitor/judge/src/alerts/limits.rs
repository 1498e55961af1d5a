//! How much the alerts hold, for how long, and what they count.

use crate::thresholds::{OPEN_EXPIRY_NS, SECOND};

/// How long trouble lasts without a pause until it pages, unless the configuration says otherwise, in ns: what mends
/// itself within ten seconds is over before anybody has read the page.
pub(super) const PAGE_AFTER_NS: u64 = 10 * SECOND;

/// What fired is not over before so long, in ns: Prometheus scrapes every minute at most by its defaults, and one scrape
/// may fail.
pub(super) const LEAST_FIRING_NS: u64 = 120 * SECOND;

/// How long what is over is shown, in ns: long enough for who was woken to find the shell.
pub(super) const OVER_SHOWN_NS: u64 = 900 * SECOND;

/// How long `misstated` stays after it was told last, in ns: it is told again at most once an hour, and only where another
/// connection has died of it.
pub(super) const MISSTATED_NS: u64 = 24 * 3_600 * SECOND;

/// How long `interrupted` stays after the last time that trouble mended itself, in ns: what happens once an hour and
/// more is one ticket with a count, and not a ticket each time.
pub(super) const INTERRUPTED_NS: u64 = 3_600 * SECOND;

/// How long connections that are only counted keep their alert affected, in ns: nobody will notice that they move
/// again.
pub(super) const NAMELESS_NS: u64 = 900 * SECOND;

/// What was told so shortly before an outage showed as one is part of it, in ns: the first of many to fail looks like
/// one that fails alone, and the others follow within three timeouts, or a sweep.
pub(super) const SAME_OUTAGE_NS: u64 = 10 * SECOND;

/// How long a connection that was stuck before the daemon started may take to be found stuck again, in ns: the slowest
/// rule, `unexplained`, takes 30 s and a look.
pub(super) const CONFIRM_NS: u64 = 35 * SECOND;

/// And so many complete sweeps must have looked for it: a stall takes two, and one more where sweeps are stretched.
pub(super) const CONFIRM_SWEEPS: u32 = 3;

/// But no longer than this, in ns, where no sweep is ever complete: by then the kernel has given up what was stuck.
pub(super) const CONFIRM_AT_MOST_NS: u64 = OPEN_EXPIRY_NS;

/// Bounds of the alerts, and the one time that is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How long trouble lasts without a pause until it pages, in ns.
    pub page_after_ns: u64,
    /// Tickets at once, and pages at once: each has room of its own.
    pub max_alerts: usize,
    /// One owner has at most one part in so many of either room; the rest is one alert.
    pub share: usize,
    /// Connections that one alert knows by name; it goes on counting beyond.
    pub max_members: usize,
    /// Connections that all tickets know by name, and that all pages do.
    pub max_known: usize,
}

impl Default for Limits {
    /// 10 s; 1,000 tickets and 1,000 pages, an eighth of them for one owner; 65,536 connections of one alert, which is
    /// what the judge follows, and twice that of all, because those that ended stay for a while.
    fn default() -> Self {
        Self {
            page_after_ns: PAGE_AFTER_NS,
            max_alerts: 1_000,
            share: 8,
            max_members: 65_536,
            max_known: 131_072,
        }
    }
}

impl Limits {
    /// How many alerts of one severity a single owner may have.
    pub(super) fn of_one_owner(&self) -> usize {
        (self.max_alerts / self.share.max(1)).max(1)
    }

    /// How many alerts named `more` there may be of one severity: two rounds of those that exhaust their share. Beyond,
    /// one stands for everybody.
    pub(super) fn of_more(&self) -> usize {
        self.share.saturating_mul(2)
    }
}

/// Numbers about the alerts. Those named `..._total` only grow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AlertStats {
    /// Findings that found no room for an alert of their own: they are counted in one named `more`.
    pub alerts_full_total: u64,
    /// Findings whose owner has its share of alerts already, likewise.
    pub share_full_total: u64,
    /// Connections that an alert counts but does not know by name.
    pub members_full_total: u64,
    /// Alerts that are over and were not shown for as long as they should be.
    pub over_full_total: u64,
}
