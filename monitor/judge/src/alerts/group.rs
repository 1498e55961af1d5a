//! One alert in the making: its connections, its clock and its latest finding.

use super::key::{INTERRUPTED, Key, MORE};
use super::limits::{LEAST_FIRING_NS, Limits};
use super::parts::{Moment, Part, Parts};
use monitor_model::alert::{Alert, AlertState};
use monitor_model::finding::{Finding, Severity};
use monitor_model::format;

/// What time has brought to an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// It fires from now on.
    Fires,
    /// It was over at this time, in ns, before it fired.
    Mended(u64),
    /// It was over at this time, in ns.
    Over(u64),
}

/// One alert in the making.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) parts: Parts,
    /// Whose share it takes.
    pub(super) holder: String,
    /// The most severe that any of its connections was, without the rules of its path.
    pub(super) worst: Severity,
    /// It waits for nothing.
    pub(super) at_once: bool,
    /// Its first finding, as it is shown.
    pub(super) since: Moment,
    /// Since when it has been affected without a pause, by what this run of the daemon knows.
    pub(super) from: Moment,
    /// Since when it was before a pause that may be none, and until when, in ns.
    pub(super) before_pause: Option<(Moment, u64)>,
    /// When it began to fire, in ns.
    pub(super) fired_ns: Option<u64>,
    /// Connections that were told since it began; of `interrupted`, how often.
    pub(super) count: u64,
    /// Not all who left were ended by the operator.
    pub(super) mended: bool,
    pub(super) summary: String,
    pub(super) example: String,
    pub(super) lost: Option<String>,
}

impl Group {
    /// An alert that begins, still without connections.
    pub(super) fn begin(holder: String, since: Moment) -> Self {
        Self {
            parts: Parts::default(),
            holder,
            worst: Severity::None,
            at_once: false,
            since,
            from: since,
            before_pause: None,
            fired_ns: None,
            count: 0,
            mended: false,
            summary: String::new(),
            example: String::new(),
            lost: None,
        }
    }

    /// Takes over what is shown of its latest finding.
    pub(super) fn tell(&mut self, finding: &Finding) {
        self.summary.clone_from(&finding.summary);
        self.example.clone_from(&finding.connection.id);
        self.lost = finding.lost();
    }

    /// A connection that is about to join was in trouble since then, and still is. What was over before goes on only
    /// where there was no pause.
    pub(super) fn joined_by(&mut self, part: &Part, limits: &Limits) {
        self.worst = self.worst.max(part.worth);
        let surely_ns = self.parts.surely_until(limits.page_after_ns);
        let pause = surely_ns < part.since.ns;
        let unknown = self.parts.has_left_behind() || !self.parts.unconfirmed().is_empty();
        if pause && unknown {
            // One that is still to be found again, or what was left behind, may turn out to fill it.
            self.before_pause.get_or_insert((self.from, surely_ns));
        }
        if pause || part.since.ns < self.from.ns {
            self.from = part.since;
        }
        if let Some((from, until_ns)) = self.before_pause
            && !pause
            && part.since.ns <= until_ns
        {
            self.from = self.from.min(from);
            self.before_pause = None;
        }
        if self.fired_ns.is_none() {
            self.since = self.since.min(part.since);
        }
    }

    /// Those that nobody found stuck again have left: the clock is that of the others.
    pub(super) fn stand_on_what_is_known(&mut self) {
        if self.fired_ns.is_none() && !self.parts.is_empty() {
            self.since = self.from;
        }
    }

    /// What time has brought, if anything.
    pub(super) fn turn(&self, now_ns: u64, limits: &Limits) -> Option<Turn> {
        let page_after_ns = limits.page_after_ns;
        let until = self.parts.until(page_after_ns);
        let Some(fired_ns) = self.fired_ns else {
            let due = self.from.ns.saturating_add(page_after_ns);
            let lasted = now_ns >= due && self.parts.surely_until(page_after_ns) > due;
            if self.at_once || lasted {
                return Some(Turn::Fires);
            }
            return (until < now_ns).then_some(Turn::Mended(until));
        };
        let seen_ns = fired_ns.saturating_add(LEAST_FIRING_NS);
        (until < now_ns && seen_ns <= now_ns).then_some(Turn::Over(until.max(seen_ns)))
    }

    /// The alert as users see it now.
    pub(super) fn shown(&self, key: &Key) -> Alert {
        let connections = self.parts.count();
        Alert {
            name: key.name.into(),
            severity: key.severity,
            state: match self.fired_ns {
                Some(_) => AlertState::Firing,
                None => AlertState::Pending,
            },
            path: key.path.clone(),
            owner: key.owner.clone(),
            connections,
            count: self.count,
            since: self.since.time,
            fired: self.fired_ns.map(|ns| self.since.time_at(ns)),
            ended: None,
            path_owner: key.path_owner.clone(),
            reason: None,
            summary: match key.name {
                MORE => format!(
                    "and {connections} more of {}, beyond its share; the latest: {}",
                    key.owner, self.summary
                ),
                INTERRUPTED => format!(
                    "mended before it paged, {}; the latest: {}",
                    format::count(self.count, "time"),
                    self.summary
                ),
                _ => self.summary.clone(),
            },
            example: self.example.clone(),
            lost: self.lost.clone(),
        }
    }

    /// The alert as users see it once it was over at `ended_ns`.
    pub(super) fn shown_over(&self, key: &Key, ended_ns: u64) -> Alert {
        Alert {
            state: AlertState::Over,
            ended: Some(self.since.time_at(ended_ns)),
            ..self.shown(key)
        }
    }

    /// Whether what it was about was worth a page, and mended by itself.
    pub(super) fn leaves_ticket(&self, key: &Key) -> bool {
        // Who is still in it ended badly, and long enough ago.
        key.severity == Severity::Page && (self.mended || !self.parts.is_empty())
    }
}
