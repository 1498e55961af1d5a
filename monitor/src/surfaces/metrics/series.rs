//! Every series by name, with its help text.

use super::MetricsError;
use super::gaps::Gaps;
use super::set::Set;
use prometheus::{Gauge, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Registry};

#[derive(Debug)]
pub(super) struct Series {
    pub(super) at_risk: IntCounterVec,
    pub(super) crossed: IntCounterVec,
    pub(super) outcomes: IntCounterVec,
    pub(super) stalls: IntCounterVec,
    pub(super) alerts: IntGaugeVec,
    pub(super) alerts_dropped: IntCounterVec,
    pub(super) connections: IntGaugeVec,
    pub(super) gaps: Gaps,
    pub(super) sweep_duration: Gauge,
    pub(super) sweep_interval: Gauge,
    pub(super) sweep_sockets: IntGauge,
    pub(super) sweeps: IntCounter,
    pub(super) sweep_rows_dropped: IntCounter,
    pub(super) sweep_samples_dropped: IntCounter,
    pub(super) facts_seen: IntCounter,
    pub(super) facts_submitted: IntCounter,
    pub(super) facts_dropped: IntCounterVec,
    pub(super) program_misses: IntCounterVec,
    pub(super) ring_bytes: IntGauge,
    pub(super) suspects: IntGauge,
    pub(super) suspects_created: IntCounter,
    pub(super) suspects_refused: IntCounter,
    pub(super) receiving: IntGauge,
    pub(super) marks_set: IntCounter,
    pub(super) marks_cleared: IntCounter,
    pub(super) marks_refused: IntCounter,
    pub(super) hooks: IntGaugeVec,
    pub(super) judge_connections: IntGauge,
    pub(super) judge_stalls: IntGauge,
    pub(super) judge_habits: IntGauge,
    pub(super) judge_neighbours: IntGauge,
    pub(super) judge_contrasts: IntGauge,
    pub(super) judge_dropped: IntCounterVec,
    pub(super) inspect_clients: IntGauge,
    pub(super) inspect_refused: IntCounter,
    pub(super) watch_lagged: IntCounter,
    pub(super) log_dropped: IntCounter,
    pub(super) recording_dropped: IntCounter,
    pub(super) owner_evicted: IntCounter,
    pub(super) owner_walks_cut: IntCounter,
}

