//! Rules, and their tests, as YAML that people read.

use super::rule::{Alert, Case, Group, Record};
use super::settings::Settings;
use std::fmt::Write;

/// What a file begins with.
pub const MADE: &str =
    "# Made by `cargo xtask rules` from xtask/src/rules: change it there, and make it anew.\n";

/// What whoever has another fleet changes.
const TO_CHANGE: &str = "#
# Another name of the job:       sed -i 's/job=\"tcplull\"/job=\"YOURS\"/' FILE
# Where your copy of docs/ lies: sed -i 's|runbook_url: \"docs/|runbook_url: \"https://HOST/docs/|' FILE
# Both, and thresholds:          cargo xtask rules --help
#
# Needs Prometheus 2.42 (keep_firing_for) or later.
";

/// The head of Kubernetes' own kind of it.
const PROMETHEUS_RULE: &str = "apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: tcplull
  labels:
    app.kubernetes.io/name: tcplull
    # By these the operator of kube-prometheus finds it.
    prometheus: k8s
    role: alert-rules
spec:
";

/// The rules file.
pub fn rules(groups: &[Group], settings: &Settings) -> String {
    format!("{MADE}{TO_CHANGE}{}", groups_of(groups, settings))
}

/// The same as a `PrometheusRule`.
pub fn prometheus_rule(groups: &[Group], settings: &Settings) -> String {
    let mut text = format!("{MADE}{TO_CHANGE}{PROMETHEUS_RULE}");
    for line in groups_of(groups, settings).lines() {
        push_line(&mut text, 2, line);
    }
    text
}

fn groups_of(groups: &[Group], settings: &Settings) -> String {
    let mut text = String::from("groups:\n");
    for group in groups {
        let _ = write!(text, "  # {}\n  - name: {}\n", group.about, group.name);
        if !group.interval.is_empty() {
            push_line(&mut text, 4, &format!("interval: {}", group.interval));
        }
        push_line(&mut text, 4, "rules:");
        for record in &group.records {
            push_record(&mut text, record, settings);
        }
        for alert in &group.alerts {
            push_alert(&mut text, alert, settings);
        }
    }
    text
}

fn push_record(text: &mut String, record: &Record, settings: &Settings) {
    push_line(text, 6, &format!("- record: {}", record.name));
    push_expression(text, record.expression, settings);
}

fn push_alert(text: &mut String, alert: &Alert, settings: &Settings) {
    let fill = |text: &str| settings.fill(text);
    if !alert.why.is_empty() {
        push_line(text, 6, &format!("# {}", fill(alert.why)));
    }
    push_line(text, 6, &format!("- alert: {}", alert.name));
    push_expression(text, &alert.expression, settings);
    for (key, time) in [("for", alert.hold), ("keep_firing_for", alert.keep)] {
        if !time.is_empty() {
            push_line(text, 8, &format!("{key}: {}", fill(time)));
        }
    }
    push_line(text, 8, "labels:");
    push_line(text, 10, &format!("severity: {}", alert.severity.word()));
    push_line(text, 8, "annotations:");
    for (key, value) in annotations(alert, &fill(&alert.description), settings) {
        push_line(text, 10, &format!("{key}: {value}"));
    }
}

fn annotations(
    alert: &Alert,
    description: &str,
    settings: &Settings,
) -> [(&'static str, String); 3] {
    let runbook = format!("{}{}", settings.runbooks, alert.runbook);
    [
        ("summary", quoted(&alert.summary)),
        ("description", quoted(description)),
        ("runbook_url", quoted(&runbook)),
    ]
}

fn push_expression(text: &mut String, expression: &str, settings: &Settings) {
    push_line(text, 8, "expr: |-");
    for line in settings.fill(expression).lines() {
        push_line(text, 10, line);
    }
}

/// The tests of all alerts for `promtool test rules`, each of both sides.
pub fn tests(groups: &[Group], rules: &str, settings: &Settings) -> String {
    let mut text = format!(
        "{MADE}# promtool test rules FILE\nrule_files:\n  - {rules}\nevaluation_interval: 1m\ntests:\n"
    );
    for alert in groups.iter().flat_map(|group| &group.alerts) {
        for case in alert.fires.iter().chain(&alert.rests) {
            push_test(&mut text, alert, case, settings);
        }
    }
    text
}

fn push_test(text: &mut String, alert: &Alert, case: &Case, settings: &Settings) {
    let fill = |text: &str| settings.fill(text);
    push_line(text, 2, "- interval: 1m");
    let name = format!("{} ({}) {}", alert.name, alert.severity.word(), case.name);
    push_line(text, 4, &format!("name: {}", quoted(&name)));
    push_line(text, 4, "input_series:");
    for (series, values) in &case.series {
        push_line(text, 6, &format!("- series: {}", quoted(&fill(series))));
        push_line(text, 8, &format!("values: {}", quoted(values)));
    }
    push_line(text, 4, "alert_rule_test:");
    push_line(text, 6, &format!("- eval_time: {}", case.at));
    push_line(text, 8, &format!("alertname: {}", alert.name));
    push_line(text, 8, "exp_alerts:");
    for (labels, description) in &case.alerts {
        push_line(text, 10, "- exp_labels:");
        push_line(text, 14, &format!("severity: {}", alert.severity.word()));
        for (label, value) in labels {
            push_line(text, 14, &format!("{label}: {}", quoted(value)));
        }
        push_line(text, 12, "exp_annotations:");
        for (key, value) in annotations(alert, description, settings) {
            push_line(text, 14, &format!("{key}: {value}"));
        }
    }
}

fn push_line(text: &mut String, indent: usize, line: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{:indent$}{line}", "");
}

/// A string in double quotes: what JSON escapes, YAML reads.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
