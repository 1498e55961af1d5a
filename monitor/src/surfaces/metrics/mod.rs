//! Prometheus metrics, all under `tcplull_`.
//!
//! Every path and every outcome has its series from the start, so that `rate()`
//! sees the first event. Connections without a path count under the path `none`.

mod gaps;
mod series;
mod set;
mod totals;

#[cfg(test)]
mod tests;

use super::inspect::InspectTotals;
use crate::owner::OwnerTotals;
use monitor_common::Counter;
use monitor_judge::JudgeStats;
use monitor_judge::alerts::AlertStats;
use monitor_model::alert::Alert;
use monitor_model::finding::{Cause, Finding, FindingKind, Outcome};
use monitor_model::listing::Silence;
use prometheus::core::Collector;
use prometheus::{IntCounter, IntCounterVec, Registry, TextEncoder};
use series::Series;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use thiserror::Error;
pub use totals::{KernelTotals, SilentConnections, SweepReport};

/// The label of connections without a path. No path can have this name.
pub const NO_PATH_LABEL: &str = "none";

const SILENCES: [Silence; 3] = [Silence::AtRisk, Silence::Crossed, Silence::Stalled];

/// The metrics cannot be set up or written: a defect of this program.
#[derive(Debug, Error)]
#[error("metrics: {0}; this is a defect, please report it")]
pub struct MetricsError(#[from] prometheus::Error);

/// Everything that `/metrics` shows.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    /// Path labels that have series.
    paths: Mutex<BTreeSet<String>>,
    series: Series,
}

