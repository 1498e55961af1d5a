//! The alerts as they stood at a moment, rebuilt from their changes.

use monitor_model::agent::AgentChange;
use monitor_model::alert::{Alert, AlertChange, AlertState};
use monitor_model::finding::Severity;
use monitor_model::time::Timestamp;
use monitor_store::{BootId, Contents, Moment, ReadStats};
use std::collections::{BTreeMap, VecDeque};

/// So many alerts are followed at once; the daemon itself has fewer. What comes beyond is counted.
const MOST_OPEN: usize = 4_096;

/// So many that are over are kept at most, as many as the daemon shows.
const MOST_OVER: usize = 256;

/// How long one that is over is still shown, in ns, as by the daemon.
const OVER_SHOWN_NS: i64 = 3_600_000_000_000;

/// Name, severity, path and owner: what makes an alert one.
type Key = (String, Severity, String, String);

/// Takes changes of alerts in, in their order.
#[derive(Debug, Default)]
pub struct Standing {
    open: BTreeMap<Key, Alert>,
    over: VecDeque<(i64, Alert)>,
    left_out: u64,
    boot: Option<BootId>,
    last: Option<i64>,
    runs: bool,
}

/// What stood at a moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Stood {
    /// The alerts, as of their last change: those that fire, those that are pending, those that were lately over.
    pub alerts: Vec<Alert>,
    /// What is to be said besides, one line each.
    pub notes: Vec<String>,
}

impl Standing {
    /// Takes a record in that was written at `at`, by today's wall clock `wall`. Answers the alerts that it ends,
    /// also those that never fired.
    pub fn take(&mut self, at: &Moment, wall: i64, contents: Contents) -> Vec<Alert> {
        let mut ended = self.enter(at, wall);
        self.last = Some(wall);
        match contents {
            Contents::Alert(change) => ended.extend(self.change(wall, change)),
            Contents::Agent(event) => {
                self.runs = event.change != AgentChange::Stopped;
            }
            Contents::Finding(_) | Contents::Gaps(_) => {}
        }
        ended
    }

    /// Alerts outlive a daemon, not a boot: nobody says of those before that they are over.
    fn enter(&mut self, at: &Moment, wall: i64) -> Vec<Alert> {
        let before = self.boot.replace(at.boot_id);
        if before.is_none_or(|boot| boot == at.boot_id) {
            return Vec::new();
        }
        let mut ended = Vec::new();
        for mut alert in std::mem::take(&mut self.open).into_values() {
            self.end(wall, &mut alert);
            ended.push(alert);
        }
        ended
    }

    fn change(&mut self, wall: i64, change: AlertChange) -> Option<Alert> {
        let alert = change.alert();
        let key = (
            alert.name.clone(),
            alert.severity,
            alert.path.clone(),
            alert.owner.clone(),
        );
        match change {
            AlertChange::Over(mut alert) => {
                self.open.remove(&key);
                alert.state = AlertState::Over;
                // One that only was pending is over without a word, as the daemon has it.
                if alert.fired.is_some() {
                    self.push_over(wall, alert.clone());
                }
                Some(alert)
            }
            AlertChange::Pending(alert) | AlertChange::Firing(alert) => {
                if self.open.len() >= MOST_OPEN && !self.open.contains_key(&key) {
                    self.left_out += 1;
                    return None;
                }
                let since = alert.since;
                let mut before = self.open.insert(key, alert)?;
                // Another of the same name: nobody was there when the one before ended.
                (before.since != since).then(|| {
                    self.end(wall, &mut before);
                    before
                })
            }
        }
    }

    /// Ends one that nobody said to be over.
    fn end(&mut self, wall: i64, alert: &mut Alert) {
        alert.state = AlertState::Over;
        alert.ended = Some(Timestamp::of(wall));
        if alert.fired.is_some() {
            self.push_over(wall, alert.clone());
        }
    }

    fn push_over(&mut self, wall: i64, alert: Alert) {
        self.over.push_back((wall, alert));
        if self.over.len() > MOST_OVER {
            self.over.pop_front();
        }
    }

    /// Those that are not over.
    pub(crate) fn open(&self) -> impl Iterator<Item = &Alert> {
        self.open.values()
    }

    /// How many could not be followed.
    pub(crate) fn left_out(&self) -> u64 {
        self.left_out
    }

    /// What stood at `at`, all records until then being taken in; `begins` is when the history does, both in ns since
    /// 1970.
    pub fn at(self, at: i64, begins: Option<i64>, stats: &ReadStats) -> Stood {
        let mut notes = Vec::new();
        match (begins, self.last) {
            (None, _) => notes.push("the history is empty".to_owned()),
            (Some(begins), _) if begins > at => notes.push(format!(
                "the history begins at {}, after that: what stood then is not known",
                Timestamp::of(begins)
            )),
            (Some(_), Some(last)) if !self.runs => notes.push(format!(
                "no daemon ran then: the last one stopped at {}, and this is how it left them",
                Timestamp::of(last)
            )),
            _ => {}
        }
        if self.left_out > 0 {
            notes.push(format!(
                "{} changes of further alerts are left out",
                self.left_out
            ));
        }
        if stats.damaged > 0 {
            notes.push(format!(
                "{} files of the history could not be read to their end: changes may be missing",
                stats.damaged
            ));
        }
        let mut alerts: Vec<Alert> = self.open.into_values().collect();
        alerts.sort_by(|one, other| {
            let rank = |alert: &Alert| {
                (
                    alert.state != AlertState::Firing,
                    alert.severity != Severity::Page,
                )
            };
            (rank(one), one.since, &one.name).cmp(&(rank(other), other.since, &other.name))
        });
        let lately = self.over.into_iter().rev();
        alerts.extend(
            lately
                .take_while(|(ended, _)| at.saturating_sub(*ended) < OVER_SHOWN_NS)
                .map(|(_, alert)| alert),
        );
        Stood { alerts, notes }
    }
}
