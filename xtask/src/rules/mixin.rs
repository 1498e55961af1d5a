//! The rules as a mixin, for those who make theirs with jsonnet: the same rules, with what a fleet may want otherwise in
//! `_config`.

use super::rule::{Alert, Group, Record};
use super::settings::{self, Settings};
use super::written::MADE;
use std::fmt::Write;

/// What it is and how it is used.
const ABOUT: &str = "//
// (import 'mixin.libsonnet') + { _config+:: { job: 'job=\"YOURS\"', runbooks: 'https://HOST/' } }
//
// The same rules as tcplull.rules.yml, and the dashboard. xtask/src/rules/settings.rs says what each setting is for.
";

/// The group that serves the dashboard alone: rules in a mixin, and no alerts.
const VIEWS: &str = "tcplull-fleet-views";

/// The mixin.
pub fn mixin(groups: &[Group], settings: &Settings) -> String {
    let made = MADE.replacen('#', "//", 1);
    let mut text = format!("{made}{ABOUT}{{\n  _config+:: {{\n");
    let own = [
        ("job", settings.job.as_str()),
        ("runbooks", settings.runbooks.as_str()),
    ];
    for (name, value) in own.iter().chain(settings::values()) {
        line(&mut text, 4, &format!("{name}: {},", quoted(value)));
    }
    line(&mut text, 2, "},");
    let (views, alerts): (Vec<&Group>, Vec<&Group>) =
        groups.iter().partition(|group| group.name == VIEWS);
    for (member, groups) in [("prometheusAlerts", alerts), ("prometheusRules", views)] {
        line(&mut text, 2, &format!("{member}+:: {{"));
        line(&mut text, 4, "groups+: [");
        for group in groups {
            push_group(&mut text, group, settings);
        }
        line(&mut text, 4, "],");
        line(&mut text, 2, "},");
    }
    line(
        &mut text,
        2,
        "grafanaDashboards+:: { 'tcplull.json': import '../grafana/tcplull.json' },",
    );
    text.push_str("}\n");
    text
}

fn push_group(text: &mut String, group: &Group, settings: &Settings) {
    line(text, 6, &format!("// {}", group.about));
    line(text, 6, "{");
    member(text, 8, "name", group.name);
    if !group.interval.is_empty() {
        member(text, 8, "interval", group.interval);
    }
    line(text, 8, "rules: [");
    for Record { name, expression } in &group.records {
        line(text, 10, "{");
        member(text, 12, "record", name);
        member(text, 12, "expr", expression);
        line(text, 10, "},");
    }
    for alert in &group.alerts {
        push_alert(text, alert, settings);
    }
    line(text, 8, "],");
    line(text, 6, "},");
}

fn push_alert(text: &mut String, alert: &Alert, settings: &Settings) {
    if !alert.why.is_empty() {
        line(text, 10, &format!("// {}", settings.fill(alert.why)));
    }
    line(text, 10, "{");
    member(text, 12, "alert", &alert.name);
    member(text, 12, "expr", &alert.expression);
    for (key, time) in [("'for'", alert.hold), ("keep_firing_for", alert.keep)] {
        if !time.is_empty() {
            member(text, 12, key, time);
        }
    }
    line(
        text,
        12,
        &format!("labels: {{ severity: {} }},", quoted(alert.severity.word())),
    );
    line(text, 12, "annotations: {");
    member(text, 14, "summary", &alert.summary);
    member(text, 14, "description", &alert.description);
    member(
        text,
        14,
        "runbook_url",
        &format!("%runbooks%{}", alert.runbook),
    );
    line(text, 12, "},");
    line(text, 10, "},");
}

fn member(text: &mut String, indent: usize, name: &str, value: &str) {
    line(text, indent, &format!("{name}: {},", filled(value)));
}

/// A string that takes from `_config` what it names.
fn filled(value: &str) -> String {
    let escaped = value.replace('%', "%%");
    let names = settings::values().iter().map(|(name, _)| *name);
    let formatted = names
        .chain(["job", "runbooks"])
        .fold(escaped.clone(), |text, name| {
            text.replace(&format!("%%{name}%%"), &format!("%({name})s"))
        });
    match formatted == escaped {
        true => quoted(value),
        false => format!("{} % $._config", quoted(&formatted)),
    }
}

/// What JSON escapes, jsonnet reads.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn line(text: &mut String, indent: usize, line: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{:indent$}{line}", "");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_string_names_is_taken_from_the_settings_and_nothing_else_of_it_changes() {
        assert_eq!(filled("up == 0"), "\"up == 0\"");
        assert_eq!(filled("1 % of them"), "\"1 % of them\"");
        assert_eq!(
            filled("a{%job%} > %few%, 1 %"),
            "\"a{%(job)s} > %(few)s, 1 %%\" % $._config"
        );
    }
}
