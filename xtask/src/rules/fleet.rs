//! Alerts on the fleet: where many nodes fail towards one path at once, that is one alert, and Alertmanager holds back
//! those of the nodes (`deploy/prometheus/alertmanager.yml`). What they rest on is kept, for the dashboard too.

use super::case::{none, on, on_each, over_all};
use super::rule::{Alert, Group, Record, Series, Severity};

/// What is kept for the alerts below.
const NODES: [Record; 3] = [
    Record {
        name: "path:tcplull_nodes:count",
        expression: "count without (%node%) (tcplull_crossed_total{%job%})",
    },
    Record {
        name: "path:tcplull_paging_nodes:count",
        expression: "count without (%node%) (\n  max without (alert, severity) (tcplull_alerts_firing{%job%, severity=\"page\", alert!=\"more\"}) > 0\n)",
    },
    Record {
        name: "path_alert:tcplull_ticketing_nodes:count",
        expression: "count without (%node%, severity) (tcplull_alerts_firing{%job%, severity=\"ticket\", alert!=\"more\"} > 0)",
    },
];

/// What is kept for the dashboard's view of the fleet.
const VIEWS: [Record; 6] = [
    Record {
        name: "path_alert_severity:tcplull_alerts_firing:sum",
        expression: "sum without (%node%) (tcplull_alerts_firing{%job%})",
    },
    Record {
        name: "path_silence:tcplull_connections:sum",
        expression: "sum without (%node%) (tcplull_connections{%job%})",
    },
    Record {
        name: "path:tcplull_crossed:rate5m",
        expression: "sum without (%node%) (rate(tcplull_crossed_total{%job%}[5m]))",
    },
    Record {
        name: "path_outcome:tcplull_outcomes:rate5m",
        expression: "sum without (%node%) (rate(tcplull_outcomes_total{%job%}[5m]))",
    },
    Record {
        name: "path_cause:tcplull_stalls:rate5m",
        expression: "sum without (%node%) (rate(tcplull_stalls_total{%job%}[5m]))",
    },
    Record {
        name: "path_le:tcplull_gap_seconds_bucket:rate5m",
        expression: "sum without (%node%) (rate(tcplull_gap_seconds_bucket{%job%}[5m]))",
    },
];

/// Those that alert.
pub fn alerts() -> Group {
    Group {
        name: "tcplull-fleet",
        about: "What many nodes have at once: one alert, which inhibits theirs (see alertmanager.yml).",
        interval: "",
        records: NODES.to_vec(),
        alerts: vec![pages(), tickets(), down()],
    }
}

/// Those for the dashboard.
pub fn views() -> Group {
    Group {
        name: "tcplull-fleet-views",
        about: "Sums over the fleet for the dashboard; nothing alerts on them. A fleet without the dashboard can leave this group out.",
        interval: "1m",
        records: VIEWS.to_vec(),
        alerts: Vec::new(),
    }
}

/// So many nodes that have the path, of which so many page on it, by alerts in turn.
fn paging(nodes: u32, failing: u32, values: &str) -> Vec<Series> {
    let mut series = on_each(nodes, "tcplull_crossed_total", "path=\"nat\"", "0x30");
    let kinds = ["blackholed", "unreachable", "reset"];
    series.extend((1..=failing).zip(kinds.iter().cycle()).map(|(node, kind)| {
        let labels = format!("alert=\"{kind}\", path=\"nat\", severity=\"page\"");
        on(node, "tcplull_alerts_firing", &labels, values)
    }));
    series
}

const PAGES: &str = "{{ $value }} nodes page towards path {{ $labels.path }}. Look at what they share there (the gateway, the load balancer, the peer) before you look at a node; the alerts of each are held back meanwhile, and on the dashboard.";

