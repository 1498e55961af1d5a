//! What was found, and how long silences and stalls were.

use crate::surfaces::metrics::exposition::Metric;
use crate::surfaces::metrics::exposition::Read::{Histograms, Labelled, One, SecondsLabelled};
use crate::surfaces::metrics::labelled::{labels, sample};
use crate::surfaces::metrics::numbers::count;
use monitor_common::{GAP_BOUNDS_MS, GAP_BUCKETS, GapHistogram};
use monitor_model::finding::{Cause, FindingKind, Outcome};
use monitor_model::histogram::Histogram;
use monitor_model::listing::IdleState;

pub(super) const ALL: &[Metric] = &[
    Metric(
        "tcplull_at_risk_total",
        "Connections found to be about to cross their path's idle timeout.",
        Labelled(&["path"], |now| {
            now.by_path(|path, on| [sample([path], count(&on.findings, &FindingKind::AtRisk))])
        }),
    ),
    Metric(
        "tcplull_crossed_total",
        "Silences that reached their path's idle timeout.",
        Labelled(&["path"], |now| {
            now.by_path(|path, on| [sample([path], count(&on.findings, &FindingKind::Crossed))])
        }),
    ),
    Metric(
        "tcplull_outcomes_total",
        "What followed a silence, by path and outcome.",
        Labelled(&["outcome", "path"], |now| {
            now.by_path(|path, on| {
                let kinds = Outcome::ALL
                    .iter()
                    .map(|&outcome| FindingKind::Outcome { outcome });
                kinds.map(move |kind| sample([kind.name(), path], count(&on.findings, &kind)))
            })
        }),
    ),
    Metric(
        "tcplull_stalls_total",
        "Connections that should move and did not, by path and cause.",
        Labelled(&["cause", "path"], |now| {
            now.by_path(|path, on| {
                let kinds = Cause::ALL.iter().map(|&cause| FindingKind::Stall { cause });
                kinds.map(move |kind| sample([kind.name(), path], count(&on.findings, &kind)))
            })
        }),
    ),
    Metric(
        "tcplull_connections",
        "Silent connections at the last sweep, each counted once.",
        Labelled(&["path", "silence"], |now| {
            now.by_path(|path, on| {
                let silences = [IdleState::AtRisk, IdleState::Crossed, IdleState::Stalled];
                silences.map(|silence| sample([path, silence.name()], count(&on.silent, &silence)))
            })
        }),
    ),
    Metric(
        "tcplull_gap_seconds",
        "Silences past min_gap that ended, by path.",
        Histograms(&["path"], |now| {
            let paths = now.paths.iter();
            paths
                .map(|(path, on)| (labels([path]), gaps(&on.gaps)))
                .collect()
        }),
    ),
    Metric(
        "tcplull_path_timeout_seconds",
        "Idle timeout of a path: as it is in force, and the bounds that its connections have shown.",
        SecondsLabelled(&["bound", "path"], |now| {
            let paths = now.paths.iter();
            let bounds = paths.flat_map(|(path, on)| {
                let [least, most] = on.learned;
                let bounds = [("stated", on.timeout), ("least", least), ("most", most)];
                bounds.map(|(bound, seconds)| Some((labels([bound, path]), seconds?)))
            });
            bounds.flatten().collect()
        }),
    ),
    Metric(
        "tcplull_findings_total",
        "Findings by the workload that holds the connection; a new series is shown as 0 for its first 70 s.",
        Labelled(
            &["finding", "kind", "path", "severity", "workload"],
            |now| now.workloads.shown().collect(),
        ),
    ),
    Metric(
        "tcplull_workloads",
        "Workloads that tcplull_findings_total names.",
        One(|now| now.workloads.named() as u64),
    ),
    Metric(
        "tcplull_workloads_dropped_total",
        "Findings that are counted under the workload ~other, by reason.",
        Labelled(&["reason"], |now| {
            let unnamed = now.workloads.unnamed();
            vec![
                sample(["too_many_workloads"], unnamed.too_many_workloads),
                sample(["too_many_of_one_owner"], unnamed.too_many_of_one_owner),
                sample(["too_many_series"], unnamed.too_many_series),
            ]
        }),
    ),
    Metric(
        "tcplull_stall_duration_seconds",
        "How long stalls lasted that are over, by cause and how they ended; a new series is shown as 0 for its first 70 s.",
        Histograms(&["cause", "end"], |now| {
            let times = now.stall_times();
            times
                .map(|(names, times)| (labels(*names), times))
                .collect()
        }),
    ),
    Metric(
        "tcplull_finding_delay_seconds",
        "Time from the fact that settled a finding until it was told.",
        Histograms(&["kind"], |now| {
            let delays = now.delays();
            delays
                .map(|(kind, delays)| (labels([kind.name()]), delays))
                .collect()
        }),
    ),
];

/// Upper bounds of the histogram of gaps, in seconds: as the kernel side has them, in ms.
const GAP_BOUNDS: [f64; GAP_BUCKETS - 1] = {
    let mut bounds = [0.0; GAP_BUCKETS - 1];
    let mut place = 0;
    while place < bounds.len() {
        bounds[place] = GAP_BOUNDS_MS[place] as f64 / 1000.0;
        place += 1;
    }
    bounds
};

fn gaps(gaps: &GapHistogram) -> Histogram {
    Histogram::counted(&GAP_BOUNDS, &gaps.buckets, gaps.sum_ms as f64 / 1000.0)
}
