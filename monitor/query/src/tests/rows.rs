//! Rows for the tests.

use monitor_model::alert::Alert;
use monitor_model::finding::Finding;
use monitor_model::listing::ConnectionRow;
use serde_json::{Value, json};

fn connection(local: &str, remote: &str) -> Value {
    json!({
        "id": "1f-aabb", "flow_id": "aabb", "family": if remote.contains('[') { "ipv6" } else { "ipv4" },
        "local": local, "remote": remote, "netns": 4_026_531_840_u32, "role": "client",
    })
}

fn owner() -> Value {
    json!({
        "pid": 12, "uid": 1000, "comm": "api worker", "unit": "api.service",
        "container": "0123456789abcdef0123456789abcdef", "pod": "6d3e4b8e-9d3e-4b8e-9d3e-0a1b2c3d4e5f",
        "workload": "shop/api", "cgroup": "/system.slice/api.service/worker",
    })
}

/// Silent for three minutes of four, and for five without data.
pub fn between(local: &str, remote: &str) -> ConnectionRow {
    let row = json!({
        "connection": connection(local, remote), "owner": owner(), "state": "close_wait",
        "payload_idle_seconds": 300.0, "packet_idle_seconds": 180.0, "packet_idle_at_most_seconds": 180.0,
        "path": "nat", "timeout_seconds": 240.0, "clock": "packets",
        "keepalive": {"enabled": true, "time_seconds": 7200.0, "interval_seconds": 75.0, "probes": 9},
        "silence": "at_risk", "unacked_bytes": 70_000, "unread_bytes": 1,
    });
    serde_json::from_value(row).expect("a row")
}

pub fn row() -> ConnectionRow {
    between("10.0.0.4:51234", "20.1.2.3:443")
}

/// Of which nothing is known that need not be.
pub fn bare() -> ConnectionRow {
    ConnectionRow {
        owner: Default::default(),
        path: None,
        timeout_seconds: None,
        clock: None,
        unacked_bytes: None,
        unread_bytes: None,
        ..row()
    }
}

pub fn finding() -> Finding {
    let finding = json!({
        "time": "2026-01-31T12:00:00.123Z", "kind": "outcome", "outcome": "blackholed", "certainty": "observed",
        "severity": "page", "gap_seconds": 270.1, "timeout_seconds": 240.0, "path": "nat", "clock": "packets",
        "connection": connection("10.0.0.4:51234", "20.1.2.3:443"), "owner": owner(),
        "evidence": [{"fact": "timeouts", "value": 3}], "advice": null, "summary": "api",
    });
    serde_json::from_value(finding).expect("a finding")
}

pub fn alert() -> Alert {
    let alert = json!({
        "name": "blackholed", "severity": "page", "state": "firing", "path": "nat", "owner": "api.service",
        "connections": 1, "count": 3, "since": "2026-01-31T12:00:00.123Z", "fired": null, "ended": null,
        "summary": "api", "example": "1f-aabb",
    });
    serde_json::from_value(alert).expect("an alert")
}
