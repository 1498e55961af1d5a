//! Who is told of it, by alerts and by each surface, and what did not reach them.

use crate::pushed::{LATENCY_BOUNDS, MOST_WAITING, Pushed};
use crate::surfaces::metrics::exposition::Metric;
use crate::surfaces::metrics::exposition::Read::{Histograms, Labelled, One};
use crate::surfaces::metrics::labelled::{labels, sample};
use crate::surfaces::metrics::numbers::{HistoryShown, Metrics, Sample, count};
use monitor_model::histogram::Histogram;
use std::collections::BTreeMap;

pub(super) const ALL: &[Metric] = &[
    Metric(
        "tcplull_alerts_firing",
        "Alerts that fire now.",
        Labelled(&["alert", "path", "path_owner", "severity"], |now| {
            by_labels(&now.firing)
        }),
    ),
    Metric(
        "tcplull_alerts_pending",
        "Pages, and tickets on what nobody answers, that wait to see whether their trouble lasts.",
        Labelled(&["alert", "path", "path_owner", "severity"], |now| {
            by_labels(&now.pending)
        }),
    ),
    Metric(
        "tcplull_heal_sockets",
        "Sockets whose timers the daemon has set and not set back, by path ([path.heal]).",
        Labelled(&["path"], |now| {
            let sockets = now.heal.sockets.iter();
            sockets
                .map(|(path, count)| sample([path], *count))
                .collect()
        }),
    ),
    Metric(
        "tcplull_heal_results_total",
        "What came of looks at sockets of paths that are healed, by path and result.",
        Labelled(&["path", "result"], |now| {
            let results = now.heal.results.iter();
            results
                .map(|((path, result), count)| sample([path, result], *count))
                .collect()
        }),
    ),
    Metric(
        "tcplull_heal_save_failures_total",
        "Times that what sockets had before they were healed could not be noted for the daemon's next start.",
        One(|now| now.heal.not_saved),
    ),
    Metric(
        "tcplull_alerts_dropped_total",
        "Findings beyond the bounds of the alerts, by reason.",
        Labelled(&["reason"], |now| {
            vec![
                sample(["too_many_alerts"], now.alerts.alerts_full_total),
                sample(["too_many_of_one_owner"], now.alerts.share_full_total),
                sample(["too_many_connections"], now.alerts.members_full_total),
                sample(["too_many_over"], now.alerts.over_full_total),
            ]
        }),
    ),
    Metric(
        "tcplull_alerts_save_failures_total",
        "Times that the alerts could not be saved for the daemon's next start.",
        One(|now| now.alerts_not_saved),
    ),
    Metric(
        "tcplull_notifications_total",
        "Alerts that an Alertmanager took, each time they were sent.",
        Labelled(&["alertmanager"], |now| {
            now.by_alertmanager(|name, pushed| [sample([name], pushed.sent)])
        }),
    ),
    Metric(
        "tcplull_notifications_errors_total",
        "Requests to an Alertmanager that failed, by reason; what they held is sent again.",
        Labelled(&["alertmanager", "reason"], |now| {
            now.by_alertmanager(|name, pushed| by_reason(name, &pushed.errors))
        }),
    ),
    Metric(
        "tcplull_notifications_dropped_total",
        "Alerts that an Alertmanager was not told of, by reason.",
        Labelled(&["alertmanager", "reason"], |now| {
            now.by_alertmanager(|name, pushed| by_reason(name, &pushed.dropped))
        }),
    ),
    Metric(
        "tcplull_notifications_queue_length",
        "Alerts that are due to an Alertmanager and not sent.",
        Labelled(&["alertmanager"], |now| {
            now.by_alertmanager(|name, pushed| [sample([name], pushed.waiting)])
        }),
    ),
    Metric(
        "tcplull_notifications_latency_seconds",
        "Time that requests to an Alertmanager took, failed ones too.",
        Histograms(&["alertmanager"], |now| {
            let pushed = now.pushed.iter();
            pushed
                .map(|pushed| (labels([&pushed.name]), latency(pushed)))
                .collect()
        }),
    ),
    Metric(
        "tcplull_notifications_queue_capacity",
        "Alerts that can wait for one Alertmanager.",
        One(|_| MOST_WAITING),
    ),
    Metric(
        "tcplull_http_cut_total",
        "HTTP connections that were cut, by the room they were in (head: their request was not there yet) and why.",
        Labelled(&["reason", "room"], |now| {
            let cut = now.http_cut.iter();
            cut.map(|(labels, count)| sample(*labels, *count)).collect()
        }),
    ),
    Metric(
        "tcplull_http_refused_total",
        "HTTP requests and TLS handshakes that were refused, by reason; host: for a name that this host is not known by.",
        Labelled(&["reason"], |now| {
            let reasons = [
                "auth",
                "certificate",
                "config",
                "host",
                "malformed",
                "rate",
                "tls",
            ];
            let refused = |why| now.http_refused.get(why).copied().unwrap_or_default();
            reasons.map(|why| sample([why], refused(why))).into()
        }),
    ),
    Metric(
        "tcplull_inspect_clients",
        "Clients of the inspection socket.",
        One(|now| now.inspect_clients),
    ),
    Metric(
        "tcplull_inspect_refused_total",
        "Clients of the inspection socket turned away because there were too many, or too much that others had not read.",
        One(|now| now.inspect_refused),
    ),
    Metric(
        "tcplull_inspect_cut_total",
        "Clients of the inspection socket cut off because they took nothing of an answer for five minutes.",
        One(|now| now.inspect_cut),
    ),
    Metric(
        "tcplull_lists_total",
        "Lists of connections and single ones that were asked for, by whose sweep told them; shared: one made for somebody else.",
        Labelled(&["sweep"], |now| {
            let [own, shared] = now.lists;
            vec![sample(["own"], own), sample(["shared"], shared)]
        }),
    ),
    Metric(
        "tcplull_watch_lagged_total",
        "Findings that watching clients missed because they read too slowly.",
        One(|now| now.watch_lagged),
    ),
    Metric(
        "tcplull_log_dropped_total",
        "Findings that did not reach the log because its reader was too slow.",
        One(|now| count(&now.dropped, &"log")),
    ),
    Metric(
        "tcplull_log_left_out_total",
        "Lines that were left out because they came faster than log_rate; pages never are.",
        Labelled(&["log"], |now| {
            vec![
                sample(["findings"], now.findings_left_out),
                sample(["messages"], now.messages_left_out),
            ]
        }),
    ),
    Metric(
        "tcplull_messages_dropped_total",
        "Lines of the daemon about itself that did not reach standard error because its reader was too slow.",
        One(|now| now.messages_dropped),
    ),
    Metric(
        "tcplull_history_kept",
        "Whether the history is kept; 0 while the disk refuses. Without series where none is to be kept.",
        Labelled(&[], |now| {
            of_history(now, |history| u64::from(history.kept))
        }),
    ),
    Metric(
        "tcplull_history_bytes",
        "Length of all files of the history.",
        Labelled(&[], |now| of_history(now, |history| history.bytes)),
    ),
    Metric(
        "tcplull_history_segments",
        "Files of the history.",
        Labelled(&[], |now| of_history(now, |history| history.segments)),
    ),
    Metric(
        "tcplull_history_oldest_timestamp_seconds",
        "When the oldest file of the history was begun, since 1970.",
        Labelled(&[], |now| {
            let oldest = now.history.and_then(|history| history.oldest);
            oldest
                .map(|seconds| sample([], seconds))
                .into_iter()
                .collect()
        }),
    ),
    Metric(
        "tcplull_history_records_total",
        "Records written to the history.",
        Labelled(&[], |now| of_history(now, |history| history.written)),
    ),
    Metric(
        "tcplull_history_dropped_total",
        "Records that the history lacks, by reason; bound: those that went, as the oldest, to keep it within its bounds.",
        Labelled(&["reason"], |now| {
            let history = now.history.iter();
            let lacks = |history: &HistoryShown| {
                [
                    sample(["bound"], history.let_go),
                    sample(["not_written"], count(&now.dropped, &"history")),
                ]
            };
            history.flat_map(lacks).collect()
        }),
    ),
    Metric(
        "tcplull_history_errors_total",
        "Times that the disk refused the history.",
        Labelled(&[], |now| of_history(now, |history| history.refused)),
    ),
    Metric(
        "tcplull_history_unread_total",
        "What was found in the history's folder and is not read: cut ends of files, damaged files, and files of others.",
        Labelled(&["what"], |now| {
            let history = now.history.iter();
            let unread = |history: &HistoryShown| {
                let [damaged, foreign] = history.unread;
                [
                    sample(["cut"], history.cut),
                    sample(["damaged"], damaged),
                    sample(["foreign"], foreign),
                ]
            };
            history.flat_map(unread).collect()
        }),
    ),
    Metric(
        "tcplull_recording_dropped_total",
        "What the judge was told and its recording (run --record) lacks.",
        One(|now| now.recording_dropped),
    ),
];

