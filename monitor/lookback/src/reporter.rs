//! Makes a report of records. It holds no record, and of what it counts a bounded number of names.

use crate::not_seen::Watched;
use crate::paths::Paths;
use crate::standing::Standing;
use monitor_model::alert::{Alert, AlertState};
use monitor_model::finding::{Finding, Severity};
use monitor_model::report::{Report, TimeSlot, Why};
use monitor_model::time::Timestamp;
use monitor_store::{Contents, Moment};

/// Parts of the time, for the plot.
const SLOTS: i64 = 48;

/// Alerts that a report shows.
const ALERTS: usize = 64;

/// Makes a report.
#[derive(Debug)]
pub struct Reporter {
    from: i64,
    until: i64,
    begins: Option<i64>,
    counts: Counts,
    paths: Paths,
    standing: Standing,
    ended: Vec<Alert>,
    alerts_left_out: u64,
    watched: Watched,
    reporting: bool,
    slots: Vec<Counts>,
}

/// Findings by whom they wake.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    pages: u64,
    tickets: u64,
    others: u64,
}

impl Counts {
    fn add(&mut self, finding: &Finding) {
        match finding.severity {
            Severity::Page => self.pages += 1,
            Severity::Ticket => self.tickets += 1,
            Severity::None => self.others += 1,
        }
    }
}

impl Reporter {
    /// Of the time from `from` to `until`, of a history that begins at `begins`; all in ns since 1970.
    pub fn new(from: i64, until: i64, begins: Option<i64>) -> Self {
        let until = until.max(from);
        Self {
            from,
            until,
            begins,
            counts: Counts::default(),
            paths: Paths::default(),
            standing: Standing::default(),
            ended: Vec::new(),
            alerts_left_out: 0,
            watched: Watched::default(),
            reporting: false,
            slots: vec![Counts::default(); SLOTS as usize],
        }
    }

    /// What was told before the time of the report: of alerts and of the daemon. `wall` is when, by today's wall clock.
    pub fn before(&mut self, at: &Moment, wall: i64, contents: Contents) {
        self.watch(at, wall, &contents);
        self.standing.take(at, wall, contents);
    }

    /// What was told within it.
    pub fn take(&mut self, at: &Moment, wall: i64, contents: Contents) {
        self.begin();
        self.watch(at, wall, &contents);
        match &contents {
            Contents::Finding(finding) => {
                self.counts.add(finding);
                self.paths.finding(finding);
                if let Some(slot) = self.slot(wall).and_then(|slot| self.slots.get_mut(slot)) {
                    slot.add(finding);
                }
            }
            Contents::Gaps(summary) => self.paths.gaps(summary),
            Contents::Alert(_) | Contents::Agent(_) => {}
        }
        for alert in self.standing.take(at, wall, contents) {
            self.end(alert);
        }
    }

    fn begin(&mut self) {
        if !self.reporting {
            self.reporting = true;
            self.watched.begin_report();
        }
    }

    fn watch(&mut self, at: &Moment, wall: i64, contents: &Contents) {
        let last = self.watched.last();
        self.watched.written(at, wall);
        if let Contents::Agent(event) = contents {
            self.watched.event(wall, &event.change, last);
        }
    }

    fn slot(&self, wall: i64) -> Option<usize> {
        let whole = i128::from(self.until) - i128::from(self.from);
        let passed = i128::from(wall) - i128::from(self.from);
        let slot = (passed * i128::from(SLOTS)).checked_div(whole)?;
        usize::try_from(slot.clamp(0, i128::from(SLOTS) - 1)).ok()
    }

    /// Keeps one that is over. Of too many those go first that woke nobody, then tickets, the oldest first.
    fn end(&mut self, alert: Alert) {
        self.ended.push(alert);
        if self.ended.len() > 2 * ALERTS {
            sort(&mut self.ended);
            self.alerts_left_out += (self.ended.len() - ALERTS) as u64;
            self.ended.truncate(ALERTS);
        }
    }

    /// The report; so many files could not be read, and so many records not understood.
    pub fn finish(mut self, damaged: u64, unknown: u64) -> Report {
        self.begin();
        let [from, until] = [self.from, self.until].map(Timestamp::of);
        match self.begins {
            Some(begins) if begins > self.from => {
                let begins = Timestamp::of(begins.min(self.until));
                self.watched
                    .push(Why::BeforeHistory, Some(from), Some(begins), None);
            }
            Some(_) => {}
            None => self
                .watched
                .push(Why::BeforeHistory, Some(from), Some(until), None),
        }
        let mut alerts = self.ended;
        let mut left_out = self.alerts_left_out + self.standing.left_out();
        alerts.extend(self.standing.open().cloned());
        sort(&mut alerts);
        left_out += alerts.len().saturating_sub(ALERTS) as u64;
        alerts.truncate(ALERTS);
        let (not_seen, not_seen_left_out, clock_steps, clock_steps_left_out) =
            self.watched.finish();
        let Counts {
            pages,
            tickets,
            others,
        } = self.counts;
        let length = i128::from(self.until) - i128::from(self.from);
        let begin = |number: i128| {
            let ns = i128::from(self.from) + length * number / i128::from(SLOTS);
            Timestamp::of(i64::try_from(ns).unwrap_or(self.until))
        };
        Report {
            from,
            until,
            history_begins: self.begins.map(Timestamp::of),
            findings: pages + tickets + others,
            pages,
            tickets,
            paths: self.paths.reported(),
            alerts,
            alerts_left_out: left_out,
            not_seen,
            not_seen_left_out,
            clock_steps,
            clock_steps_left_out,
            over_time: (0..)
                .zip(&self.slots)
                .map(|(number, slot)| TimeSlot {
                    from: begin(number),
                    pages: slot.pages,
                    tickets: slot.tickets,
                    others: slot.others,
                })
                .collect(),
            damaged,
            unknown,
        }
    }
}

/// Pages first; of them those that fire, then what is pending, then what is over and fired, then what never did; the
/// latest first.
fn sort(alerts: &mut [Alert]) {
    let rank = |alert: &Alert| {
        let state = match (alert.state, alert.fired) {
            (AlertState::Firing, _) => 0,
            (AlertState::Pending, _) => 1,
            (AlertState::Over, Some(_)) => 2,
            (AlertState::Over, None) => 3,
        };
        (alert.severity != Severity::Page, state)
    };
    alerts.sort_by(|one, other| {
        (rank(one), other.since, &one.name).cmp(&(rank(other), one.since, &other.name))
    });
}
