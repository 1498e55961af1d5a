//! What is told of one alert, and all that there is to tell at one moment.

use crate::surfaces::prometheus_alert::PrometheusAlert;
use monitor_model::alert::{Alert, AlertState};
use monitor_model::finding::Severity;
use monitor_model::time::Timestamp;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

/// The longest value of a label, in bytes: the names of units and paths are shorter.
const LONGEST_LABEL: usize = 512;

/// The longest annotation, in bytes. With the labels an alert is at most 16 KiB.
const LONGEST_ANNOTATION: usize = 2_048;

/// What an alert is known by.
pub(super) type Labels = BTreeMap<String, String>;

/// One alert that fires, or fired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Notice {
    pub(super) labels: Arc<Labels>,
    pub(super) annotations: BTreeMap<&'static str, String>,
    /// Whether it wakes somebody now.
    pub(super) page: bool,
    /// When it began to fire.
    pub(super) fired: Timestamp,
    /// When it was over; `None` while it fires.
    pub(super) ended: Option<Timestamp>,
}

/// An alert as `POST /api/v2/alerts` takes it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Postable<'a> {
    labels: &'a Labels,
    annotations: &'a BTreeMap<&'static str, String>,
    /// Always there: Alertmanager takes the end for the start where it is not, and that lies in the future.
    starts_at: Timestamp,
    ends_at: Timestamp,
}

impl Notice {
    /// It, as told at `now`: one that fires does so for a lease more. No time is sent that is not yet, but for that end, and
    /// none before its start, however the wall clock was set meanwhile.
    pub(super) fn told_at(&self, now: Timestamp, lease: Duration) -> Postable<'_> {
        let starts_at = self.fired.min(now);
        let ends_at = match self.ended {
            Some(ended) => ended.min(now).max(starts_at),
            None => now.later_by(u64::try_from(lease.as_nanos()).unwrap_or(u64::MAX)),
        };
        Postable {
            labels: &self.labels,
            annotations: &self.annotations,
            starts_at,
            ends_at,
        }
    }
}

/// What is told with every alert besides its own.
#[derive(Clone, Debug, Default)]
pub(super) struct Besides {
    /// Labels.
    pub(super) labels: BTreeMap<String, String>,
    /// What stands before `docs/` in `runbook_url`.
    pub(super) runbooks: String,
}

/// All alerts that fire or fired, at one moment.
#[derive(Clone, Debug, Default)]
pub(super) struct Snapshot {
    /// By labels, at most one of each: the one that fires, else the one that was over last.
    pub(super) notices: HashMap<Arc<Labels>, Arc<Notice>>,
    /// When it was made, by the wall clock.
    pub(super) time: Option<Timestamp>,
}

impl Snapshot {
    /// Of these alerts, with what is told besides.
    pub(super) fn of(
        alerts: impl IntoIterator<Item = Alert>,
        besides: &Besides,
        time: Timestamp,
    ) -> Self {
        let mut notices: HashMap<Arc<Labels>, Arc<Notice>> = HashMap::new();
        for alert in alerts {
            let Some(notice) = notice(&alert, besides) else {
                continue;
            };
            let known = notices.get(&notice.labels);
            // None is greater than any time here: what fires goes before what is over.
            let later = |known: &Arc<Notice>| match (known.ended, notice.ended) {
                (None, _) => false,
                (Some(_), None) => true,
                (Some(known), Some(ended)) => ended >= known,
            };
            if known.is_none_or(later) {
                notices.insert(Arc::clone(&notice.labels), Arc::new(notice));
            }
        }
        Self {
            notices,
            time: Some(time),
        }
    }
}

/// What is told of an alert; nothing while it is pending.
fn notice(alert: &Alert, besides: &Besides) -> Option<Notice> {
    let ended = match alert.state {
        AlertState::Pending => return None,
        AlertState::Firing => None,
        AlertState::Over => Some(alert.ended?),
    };
    let PrometheusAlert {
        labels,
        mut annotations,
    } = PrometheusAlert::of(alert);
    if let Some(runbook) = annotations.get_mut("runbook_url") {
        runbook.insert_str(0, &besides.runbooks);
    }
    let mut all = besides.labels.clone();
    let own = labels.into_iter();
    all.extend(own.map(|(name, value)| (name.to_owned(), cut(value, LONGEST_LABEL))));
    let annotations = annotations.into_iter();
    let annotations = annotations.map(|(name, text)| (name, cut(text, LONGEST_ANNOTATION)));
    Some(Notice {
        labels: Arc::new(all),
        annotations: annotations.collect(),
        page: alert.severity == Severity::Page,
        fired: alert.fired?,
        ended,
    })
}

