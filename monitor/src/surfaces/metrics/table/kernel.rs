//! The kernel side, sweeps, and how much is watched at what cost.

use crate::surfaces::metrics::exposition::Metric;
use crate::surfaces::metrics::exposition::Read::{Labelled, One, Seconds, SecondsLabelled, Share};
use crate::surfaces::metrics::labelled::{labels, sample};
use monitor_common::Counter;

pub(super) const ALL: &[Metric] = &[
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
];