impl Series {
    /// Makes every series in `registry`.
    pub(super) fn register(registry: &Registry) -> Result<Self, MetricsError> {
        let set = Set(registry);
        let version = set.gauge_vec("build_info", "Version of the daemon.", &["version"])?;
        version
            .with_label_values(&[env!("CARGO_PKG_VERSION")])
            .set(1);
        Ok(Self {
            at_risk: set.counter_vec(
                "at_risk_total",
                "Connections found to be about to cross their path's idle timeout.",
                &["path"],
            )?,
            crossed: set.counter_vec(
                "crossed_total",
                "Silences that reached their path's idle timeout.",
                &["path"],
            )?,
            outcomes: set.counter_vec(
                "outcomes_total",
                "What followed a silence, by path and outcome.",
                &["path", "outcome"],
            )?,
            stalls: set.counter_vec(
                "stalls_total",
                "Connections that should move and did not, by path and cause.",
                &["path", "cause"],
            )?,
            alerts: set.gauge_vec(
                "alerts_firing",
                "Alerts that fire now.",
                &["alert", "path", "severity"],
            )?,
            alerts_dropped: set.counter_vec(
                "alerts_dropped_total",
                "Findings beyond the bounds of the alerts, by reason.",
                &["reason"],
            )?,
            connections: set.gauge_vec(
                "connections",
                "Silent connections at the last sweep, each counted once.",
                &["path", "silence"],
            )?,
            gaps: set.add(Gaps::new()?)?,
            sweep_duration: set
                .seconds("sweep_duration_seconds", "Time that the last sweep took.")?,
            sweep_interval: set.seconds(
                "sweep_interval_seconds",
                "Interval between sweeps in force; stretched where sweeps cost much.",
            )?,
            sweep_sockets: set.gauge("sweep_sockets", "Sockets that the last sweep walked.")?,
            sweeps: set.counter("sweeps_total", "Sweeps completed.")?,
            sweep_rows_dropped: set.counter(
                "sweep_rows_dropped_total",
                "Connections that a sweep found and could not write out.",
            )?,
            sweep_samples_dropped: set.counter(
                "sweep_samples_dropped_total",
                "Connections that a sweep showed only as samples, beyond what it holds of those.",
            )?,
            facts_seen: set.counter(
                "facts_seen_total",
                "Facts that the kernel side had to tell.",
            )?,
            facts_submitted: set.counter(
                "facts_submitted_total",
                "Facts that the kernel side handed to the daemon.",
            )?,
            facts_dropped: set.counter_vec(
                "facts_dropped_total",
                "Facts that the kernel side had to tell and could not, by reason.",
                &["reason"],
            )?,
            program_misses: set.counter_vec(
                "program_misses_total",
                "Calls of a hook for which the kernel did not run its program; what they had to tell is lost.",
                &["program"],
            )?,
            ring_bytes: set.gauge(
                "ring_bytes",
                "Size of the buffer that brings facts to the daemon.",
            )?,
            suspects: set.gauge("suspects", "Sockets under suspicion in the kernel.")?,
            suspects_created: set.counter(
                "suspects_created_total",
                "Sockets that came under suspicion.",
            )?,
            suspects_refused: set.counter(
                "suspects_refused_total",
                "Sockets that could not be followed because the kernel refused the storage.",
            )?,
            receiving: set.gauge(
                "receive_hook_attached",
                "Whether a program runs on received segments of all sockets now; it does while one is silent or suspect (--watch global).",
            )?,
            marks_set: set.counter(
                "marks_set_total",
                "Silent sockets that were marked, so that their callbacks are heard (--watch per-socket).",
            )?,
            marks_cleared: set.counter(
                "marks_cleared_total",
                "Marks that were cleared again; those of connections that ended are not counted.",
            )?,
            marks_refused: set.counter(
                "marks_refused_total",
                "Silent sockets that could not be marked at a sweep; the next one tries again.",
            )?,
            hooks: set.gauge_vec(
                "hook_info",
                "Mechanism behind each hook; none where the hook is missing.",
                &["hook", "mechanism"],
            )?,
            judge_connections: set
                .gauge("judge_connections", "Connections that the judge holds.")?,
            judge_stalls: set.gauge(
                "judge_stalls",
                "Connections that the judge watches because something waits on them.",
            )?,
            judge_habits: set.gauge(
                "judge_habits",
                "Connections and workloads whose usual time to an answer the judge holds.",
            )?,
            judge_neighbours: set.gauge(
                "judge_neighbours",
                "Connections that the judge holds as a contrast to others.",
            )?,
            judge_contrasts: set.gauge(
                "judge_contrasts",
                "Paths and remote prefixes of which the judge knows a gap survived or not.",
            )?,
            judge_dropped: set.counter_vec(
                "judge_dropped_total",
                "What the judge could not take up or keep, by reason.",
                &["reason"],
            )?,
            inspect_clients: set.gauge("inspect_clients", "Clients of the inspection socket.")?,
            inspect_refused: set.counter(
                "inspect_refused_total",
                "Clients of the inspection socket turned away because there were too many.",
            )?,
            watch_lagged: set.counter(
                "watch_lagged_total",
                "Findings that watching clients missed because they read too slowly.",
            )?,
            log_dropped: set.counter(
                "log_dropped_total",
                "Findings that did not reach the log because its reader was too slow.",
            )?,
            recording_dropped: set.counter(
                "recording_dropped_total",
                "What the judge was told and its recording (run --record) lacks.",
            )?,
            owner_evicted: set.counter(
                "owner_cache_evicted_total",
                "Cached processes and cgroups forgotten because there were too many.",
            )?,
            owner_walks_cut: set.counter(
                "owner_walks_cut_total",
                "Walks over the cgroup tree that ended early because it is too large.",
            )?,
        })
    }
}