/// The beginning of a text that is too long.
fn cut(mut text: String, most: usize) -> String {
    const MORE: &str = "…";
    if text.len() > most {
        let mut end = most.saturating_sub(MORE.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
        text.push_str(MORE);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::tests::firing;
    use monitor_model::format::{is_unseen, json_line};

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn fires() -> Alert {
        Alert {
            fired: Some(at("2026-01-31T12:00:10Z")),
            ..firing()
        }
    }

    fn over(ended: &str) -> Alert {
        Alert {
            state: AlertState::Over,
            ended: Some(at(ended)),
            ..fires()
        }
    }

    fn only(alerts: impl IntoIterator<Item = Alert>) -> Notice {
        let besides = Besides {
            labels: BTreeMap::from([("instance".to_owned(), "node-7".to_owned())]),
            runbooks: "https://wiki.example/".to_owned(),
        };
        let snapshot = Snapshot::of(alerts, &besides, at("2026-01-31T12:01:00Z"));
        assert_eq!(snapshot.notices.len(), 1);
        let notice = snapshot.notices.into_values().next().unwrap();
        Arc::unwrap_or_clone(notice)
    }

    fn told(notice: &Notice, now: &str) -> serde_json::Value {
        let told = notice.told_at(at(now), Duration::from_secs(240));
        serde_json::from_str(&json_line(&told).unwrap()).unwrap()
    }

    #[test]
    fn what_fires_is_told_with_its_start_and_a_lease() {
        let told = told(&only([fires()]), "2026-01-31T12:01:00Z");
        assert_eq!(told["startsAt"], "2026-01-31T12:00:10.000Z");
        assert_eq!(told["endsAt"], "2026-01-31T12:05:00.000Z");
        assert_eq!(told["labels"]["instance"], "node-7");
        assert_eq!(told["labels"]["severity"], "critical");
        assert_eq!(told["labels"].get("count"), None);
        assert_eq!(told["annotations"]["count"], "10000");
        assert_eq!(
            told["annotations"]["runbook_url"],
            "https://wiki.example/docs/findings.md#blackholed"
        );
    }

    #[test]
    fn what_is_over_is_told_with_both_its_times() {
        let told = told(
            &only([over("2026-01-31T12:03:00Z")]),
            "2026-01-31T12:04:00Z",
        );
        assert_eq!(told["startsAt"], "2026-01-31T12:00:10.000Z");
        assert_eq!(told["endsAt"], "2026-01-31T12:03:00.000Z");
    }

    #[test]
    fn however_the_wall_clock_is_set_no_start_is_to_come_and_none_is_after_its_end() {
        // Set back by an hour since it fired.
        let fires = told(&only([fires()]), "2026-01-31T11:00:00Z");
        assert_eq!(fires["startsAt"], "2026-01-31T11:00:00.000Z");
        assert_eq!(fires["endsAt"], "2026-01-31T11:04:00.000Z");
        let ended = only([over("2026-01-31T12:03:00Z")]);
        let told_over = told(&ended, "2026-01-31T11:00:00Z");
        assert_eq!(told_over["startsAt"], "2026-01-31T11:00:00.000Z");
        assert_eq!(told_over["endsAt"], "2026-01-31T11:00:00.000Z");
        // Set back between its start and its end, and forth again.
        let ended = only([over("2026-01-31T11:30:00Z")]);
        let told_over = told(&ended, "2026-01-31T12:30:00Z");
        assert_eq!(told_over["startsAt"], told_over["endsAt"]);
        assert_eq!(told_over["endsAt"], "2026-01-31T12:00:10.000Z");
    }

    #[test]
    fn of_one_that_was_over_and_fires_again_it_is_told_that_it_fires() {
        let (early, late) = (over("2026-01-31T12:02:00Z"), over("2026-01-31T12:03:00Z"));
        for alerts in [
            vec![fires(), early.clone(), late.clone()],
            vec![early.clone(), late.clone(), fires()],
        ] {
            assert_eq!(only(alerts).ended, None);
        }
        for alerts in [[early.clone(), late.clone()], [late.clone(), early]] {
            assert_eq!(only(alerts).ended, late.ended);
        }
    }

    #[test]
    fn what_is_pending_is_told_to_nobody() {
        let pending = Alert {
            state: AlertState::Pending,
            fired: None,
            ..firing()
        };
        let snapshot = Snapshot::of([pending], &Besides::default(), fires().since);
        assert!(snapshot.notices.is_empty());
    }

    #[test]
    fn whatever_others_are_called_nothing_unseen_goes_out() {
        let text = "a\n\u{202e}\u{1b}[2J\"}]";
        let hostile = Alert {
            owner: text.into(),
            path: text.into(),
            summary: text.into(),
            ..fires()
        };
        let line = only([hostile]);
        let line = json_line(&line.told_at(line.fired, Duration::ZERO)).unwrap();
        assert!(!line.contains(is_unseen), "{line:?}");
        serde_json::from_str::<serde_json::Value>(&line).unwrap();
    }

    #[test]
    fn texts_are_cut_where_they_are_too_long() {
        let long = Alert {
            summary: "ü".repeat(100_000),
            owner: "o".repeat(100_000),
            ..fires()
        };
        let told = told(&only([long]), "2026-01-31T12:01:00Z");
        let length = |value: &serde_json::Value| value.as_str().unwrap().len();
        assert_eq!(length(&told["labels"]["owner"]), LONGEST_LABEL);
        assert!(length(&told["annotations"]["description"]) <= LONGEST_ANNOTATION);
        assert!(told.to_string().len() < 16 << 10);
    }
}