impl Metrics {
    /// Metrics with series for these paths.
    ///
    /// # Errors
    /// A defect in the names above; a test holds them valid.
    pub fn new<'a>(paths: impl IntoIterator<Item = &'a str>) -> Result<Self, MetricsError> {
        let registry = Registry::new();
        let metrics = Self {
            paths: Mutex::default(),
            series: Series::register(&registry)?,
            registry,
        };
        metrics.set_paths(paths);
        // So every reason has its series from the start.
        metrics.kernel(&KernelTotals::default());
        metrics.alerts([], AlertStats::default());
        metrics.judge(JudgeStats::default());
        Ok(metrics)
    }

    /// Gives these paths series, and takes those of others away (a reload).
    pub fn set_paths<'a>(&self, paths: impl IntoIterator<Item = &'a str>) {
        let wanted: BTreeSet<String> = paths
            .into_iter()
            .chain([NO_PATH_LABEL])
            .map(str::to_owned)
            .collect();
        let mut known = self.lock_paths();
        for path in known.difference(&wanted) {
            self.remove_path(path);
        }
        for path in &wanted {
            self.add_path(path);
        }
        *known = wanted;
    }

    /// Counts a finding.
    pub fn finding(&self, finding: &Finding) {
        let path = self.label(finding.path.as_deref());
        match finding.kind {
            FindingKind::AtRisk => self.series.at_risk.with_label_values(&[path]).inc(),
            FindingKind::Crossed => self.series.crossed.with_label_values(&[path]).inc(),
            FindingKind::Outcome { outcome } => self
                .series
                .outcomes
                .with_label_values(&[path, outcome.name()])
                .inc(),
            FindingKind::Stall { cause } => self
                .series
                .stalls
                .with_label_values(&[path, cause.name()])
                .inc(),
        }
    }

    /// Replaces the firing alerts. An alert that has ended stays at 0, so that a
    /// graph shows its end.
    pub fn alerts(&self, firing: impl IntoIterator<Item = Alert>, stats: AlertStats) {
        for family in self.series.alerts.collect() {
            for metric in family.get_metric() {
                let labels = metric.get_label().iter();
                let labels: HashMap<_, _> =
                    labels.map(|pair| (pair.name(), pair.value())).collect();
                self.series.alerts.with(&labels).set(0);
            }
        }
        for alert in firing {
            let severity = alert.severity.name();
            self.series
                .alerts
                .with_label_values(&[alert.name.as_str(), &alert.path, severity])
                .inc();
        }
        raise_labelled(
            &self.series.alerts_dropped,
            "too_many_alerts",
            stats.alerts_full_total,
        );
        raise_labelled(
            &self.series.alerts_dropped,
            "too_many_connections",
            stats.members_full_total,
        );
    }

    /// Takes in what a completed sweep found.
    pub fn sweep(&self, report: &SweepReport) {
        self.series.sweeps.inc();
        self.series
            .sweep_duration
            .set(report.duration.as_secs_f64());
        self.series
            .sweep_interval
            .set(report.interval.as_secs_f64());
        self.series.sweep_sockets.set(gauge_value(report.sockets));
        self.series.receiving.set(i64::from(report.receives));
        self.series.sweep_rows_dropped.inc_by(report.rows_dropped);
        let samples_dropped = &self.series.sweep_samples_dropped;
        samples_dropped.inc_by(report.samples_dropped);
        for path in self.lock_paths().iter() {
            self.zero_connections(path);
        }
        for silent in &report.silent {
            let path = self.label(silent.path.as_deref());
            let counts = [silent.at_risk, silent.crossed, silent.stalled];
            for (silence, count) in SILENCES.into_iter().zip(counts) {
                self.series
                    .connections
                    .with_label_values(&[path, silence.name()])
                    .set(gauge_value(count));
            }
        }
    }

    /// Takes in the kernel side's totals.
    pub fn kernel(&self, totals: &KernelTotals) {
        let total = |counter: Counter| {
            let mut all = Counter::ALL.iter().zip(totals.counters);
            all.find(|(known, _)| **known == counter)
                .map_or(0, |(_, total)| total)
        };
        raise(&self.series.facts_seen, total(Counter::FactsSeen));
        raise(&self.series.facts_submitted, total(Counter::FactsSubmitted));
        let ring_full = total(Counter::FactsDroppedRingFull);
        raise_labelled(&self.series.facts_dropped, "ring_full", ring_full);
        raise_labelled(
            &self.series.facts_dropped,
            "budget",
            total(Counter::FactsDroppedBudget),
        );
        raise(
            &self.series.suspects_created,
            total(Counter::SuspectsCreated),
        );
        raise(
            &self.series.suspects_refused,
            total(Counter::SuspectsRefused),
        );
        raise(&self.series.marks_set, total(Counter::SocketsWatched));
        raise(&self.series.marks_cleared, total(Counter::SocketsUnwatched));
        raise(&self.series.marks_refused, total(Counter::WatchesRefused));
        // CPUs are read one after the other: a removal may be seen without its creation.
        let suspects =
            total(Counter::SuspectsCreated).saturating_sub(total(Counter::SuspectsRemoved));
        self.series.suspects.set(gauge_value(suspects));
        self.series.ring_bytes.set(gauge_value(totals.ring_bytes));
        for (program, misses) in &totals.program_misses {
            raise_labelled(&self.series.program_misses, program, *misses);
        }
        for (path, histogram) in &totals.gaps {
            self.series
                .gaps
                .set(self.label(path.as_deref()), *histogram);
        }
    }

    /// Replaces the hooks, each with its mechanism if it has one.
    pub fn hooks<'a>(&self, hooks: impl IntoIterator<Item = (&'a str, Option<&'a str>)>) {
        self.series.hooks.reset();
        for (hook, mechanism) in hooks {
            let mechanism = mechanism.unwrap_or("none");
            self.series
                .hooks
                .with_label_values(&[hook, mechanism])
                .set(1);
        }
    }

    /// Takes in the judge's numbers.
    pub fn judge(&self, stats: JudgeStats) {
        for (gauge, held) in [
            (&self.series.judge_connections, stats.tracked),
            (&self.series.judge_stalls, stats.stalls),
            (&self.series.judge_habits, stats.habits),
            (&self.series.judge_neighbours, stats.neighbours),
            (&self.series.judge_contrasts, stats.contrasts),
        ] {
            gauge.set(gauge_value(held as u64));
        }
        for (reason, total) in [
            ("table_full", stats.table_full_total),
            ("contrasts_full", stats.contrasts_full_total),
            ("stalls_full", stats.stalls_full_total),
            ("habits_full", stats.habits_full_total),
            ("neighbours_full", stats.neighbours_full_total),
            ("expired", stats.expired_total),
            ("unknown_kind", stats.unknown_kind_total),
            ("unknown_path", stats.unknown_path_total),
            ("no_cookie", stats.no_cookie_total),
        ] {
            raise_labelled(&self.series.judge_dropped, reason, total);
        }
    }

    /// Takes in the inspection socket's totals.
    pub fn inspect(&self, totals: InspectTotals) {
        self.series.inspect_clients.set(gauge_value(totals.clients));
        raise(&self.series.inspect_refused, totals.refused);
        raise(&self.series.watch_lagged, totals.lagged);
    }

    /// Takes in how many findings the log could not take so far.
    pub fn log_dropped(&self, total: u64) {
        raise(&self.series.log_dropped, total);
    }

    /// Takes in how much the judge was told that its recording lacks so far.
    pub fn recording_dropped(&self, total: u64) {
        raise(&self.series.recording_dropped, total);
    }

    /// Takes in the owner resolver's totals.
    pub fn owners(&self, totals: OwnerTotals) {
        raise(&self.series.owner_evicted, totals.evicted);
        raise(&self.series.owner_walks_cut, totals.walks_cut);
    }

    /// Everything in Prometheus' text format, version 0.0.4.
    ///
    /// # Errors
    /// A defect in a metric; a test holds them valid.
    pub fn render(&self) -> Result<String, MetricsError> {
        Ok(TextEncoder::new().encode_to_string(&self.registry.gather())?)
    }

    /// The label of a path. A finding may still name one that a reload took away;
    /// its series then lives until the next reload.
    fn label<'a>(&self, path: Option<&'a str>) -> &'a str {
        let Some(path) = path else {
            return NO_PATH_LABEL;
        };
        if self.lock_paths().insert(path.to_owned()) {
            self.add_path(path);
        }
        path
    }

    fn add_path(&self, path: &str) {
        self.series.at_risk.with_label_values(&[path]);
        self.series.crossed.with_label_values(&[path]);
        for outcome in Outcome::ALL {
            self.series
                .outcomes
                .with_label_values(&[path, outcome.name()]);
        }
        for cause in Cause::ALL {
            self.series.stalls.with_label_values(&[path, cause.name()]);
        }
        for silence in SILENCES {
            self.series
                .connections
                .with_label_values(&[path, silence.name()]);
        }
        self.series.gaps.add(path);
    }

    fn remove_path(&self, path: &str) {
        // Removing reports a series that was never there, which is as good.
        let _ = self.series.at_risk.remove_label_values(&[path]);
        let _ = self.series.crossed.remove_label_values(&[path]);
        for outcome in Outcome::ALL {
            let _ = self
                .series
                .outcomes
                .remove_label_values(&[path, outcome.name()]);
        }
        for cause in Cause::ALL {
            let _ = self
                .series
                .stalls
                .remove_label_values(&[path, cause.name()]);
        }
        for silence in SILENCES {
            let _ = self
                .series
                .connections
                .remove_label_values(&[path, silence.name()]);
        }
        self.series.gaps.remove(path);
    }

    fn zero_connections(&self, path: &str) {
        for silence in SILENCES {
            self.series
                .connections
                .with_label_values(&[path, silence.name()])
                .set(0);
        }
    }

    fn lock_paths(&self) -> MutexGuard<'_, BTreeSet<String>> {
        // Every change is one call on the set, so it is whole even after a panic elsewhere.
        self.paths.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Brings a counter up to a total that is counted elsewhere. It never goes back.
fn raise(counter: &IntCounter, total: u64) {
    counter.inc_by(total.saturating_sub(counter.get()));
}

/// The same for one of several counters with one label.
fn raise_labelled(counters: &IntCounterVec, label: &str, total: u64) {
    raise(&counters.with_label_values(&[label]), total);
}

fn gauge_value(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
