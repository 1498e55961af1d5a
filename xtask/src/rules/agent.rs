//! Alerts on the daemon itself: what it does not do, or does less well, while what it tells of connections looks as ever.
//! They are tickets, but for the one on a fleet that is not watched at all. And one that fires always.

use super::case::{none, on, one, over_all};
use super::rule::{Alert, Case, Group, Series, Severity};

/// All of them.
pub fn group() -> Group {
    Group {
        name: "tcplull-agent",
        about: "Whether the daemons do their work: what they miss, nobody is told.",
        interval: "",
        records: Vec::new(),
        alerts: vec![
            absent(),
            down(),
            not_ready(),
            hook_missing(),
            stepped_down(),
            not_sweeping(),
            sweeps_too_rare(),
            facts_dropped(),
            tables_full(),
            alerts_dropped(),
            alerts_not_saved(),
            notifications_failing(),
            notifications_dropped(),
            outputs_dropped(),
            config_reload_failed(),
            scope_not_found(),
            host_not_seen(),
            restarts(),
        ],
    }
}

const WATCHDOG: &str = "This alert fires always. If it is missing, Prometheus does not evaluate these rules, or Alertmanager does not hear of them.";

/// The one that fires always, alone: whoever misses it is told nothing of all the others.
pub fn watchdog() -> Group {
    Group {
        name: "tcplull-watchdog",
        about: "Fires always. Route it to what wakes somebody when it is NOT there, such as a dead man's switch.",
        interval: "",
        records: Vec::new(),
        alerts: vec![Alert {
            name: "TcplullWatchdog".to_owned(),
            why: "",
            expression: "vector(1)".to_owned(),
            hold: "",
            keep: "",
            severity: Severity::None,
            summary: "The way from tcplull's rules to you works".to_owned(),
            description: WATCHDOG.to_owned(),
            runbook: runbook("tcplullwatchdog"),
            fires: vec![Case {
                name: "fires with nothing scraped at all",
                series: Vec::new(),
                at: "0m",
                alerts: vec![(Vec::new(), WATCHDOG.to_owned())],
            }],
            // There is nothing under which it would not.
            rests: Vec::new(),
        }],
    }
}

fn runbook(anchor: &str) -> String {
    format!("docs/prometheus.md#{anchor}")
}

/// A ticket about one node.
fn ticket(name: &str, expression: &str, summary: &str, description: &str) -> Alert {
    Alert {
        name: name.to_owned(),
        why: "",
        expression: expression.to_owned(),
        hold: "",
        keep: "",
        severity: Severity::Warning,
        summary: summary.to_owned(),
        description: description.to_owned(),
        runbook: runbook(&name.to_ascii_lowercase()),
        fires: Vec::new(),
        rests: Vec::new(),
    }
}

/// As [`ticket`], where a state is to last.
fn lasting(
    hold: &'static str,
    name: &str,
    expression: &str,
    summary: &str,
    description: &str,
) -> Alert {
    Alert {
        hold,
        keep: "%keep%",
        ..ticket(name, expression, summary, description)
    }
}

/// As [`ticket`], where a count is to stand still.
fn counted(name: &str, expression: &str, summary: &str, description: &str) -> Alert {
    Alert {
        keep: "%keep_count%",
        ..ticket(name, expression, summary, description)
    }
}

/// The description, of node 1.
fn of_node_1(description: &str) -> String {
    description.replace("{{ $labels.instance }}", "node-1:9469")
}

