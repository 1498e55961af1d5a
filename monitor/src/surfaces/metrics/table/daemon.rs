//! The daemon itself: what it is, whether it does its work, and what its judge and its process hold.

use crate::surfaces::metrics::exposition::Metric;
use crate::surfaces::metrics::exposition::Read::{Known, Labelled, One};
use crate::surfaces::metrics::labelled::sample;

pub(super) const ALL: &[Metric] = &[
    Metric(
        "tcplull_build_info",
        "Version of the daemon.",
        Labelled(&["version"], |_| {
            vec![sample([env!("CARGO_PKG_VERSION")], 1)]
        }),
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
        "tcplull_judge_learned",
        "Paths and remote prefixes of whose timeout the judge has learned something.",
        One(|now| now.judge.learned as u64),
    ),
    Metric(
        "tcplull_judge_learned_forgotten_total",
        "Silences from which nothing was learned, or that were forgotten, because there is no more room.",
        One(|now| now.judge.learned_dropped_total),
    ),
    Metric(
        "tcplull_learned_unread_total",
        "Parts of what an earlier daemon has learned of timeouts that are damaged, and left out.",
        One(|now| now.learned_unread),
    ),
    Metric(
        "tcplull_learned_save_failures_total",
        "Times that what is learned of timeouts could not be saved for the daemon's next start.",
        One(|now| now.learned_not_saved),
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
                sample(["warnings_full"], now.judge.warnings_full_total),
                sample(["expired"], now.judge.expired_total),
                sample(["unknown_kind"], now.judge.unknown_kind_total),
                sample(["unknown_path"], now.judge.unknown_path_total),
                sample(["no_cookie"], now.judge.no_cookie_total),
            ]
        }),
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
        "tcplull_local_conntrack_questions_total",
        "Questions to this host's own tables of connections, by what became of them.",
        Labelled(&["result"], |now| {
            let count = |result| now.local_conntrack.get(result).copied().unwrap_or_default();
            let results = ["answered", "dropped", "failed"];
            results.map(|result| sample([result], count(result))).into()
        }),
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
