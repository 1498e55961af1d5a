//! Every metric: name, help, labels, and how it is read.

use super::exposition::Read::{Histograms, Known, Labelled, One, Seconds, SecondsLabelled, Share};
use super::exposition::{self, Metric};
use super::numbers::{HistoryShown, Labels, Metrics, Sample, count};
use crate::pushed::{LATENCY_BOUNDS, MOST_WAITING, Pushed};
use monitor_common::{Counter, GAP_BOUNDS_MS, GAP_BUCKETS, GapHistogram};
use monitor_model::finding::{Cause, FindingKind, Outcome};
use monitor_model::histogram::Histogram;
use monitor_model::listing::IdleState;
use std::collections::BTreeMap;

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

    /// The name of every metric.
    pub fn names() -> impl Iterator<Item = &'static str> {
        ALL.iter().map(|Metric(name, ..)| *name)
    }

    /// Everything in Prometheus' text format, version 0.0.4.
    pub fn render(&self) -> String {
        exposition::written(ALL, self)
    }
}

const ALL: &[Metric] = &[
    Metric(
        "tcplull_build_info",
        "Version of the daemon.",
        Labelled(&["version"], |_| {
            vec![sample([env!("CARGO_PKG_VERSION")], 1)]
        }),
    ),
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
        "tcplull_alerts_firing",
        "Alerts that fire now.",
        Labelled(&["alert", "path", "severity"], |now| by_labels(&now.firing)),
    ),
    Metric(
        "tcplull_alerts_pending",
        "Pages, and tickets on what nobody answers, that wait to see whether their trouble lasts.",
        Labelled(&["alert", "path", "severity"], |now| {
            by_labels(&now.pending)
        }),
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
        "Idle timeout of a path.",
        SecondsLabelled(&["path"], |now| {
            let paths = now.paths.iter();
            let stated = paths.filter_map(|(path, on)| Some((labels([path]), on.timeout?)));
            stated.collect()
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
    Metric(
        "tcplull_sweep_duration_seconds",
        "Time that the last sweep took.",
        Seconds(|now| now.last_sweep.duration),
    ),
    Metric(
        "tcplull_sweep_interval_seconds",
        "Interval between sweeps in force; stretched where sweeps cost much.",
        Seconds(|now| now.last_sweep.interval),
    ),
    Metric(
        "tcplull_sweep_unseen_seconds",
        "What begins and ends within this time no sweep sees, where that is beyond sweep_interval_max; else 0.",
        Seconds(|now| now.sweep_unseen),
    ),
    Metric(
        "tcplull_sweep_sockets",
        "Sockets that the last sweep walked.",
        One(|now| now.last_sweep.sockets),
    ),
    Metric(
        "tcplull_sweeps_total",
        "Sweeps completed.",
        One(|now| now.sweeps),
    ),
    Metric(
        "tcplull_sweep_rows_dropped_total",
        "Connections that a sweep found and could not write out.",
        One(|now| now.rows_dropped),
    ),
    Metric(
        "tcplull_sweep_samples_dropped_total",
        "Connections that a sweep showed only as samples, beyond what it holds of those.",
        One(|now| now.samples_dropped),
    ),
    Metric(
        "tcplull_facts_seen_total",
        "Facts that the kernel side had to tell.",
        One(|now| now.counter(Counter::FactsSeen)),
    ),
    Metric(
        "tcplull_facts_submitted_total",
        "Facts that the kernel side handed to the daemon.",
        One(|now| now.counter(Counter::FactsSubmitted)),
    ),
    Metric(
        "tcplull_facts_dropped_total",
        "Facts that the kernel side had to tell and could not, by reason.",
        Labelled(&["reason"], |now| {
            vec![
                sample(["ring_full"], now.counter(Counter::FactsDroppedRingFull)),
                sample(["budget"], now.counter(Counter::FactsDroppedBudget)),
            ]
        }),
    ),
    Metric(
        "tcplull_program_misses_total",
        "Calls of a hook for which the kernel did not run its program; what they had to tell is lost.",
        Labelled(&["program"], |now| {
            let programs = now.program_misses.iter();
            programs
                .map(|(program, misses)| sample([program], *misses))
                .collect()
        }),
    ),
    Metric(
        "tcplull_program_stats_enabled",
        "Whether the kernel counts the time that programs take (kernel.bpf_stats_enabled).",
        One(|now| u64::from(now.program_stats_enabled)),
    ),
    Metric(
        "tcplull_program_run_seconds_total",
        "CPU time that a program of the kernel side took while the kernel counted it; absent where it does not.",
        SecondsLabelled(&["program"], |now| {
            let programs = now.program_runs.iter();
            programs
                .map(|(program, (_, time))| (labels([program]), *time))
                .collect()
        }),
    ),
    Metric(
        "tcplull_program_runs_total",
        "Runs of a program of the kernel side while the kernel counted them; absent where it does not.",
        Labelled(&["program"], |now| {
            let programs = now.program_runs.iter();
            programs
                .map(|(program, (runs, _))| sample([program], *runs))
                .collect()
        }),
    ),
    Metric(
        "tcplull_ring_bytes",
        "Size of the buffer that brings facts to the daemon.",
        One(|now| now.ring_bytes),
    ),
    Metric(
        "tcplull_suspects",
        "Sockets under suspicion in the kernel.",
        One(|now| {
            // CPUs are read one after the other: a removal may be seen without its creation.
            let created = now.counter(Counter::SuspectsCreated);
            created.saturating_sub(now.counter(Counter::SuspectsRemoved))
        }),
    ),
    Metric(
        "tcplull_suspects_created_total",
        "Sockets that came under suspicion.",
        One(|now| now.counter(Counter::SuspectsCreated)),
    ),
    Metric(
        "tcplull_suspects_refused_total",
        "Looks at sockets that found no place: the kernel refused the storage, or too many half-closed ones are followed.",
        One(|now| now.counter(Counter::SuspectsRefused)),
    ),
    Metric(
        "tcplull_receive_hook_attached",
        "Whether a program runs on received segments of all sockets now; it does while one is silent or suspect (--watch global).",
        One(|now| u64::from(now.last_sweep.receives)),
    ),
    Metric(
        "tcplull_snapshots",
        "Silent sockets of which a snapshot is kept, at the last look at them (--watch snapshots).",
        One(|now| now.snapshots),
    ),
    Metric(
        "tcplull_snapshots_taken_total",
        "Silent sockets of which a snapshot was taken: what comes after is told.",
        One(|now| now.counter(Counter::SnapshotsTaken)),
    ),
    Metric(
        "tcplull_snapshots_refused_total",
        "Silent sockets of which none could be taken: too many, or the kernel refused. Sweeps alone see them.",
        One(|now| now.counter(Counter::SnapshotsRefused)),
    ),
    Metric(
        "tcplull_watched_sockets_added_total",
        "Silent sockets that began to be watched: from then on their callbacks are heard (--watch per-socket).",
        One(|now| now.counter(Counter::SocketsWatched)),
    ),
    Metric(
        "tcplull_watched_sockets_removed_total",
        "Sockets that are no longer watched; those of connections that ended are not counted.",
        One(|now| now.counter(Counter::SocketsUnwatched)),
    ),
    Metric(
        "tcplull_watched_sockets_refused_total",
        "Silent sockets that could not be watched at a sweep; the next one tries again.",
        One(|now| now.counter(Counter::WatchesRefused)),
    ),
    Metric(
        "tcplull_callbacks_detached_total",
        "Times that another process detached the callbacks of watched sockets; a sweep attached them again.",
        One(|now| now.callbacks_detached),
    ),
    Metric(
        "tcplull_host_processes_seen",
        "Whether the daemon sees the processes of the whole host; 0 in a pid namespace of its own.",
        One(|now| u64::from(now.host_processes_seen)),
    ),
    Metric(
        "tcplull_scope_found",
        "Whether all that the scope names was there at the last sweep; 1 without a scope.",
        One(|now| u64::from(now.scope_found)),
    ),
    Metric(
        "tcplull_hook_info",
        "Mechanism behind each hook; none where the hook is missing.",
        Labelled(&["hook", "mechanism"], |now| {
            now.hooks
                .iter()
                .map(|labels| (labels.to_vec(), 1))
                .collect()
        }),
    ),
    Metric(
        "tcplull_watch_level",
        "How much is watched: 1 for the level in force. sweeps and detached see too little to be relied on.",
        Labelled(&["level"], |now| {
            let levels = now.levels.iter();
            levels
                .map(|(level, is)| sample([level], u64::from(*is)))
                .collect()
        }),
    ),
    Metric(
        "tcplull_stepped_down",
        "Whether less is watched than at the start, because more of a core was taken than cpu_budget.",
        One(|now| u64::from(now.stepped_down)),
    ),
    Metric(
        "tcplull_step_downs_total",
        "Steps to watching less, by the level that they led to.",
        Labelled(&["to"], |now| {
            let steps = now.step_downs.iter();
            steps.map(|(to, count)| sample([to], *count)).collect()
        }),
    ),
    Metric(
        "tcplull_step_ups_total",
        "Steps to watching more again.",
        One(|now| now.step_ups),
    ),
    Metric(
        "tcplull_cpu_share",
        "What daemon and kernel programs took of one core of late: what cpu_budget bounds.",
        Share(|now| now.cpu_share),
    ),
    Metric(
        "tcplull_cpu_programs_share",
        "The kernel programs' part of tcplull_cpu_share; 0 where the kernel does not say.",
        Share(|now| now.cpu_programs_share),
    ),
    Metric(
        "tcplull_cpu_budget",
        "What cpu_budget allows of one core; +Inf where it is off.",
        Share(|now| now.cpu_budget),
    ),
    Metric(
        "tcplull_ready",
        "Whether the daemon is attached and sees what it is there for, as /readyz says.",
        One(|now| u64::from(now.ready)),
    ),
    Metric(
        "tcplull_config_last_reload_successful",
        "Whether the configuration could be put in force when it was read last, at the start or by SIGHUP.",
        One(|now| u64::from(now.config_reloaded)),
    ),
    Metric(
        "tcplull_config_last_reload_success_timestamp_seconds",
        "When a configuration was put in force last, since 1970.",
        Known(|now| Some(now.config_reloaded_unix_seconds)),
    ),
    Metric(
        "tcplull_judge_connections",
        "Connections that the judge holds.",
        One(|now| now.judge.tracked as u64),
    ),
    Metric(
        "tcplull_judge_stalls",
        "Connections that the judge watches because something waits on them.",
        One(|now| now.judge.stalls as u64),
    ),
    Metric(
        "tcplull_judge_habits",
        "Connections and workloads whose usual time to an answer the judge holds.",
        One(|now| now.judge.habits as u64),
    ),
    Metric(
        "tcplull_judge_neighbours",
        "Connections that the judge holds as a contrast to others.",
        One(|now| now.judge.siblings as u64),
    ),
    Metric(
        "tcplull_judge_contrasts",
        "Paths and remote prefixes of which the judge knows a gap survived or not.",
        One(|now| now.judge.contrasts as u64),
    ),
    Metric(
        "tcplull_judge_dropped_total",
        "What the judge could not take up or keep, by reason.",
        Labelled(&["reason"], |now| {
            vec![
                sample(["table_full"], now.judge.table_full_total),
                sample(["contrasts_full"], now.judge.contrasts_full_total),
                sample(["stalls_full"], now.judge.stalls_full_total),
                sample(["habits_full"], now.judge.habits_full_total),
                sample(["neighbours_full"], now.judge.siblings_full_total),
                sample(["ended_full"], now.judge.ended_full_total),
                sample(["expired"], now.judge.expired_total),
                sample(["unknown_kind"], now.judge.unknown_kind_total),
                sample(["unknown_path"], now.judge.unknown_path_total),
                sample(["no_cookie"], now.judge.no_cookie_total),
            ]
        }),
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
    Metric(
        "tcplull_owner_cache_evicted_total",
        "Cached processes and cgroups forgotten because there were too many.",
        One(|now| now.owners.evicted),
    ),
    Metric(
        "tcplull_owner_walks_cut_total",
        "Walks over the cgroup tree that ended early because it is too large.",
        One(|now| now.owners.walks_cut),
    ),
    Metric(
        "tcplull_own_addresses_unknown_total",
        "Times that it could not be told whether the address of a connection in trouble is on an interface.",
        One(|now| now.own_addresses_unknown),
    ),
    Metric(
        "process_cpu_seconds_total",
        "CPU time of the daemon, user and system.",
        Known(|now| now.process.cpu_seconds),
    ),
    Metric(
        "process_resident_memory_bytes",
        "Memory of the daemon that is resident.",
        Known(|now| now.process.resident_bytes),
    ),
    Metric(
        "process_virtual_memory_bytes",
        "Address space of the daemon.",
        Known(|now| now.process.virtual_bytes),
    ),
    Metric(
        "process_open_fds",
        "File descriptors that the daemon has open.",
        Known(|now| now.process.open_fds),
    ),
    Metric(
        "process_max_fds",
        "File descriptors that the daemon may have open.",
        Known(|now| now.process.max_fds),
    ),
    Metric(
        "process_threads",
        "Threads of the daemon.",
        Known(|now| now.process.threads),
    ),
    Metric(
        "process_start_time_seconds",
        "When the daemon began, since 1970.",
        Known(|now| now.process.start_unix_seconds),
    ),
];

/// What is read of the history, where one is to be kept.
fn of_history(now: &Metrics, read: fn(&HistoryShown) -> u64) -> Vec<Sample> {
    now.history
        .iter()
        .map(|history| sample([], read(history)))
        .collect()
}

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

/// One sample for each of these labels.
fn by_labels(counts: &BTreeMap<[String; 3], u64>) -> Vec<Sample> {
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

fn sample<const LABELS: usize>(labels: [&str; LABELS], value: u64) -> Sample {
    (self::labels(labels), value)
}

fn labels<const LABELS: usize>(labels: [&str; LABELS]) -> Labels {
    labels.map(str::to_owned).to_vec()
}