fn pages() -> Alert {
    let described = |count: u32| {
        PAGES
            .replace("{{ $value }}", &count.to_string())
            .replace("{{ $labels.path }}", "nat")
    };
    Alert {
        name: "TcplullFleetFailing".to_owned(),
        why: "%few% nodes and more, and so much of those that have the path.",
        expression: "path:tcplull_paging_nodes:count{%job%} >= %few%\nand\npath:tcplull_paging_nodes:count{%job%} / path:tcplull_nodes:count{%job%} >= %share%".to_owned(),
        hold: "",
        keep: "%keep_fleet%",
        severity: Severity::Critical,
        summary: "Many nodes fail towards one path at once".to_owned(),
        description: PAGES.to_owned(),
        runbook: "docs/prometheus.md#tcplullfleetfailing".to_owned(),
        fires: vec![
            over_all(
                "is one alert, whatever the nodes' own are called",
                paging(8, 6, "0 1x10"),
                "1m",
                &[("path", "nat")],
                &described(6),
            ),
            over_all(
                "outlives the nodes' own",
                paging(4, 3, "1x3 0x20"),
                "12m",
                &[("path", "nat")],
                &described(3),
            ),
        ],
        rests: vec![
            none("two nodes are two nodes", paging(2, 2, "1x10"), "5m"),
            none("few of a large fleet are told one by one", paging(301, 3, "1x10"), "5m"),
            none("is over after that", paging(4, 3, "1x3 0x20"), "14m"),
            none(
                "several alerts of one node are one node",
                ["blackholed", "unreachable", "reset", "undelivered"]
                    .iter()
                    .map(|kind| {
                        let labels = format!("alert=\"{kind}\", path=\"nat\", severity=\"page\"");
                        on(1, "tcplull_alerts_firing", &labels, "1x10")
                    })
                    .chain(paging(4, 0, ""))
                    .collect(),
                "5m",
            ),
        ],
    }
}

/// The same of tickets of one name.
fn ticketing(nodes: u32, failing: u32, kind: &str, values: &str) -> Vec<Series> {
    let labels = format!("alert=\"{kind}\", path=\"nat\", severity=\"ticket\"");
    let mut series = paging(nodes, 0, "");
    series.extend(on_each(failing, "tcplull_alerts_firing", &labels, values));
    series
}

const TICKETS: &str = "{{ $value }} nodes have tickets {{ $labels.alert }} on path {{ $labels.path }}; those of each are held back meanwhile, and on the dashboard.";

fn tickets() -> Alert {
    let described = TICKETS
        .replace("{{ $value }}", "5")
        .replace("{{ $labels.alert }}", "crossed")
        .replace("{{ $labels.path }}", "nat");
    Alert {
        name: "TcplullFleetTickets".to_owned(),
        why: "",
        expression: "path_alert:tcplull_ticketing_nodes:count{%job%} >= %few%\nand\npath_alert:tcplull_ticketing_nodes:count{%job%} / ignoring (alert) group_left () path:tcplull_nodes:count{%job%} >= %share%".to_owned(),
        hold: "",
        keep: "%keep_fleet%",
        severity: Severity::Warning,
        summary: "Many nodes have the same ticket on one path".to_owned(),
        description: TICKETS.to_owned(),
        runbook: "docs/prometheus.md#tcplullfleettickets".to_owned(),
        fires: vec![over_all(
            "is one alert of a name and path",
            ticketing(8, 5, "crossed", "0 1x10"),
            "3m",
            &[("alert", "crossed"), ("path", "nat")],
            &described,
        )],
        rests: vec![
            none("two nodes are two nodes", ticketing(8, 2, "crossed", "1x10"), "5m"),
        ],
    }
}

const DOWN: &str = "{{ $value | humanizePercentage }} of job {{ $labels.job }} cannot be scraped: what happens to their connections is not told.";

fn down() -> Alert {
    let scraped = |nodes: u32, down: u32| {
        (1..=nodes)
            .map(|node| {
                let value = if node <= down { "0x20" } else { "1x20" };
                on(node, "up", "", value)
            })
            .collect()
    };
    Alert {
        name: "TcplullFleetDown".to_owned(),
        why: "",
        expression: "count without (%node%) (up{%job%} == 0) / count without (%node%) (up{%job%}) >= %down_share%\nand\ncount without (%node%) (up{%job%} == 0) >= %few%".to_owned(),
        hold: "%agent_for%",
        keep: "%keep%",
        severity: Severity::Warning,
        summary: "Many daemons of the fleet cannot be scraped".to_owned(),
        description: DOWN.to_owned(),
        runbook: "docs/prometheus.md#tcplullfleetdown".to_owned(),
        fires: vec![over_all(
            "is one alert for all of them",
            scraped(20, 5),
            "11m",
            &[],
            "25% of job tcplull cannot be scraped: what happens to their connections is not told.",
        )],
        rests: vec![
            none("waits", scraped(20, 5), "9m"),
            none("two are two", scraped(4, 2), "11m"),
            none("few of many are told one by one", scraped(40, 3), "11m"),
        ],
    }
}