impl Metrics {
    /// What `samples` takes of each Alertmanager.
    fn by_alertmanager<'a, S: IntoIterator<Item = Sample>>(
        &'a self,
        samples: impl Fn(&'a str, &'a Pushed) -> S,
    ) -> Vec<Sample> {
        let pushed = self.pushed.iter();
        pushed
            .flat_map(|pushed| samples(&pushed.name, pushed))
            .collect()
    }
}

/// What is read of the history, where one is to be kept.
fn of_history(now: &Metrics, read: fn(&HistoryShown) -> u64) -> Vec<Sample> {
    now.history
        .iter()
        .map(|history| sample([], read(history)))
        .collect()
}

/// One sample for each of these labels.
fn by_labels(counts: &BTreeMap<[String; 4], u64>) -> Vec<Sample> {
    let counts = counts.iter();
    counts
        .map(|(labels, count)| (labels.to_vec(), *count))
        .collect()
}

/// How long requests took.
fn latency(pushed: &Pushed) -> Histogram {
    let sum = pushed.latency_sum.as_secs_f64();
    Histogram::counted(&LATENCY_BOUNDS, &pushed.latency, sum)
}

/// One sample for each reason.
fn by_reason<'a>(
    name: &'a str,
    counts: &'a BTreeMap<&'static str, u64>,
) -> impl Iterator<Item = Sample> + 'a {
    let counts = counts.iter();
    counts.map(move |(reason, count)| sample([name, reason], *count))
}