impl Alert {
    /// It fires with this series of node 1, and not with the other values.
    fn tried(self, name: &str, labels: &str, fires: (&str, &'static str), rests: &[&str]) -> Self {
        let series = |values: &str| vec![on(1, name, labels, values)];
        let description = of_node_1(&self.description);
        self.with(
            series(fires.0),
            fires.1,
            &[],
            &description,
            rests.iter().map(|values| series(values)),
        )
    }

    /// It fires with these series, and not with the others.
    fn with(
        mut self,
        fires: Vec<Series>,
        at: &'static str,
        labels: &[(&'static str, &str)],
        description: &str,
        rests: impl IntoIterator<Item = Vec<Series>>,
    ) -> Self {
        self.fires
            .push(one("fires", fires, at, labels, description));
        let rests = rests.into_iter().map(|series| none("does not", series, at));
        self.rests.extend(rests);
        self
    }
}

fn absent() -> Alert {
    let name = "TcplullAbsent";
    let description = "Prometheus scrapes no daemon of job {{ $labels.job }}: nothing that happens to connections is told. Is the job called so, and does it find its targets?";
    let said = "Prometheus scrapes no daemon of job tcplull: nothing that happens to connections is told. Is the job called so, and does it find its targets?";
    let up = |values| vec![on(1, "up", "", values), on(2, "up", "", "0x30")];
    Alert {
        severity: Severity::Critical,
        fires: vec![
            over_all(
                "fires where there is no target",
                Vec::new(),
                "11m",
                &[],
                said,
            ),
            over_all("fires where none answers", up("0x30"), "11m", &[], said),
        ],
        rests: vec![
            none("does not while one answers", up("1x30"), "11m"),
            none("waits", up("1x5 0x20"), "14m"),
        ],
        ..lasting(
            "%agent_for%",
            name,
            "absent(up{%job%})\nor\nmax without (%node%) (up{%job%}) == 0",
            "No tcplull at all is scraped",
            description,
        )
    }
}

fn down() -> Alert {
    lasting(
        "%agent_for%",
        "TcplullDown",
        "up{%job%} == 0",
        "A daemon cannot be scraped",
        "{{ $labels.instance }} does not answer, or not in time: what happens to its connections is not told.",
    )
    .tried("up", "", ("1 1 0x20", "13m"), &["1x5 0x20", "1x30"])
}

fn not_ready() -> Alert {
    lasting(
        "%agent_for%",
        "TcplullNotReady",
        "tcplull_ready{%job%} == 0",
        "A daemon does not do its work",
        "On {{ $labels.instance }}: `/readyz` there says why.",
    )
    .tried("tcplull_ready", "", ("1 0x20", "12m"), &["1x4 0x20"])
}

fn hook_missing() -> Alert {
    let description = "On {{ $labels.instance }}: {{ $labels.hook }}. `tcplull check` there says why none of its mechanisms works.";
    let said =
        "On node-1:9469: retransmit. `tcplull check` there says why none of its mechanisms works.";
    let hook = |mechanism: &str, values| {
        let labels = format!("hook=\"retransmit\", mechanism=\"{mechanism}\"");
        on(1, "tcplull_hook_info", &labels, values)
    };
    let alert = lasting(
        "%state_for%",
        "TcplullHookMissing",
        "tcplull_hook_info{%job%, mechanism=\"none\"} == 1\nunless ignoring (hook, mechanism) tcplull_stepped_down{%job%} == 1",
        "A hook of the kernel is missing: what it would tell is not seen",
        description,
    );
    let stepped_down = vec![
        hook("none", "1x30"),
        on(1, "tcplull_stepped_down", "", "1x30"),
    ];
    Alert {
        why: "A daemon that stepped down has let go of hooks by its own will.",
        ..alert.with(
            vec![hook("none", "1x30")],
            "16m",
            &[("hook", "retransmit"), ("mechanism", "none")],
            said,
            [
                vec![hook("none", "_x4 1x30")],
                vec![hook("tp_btf/tcp_retransmit_skb", "1x30")],
                stepped_down,
            ],
        )
    }
}

fn stepped_down() -> Alert {
    lasting(
        "%state_for%",
        "TcplullSteppedDown",
        "tcplull_stepped_down{%job%} == 1",
        "A daemon watches less than it was told to, because it took more than its cpu_budget",
        "On {{ $labels.instance }}: `/readyz` there says how far.",
    )
    .tried("tcplull_stepped_down", "", ("0 1x20", "17m"), &["0x4 1x20"])
}

fn not_sweeping() -> Alert {
    let name = "tcplull_sweeps_total";
    let alert = lasting(
        "%info_for%",
        "TcplullNotSweeping",
        "increase(tcplull_sweeps_total{%job%}[%window%]) == 0\nunless tcplull_sweep_unseen_seconds{%job%} > 0\nunless tcplull_stepped_down{%job%} == 1",
        "A daemon looks at no connections any more: silence and stalls are not seen",
        "On {{ $labels.instance }}: no sweep in %window%. `/readyz` there says why.",
    );
    let said = "On node-1:9469: no sweep in 15m. `/readyz` there says why.";
    let still = || on(1, name, "", "9x40");
    Alert {
        why: "Where sweeps are only too rare, and where less is watched by its own will, other alerts say so.",
        ..alert.with(
            vec![still()],
            "25m",
            &[],
            said,
            [
                vec![on(1, name, "", "9+1x40")],
                vec![on(1, name, "", "0+1x7 7x40")],
                vec![still(), on(1, "tcplull_sweep_unseen_seconds", "", "900x40")],
                vec![still(), on(1, "tcplull_stepped_down", "", "1x40")],
            ],
        )
    }
}

fn sweeps_too_rare() -> Alert {
    let description = "On {{ $labels.instance }}: what begins and ends within {{ $value | humanizeDuration }} is not seen. `/readyz` there says which sweep_budget would do.";
    let said = "On node-1:9469: what begins and ends within 3m 0s is not seen. `/readyz` there says which sweep_budget would do.";
    let name = "tcplull_sweep_unseen_seconds";
    let series = |values: &str| vec![on(1, name, "", values)];
    lasting(
        "%state_for%",
        "TcplullSweepsTooRare",
        "tcplull_sweep_unseen_seconds{%job%} > 0",
        "A daemon looks at connections too rarely to see all",
        description,
    )
    .with(
        series("180x20"),
        "16m",
        &[],
        said,
        [series("0x4 180x20"), series("0x20")],
    )
}

fn facts_dropped() -> Alert {
    let description = "On {{ $labels.instance }}, in the last %window%: the daemon was too slow for the kernel side (ring_full), or the kernel left programs out. Findings may be missing.";
    let said = "On node-1:9469, in the last 15m: the daemon was too slow for the kernel side (ring_full), or the kernel left programs out. Findings may be missing.";
    let facts = |reason: &str, dropped, seen| {
        let reason = format!("reason=\"{reason}\"");
        vec![
            on(1, "tcplull_facts_dropped_total", &reason, dropped),
            on(1, "tcplull_facts_seen_total", "", seen),
        ]
    };
    let misses = |values| {
        let program = "program=\"retransmit_tracepoint\"";
        vec![on(1, "tcplull_program_misses_total", program, values)]
    };
    let alert = counted(
        "TcplullFactsDropped",
        "sum without (reason) (increase(tcplull_facts_dropped_total{%job%, reason=\"ring_full\"}[%window%]))\n  / increase(tcplull_facts_seen_total{%job%}[%window%]) > %lost_share%\nor\nsum without (program) (rate(tcplull_program_misses_total{%job%}[%window%])) > %misses%",
        "Much of what the kernel side had to tell was lost",
        description,
    );
    Alert {
        why: "Not reason=\"budget\": there one connection told more than 256 facts, and enough is known of it.",
        ..alert
            .with(
                facts("ring_full", "0x5 4x200", "0x5 200x200"),
                "7m",
                &[],
                said,
                [
                    facts("ring_full", "4x20", "200x20"),
                    facts("ring_full", "0x5 4x20", "0x5 2000x20"),
                    facts("budget", "0x5 4x20", "0x5 200x20"),
                ],
            )
            .with(
                misses("0+90x20"),
                "16m",
                &[],
                said,
                [misses("0x5 1x20"), misses("0+30x20")],
            )
    }
}

fn tables_full() -> Alert {
    let description = "On {{ $labels.instance }}, in the last %window%: more connections are silent, stalled or shown than a table holds (tcplull_judge_dropped_total, tcplull_sweep_rows_dropped_total, tcplull_snapshots_refused_total). Findings may be missing.";
    let said = "On node-1:9469, in the last 15m: more connections are silent, stalled or shown than a table holds (tcplull_judge_dropped_total, tcplull_sweep_rows_dropped_total, tcplull_snapshots_refused_total). Findings may be missing.";
    let judge = |reason: &str, values| {
        let reason = format!("reason=\"{reason}\"");
        vec![on(1, "tcplull_judge_dropped_total", &reason, values)]
    };
    let plain = |name, values| vec![on(1, name, "", values)];
    counted(
        "TcplullTablesFull",
        "sum without (reason) (increase(tcplull_judge_dropped_total{%job%, reason=~\".+_full\"}[%window%])) > 0\nor\nincrease(tcplull_sweep_rows_dropped_total{%job%}[%window%]) > 0\nor\nincrease(tcplull_snapshots_refused_total{%job%}[%window%]) > 0",
        "A table of the daemon is full: some connections are not followed",
        description,
    )
    .with(
        judge("table_full", "0x5 4x200"),
        "7m",
        &[],
        said,
        [judge("table_full", "4x20"), judge("expired", "0x5 4x20")],
    )
    .with(plain("tcplull_sweep_rows_dropped_total", "0x5 4x200"), "7m", &[], said, [])
    .with(plain("tcplull_snapshots_refused_total", "0x5 4x200"), "7m", &[], said, [])
}

fn alerts_dropped() -> Alert {
    let description = "On {{ $labels.instance }}, in the last %window%: {{ $labels.reason }}. What has no alert of its own is counted in one named `more`.";
    let said = "On node-1:9469, in the last 15m: too_many_alerts. What has no alert of its own is counted in one named `more`.";
    let dropped = |reason: &str, values| {
        let reason = format!("reason=\"{reason}\"");
        vec![on(1, "tcplull_alerts_dropped_total", &reason, values)]
    };
    counted(
        "TcplullAlertsDropped",
        "increase(tcplull_alerts_dropped_total{%job%, reason!=\"too_many_over\"}[%window%]) > 0",
        "A daemon has more alerts than it has room for",
        description,
    )
    .with(
        dropped("too_many_alerts", "0x5 4x200"),
        "7m",
        &[("reason", "too_many_alerts")],
        said,
        [
            dropped("too_many_alerts", "4x20"),
            dropped("too_many_over", "0x5 4x20"),
        ],
    )
}

fn alerts_not_saved() -> Alert {
    counted(
        "TcplullAlertsNotSaved",
        "increase(tcplull_alerts_save_failures_total{%job%}[%window%]) > 0",
        "A daemon cannot keep its alerts: a restart would begin them anew",
        "On {{ $labels.instance }}: its log says why. Is the folder of its socket full, or read-only?",
    )
    .tried("tcplull_alerts_save_failures_total", "", ("0x5 1x200", "7m"), &["1x20"])
}

/// A count about the Alertmanager of node 1, by reason or in all.
fn pushed(name: &str, reason: &str, values: &str) -> Series {
    let reason = match reason {
        "" => String::new(),
        reason => format!(", reason=\"{reason}\""),
    };
    on(
        1,
        name,
        &format!("alertmanager=\"am:9093\"{reason}"),
        values,
    )
}

fn notifications_failing() -> Alert {
    let description = "On {{ $labels.instance }}: no alert has come through to {{ $labels.alertmanager }} in %window%. Its log says why.";
    let said = "On node-1:9469: no alert has come through to am:9093 in 15m. Its log says why.";
    let errors = || pushed("tcplull_notifications_errors_total", "timeout", "0+1x40");
    let sent = |values| pushed("tcplull_notifications_total", "", values);
    let alert = lasting(
        "%info_for%",
        "TcplullNotificationsFailing",
        "sum without (reason) (increase(tcplull_notifications_errors_total{%job%}[%window%])) > 0\nunless increase(tcplull_notifications_total{%job%}[%window%]) > 0",
        "A daemon cannot tell an Alertmanager of its alerts",
        description,
    );
    Alert {
        why: "For daemons that push. One that has nothing to tell has no errors either.",
        ..alert.with(
            vec![errors(), sent("5x40")],
            "25m",
            &[("alertmanager", "am:9093")],
            said,
            [
                vec![errors(), sent("0+1x40")],
                vec![
                    pushed("tcplull_notifications_errors_total", "timeout", "3x40"),
                    sent("5x40"),
                ],
            ],
        )
    }
}

fn notifications_dropped() -> Alert {
    let description = "On {{ $labels.instance }}, in the last %window%: {{ $labels.alertmanager }} was not told of some alerts ({{ $labels.reason }}).";
    let said = "On node-1:9469, in the last 15m: am:9093 was not told of some alerts (refused).";
    let name = "tcplull_notifications_dropped_total";
    counted(
        "TcplullNotificationsDropped",
        "increase(tcplull_notifications_dropped_total{%job%}[%window%]) > 0",
        "Alerts were not sent to an Alertmanager, and will not be",
        description,
    )
    .with(
        vec![pushed(name, "refused", "0x5 1x200")],
        "7m",
        &[("alertmanager", "am:9093"), ("reason", "refused")],
        said,
        [vec![pushed(name, "refused", "1x20")]],
    )
}

fn outputs_dropped() -> Alert {
    let description = "On {{ $labels.instance }}, in the last %window%: who reads its standard output or standard error is too slow, or the disk of its recording. Metrics and alerts are whole.";
    let said = "On node-1:9469, in the last 15m: who reads its standard output or standard error is too slow, or the disk of its recording. Metrics and alerts are whole.";
    let plain = |name, values| vec![on(1, name, "", values)];
    let alert = counted(
        "TcplullOutputsDropped",
        "increase(tcplull_log_dropped_total{%job%}[%window%]) > 0\nor\nincrease(tcplull_messages_dropped_total{%job%}[%window%]) > 0\nor\nincrease(tcplull_recording_dropped_total{%job%}[%window%]) > 0",
        "Lines of the log, or parts of a recording, were lost",
        description,
    )
    .with(
        plain("tcplull_log_dropped_total", "0x5 1x200"),
        "7m",
        &[],
        said,
        [plain("tcplull_log_dropped_total", "1x20")],
    )
    .with(plain("tcplull_messages_dropped_total", "0x5 1x200"), "7m", &[], said, [])
    .with(plain("tcplull_recording_dropped_total", "0x5 1x200"), "7m", &[], said, []);
    Alert {
        severity: Severity::Info,
        keep: "",
        ..alert
    }
}

fn config_reload_failed() -> Alert {
    lasting(
        "%info_for%",
        "TcplullConfigReloadFailed",
        "tcplull_config_last_reload_successful{%job%} == 0",
        "A daemon runs by an older configuration than it was given",
        "On {{ $labels.instance }}: its log names the line.",
    )
    .tried(
        "tcplull_config_last_reload_successful",
        "",
        ("1 0x20", "7m"),
        &["1x3 0x20"],
    )
}

fn scope_not_found() -> Alert {
    lasting(
        "%state_for%",
        "TcplullScopeNotFound",
        "tcplull_scope_found{%job%} == 0",
        "What a daemon is limited to is not there: it watches nothing",
        "On {{ $labels.instance }}: the unit, cgroup or namespace of its [scope] does not exist; its log names it.",
    )
    .tried("tcplull_scope_found", "", ("1 0x20", "17m"), &["1x4 0x20"])
}

fn host_not_seen() -> Alert {
    lasting(
        "%state_for%",
        "TcplullHostNotSeen",
        "tcplull_host_processes_seen{%job%} == 0",
        "A daemon sees only the processes of its own pid namespace",
        "On {{ $labels.instance }}: silent connections of others are not seen. Kubernetes: `hostPID: true`; docker and podman: `--pid=host`.",
    )
    .tried("tcplull_host_processes_seen", "", ("0x20", "16m"), &["1x4 0x20"])
}

fn restarts() -> Alert {
    let description = "{{ $labels.instance }} began {{ $value }} times within an hour. Its log, and `journalctl -k` there, say why it ended.";
    let said = "node-1:9469 began 3 times within an hour. Its log, and `journalctl -k` there, say why it ended.";
    let name = "process_start_time_seconds";
    let series = |values: &str| vec![on(1, name, "", values)];
    counted(
        "TcplullRestarts",
        "changes(process_start_time_seconds{%job%}[1h]) >= %restarts%",
        "A daemon ends and begins again and again",
        description,
    )
    .with(
        series("1x5 2x5 3x5 4x50"),
        "20m",
        &[],
        said,
        [series("1x5 2x5 3x50")],
    )
}
