//! Who has how much room: pages have their own, and nobody more than a share.

use super::key::{ANY, Key, MORE};
use super::limits::{AlertStats, Limits};
use monitor_model::finding::Severity;
use std::collections::HashMap;

/// What alerts of one severity take.
#[derive(Debug, Default)]
struct Taken {
    alerts: usize,
    more: usize,
    known: usize,
    /// Alerts of each holder.
    of: HashMap<String, usize>,
}

/// What all alerts take.
#[derive(Debug, Default)]
pub(super) struct Room {
    tickets: Taken,
    pages: Taken,
    /// Nobody is to know of them: they take no place from the others.
    quiet: Taken,
}

impl Room {
    fn of(&mut self, severity: Severity) -> &mut Taken {
        match severity {
            Severity::Page => &mut self.pages,
            Severity::Ticket => &mut self.tickets,
            Severity::None => &mut self.quiet,
        }
    }

    /// Where an alert that begins goes: to a place of its own, or into what `holder` has beyond its share. A holder of
    /// `any` has no share: it is about everybody's connections, and there is one a path.
    pub(super) fn place(
        &mut self,
        wanted: Key,
        holder: &str,
        limits: &Limits,
        stats: &mut AlertStats,
        exists: impl Fn(&Key) -> bool,
    ) -> Key {
        let taken = self.of(wanted.severity);
        let own = taken.of.get(holder).copied().unwrap_or_default();
        // Of what wakes nobody nothing is lost.
        let counted = u64::from(!wanted.is_quiet());
        if taken.alerts >= limits.max_alerts {
            stats.alerts_full_total += counted;
        } else if holder != ANY && own >= limits.of_one_owner() {
            stats.share_full_total += counted;
        } else {
            return wanted;
        }
        let more = Key::more(wanted.severity, holder);
        if exists(&more) || taken.more < limits.of_more() {
            more
        } else {
            Key::more(wanted.severity, ANY)
        }
    }

    /// An alert has begun.
    pub(super) fn enter(&mut self, key: &Key, holder: &str) {
        let taken = self.of(key.severity);
        if key.name == MORE {
            taken.more += 1;
        } else {
            taken.alerts += 1;
            *taken.of.entry(holder.to_owned()).or_default() += 1;
        }
    }

    /// An alert is gone.
    pub(super) fn leave(&mut self, key: &Key, holder: &str) {
        let taken = self.of(key.severity);
        if key.name == MORE {
            taken.more = taken.more.saturating_sub(1);
            return;
        }
        taken.alerts = taken.alerts.saturating_sub(1);
        if let Some(own) = taken.of.get_mut(holder) {
            *own = own.saturating_sub(1);
            if *own == 0 {
                taken.of.remove(holder);
            }
        }
    }

    /// Whether one more connection can be known by name.
    pub(super) fn knows_one_more(&mut self, severity: Severity, limits: &Limits) -> bool {
        self.of(severity).known < limits.max_known
    }

    pub(super) fn known(&mut self, severity: Severity) {
        self.of(severity).known += 1;
    }

    pub(super) fn forgotten(&mut self, severity: Severity) {
        let taken = self.of(severity);
        taken.known = taken.known.saturating_sub(1);
    }
}
