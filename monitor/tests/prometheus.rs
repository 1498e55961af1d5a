//! What is shipped for Prometheus, Alertmanager and Grafana says the same as the code and the documentation: every alert of
//! the daemon has its rule, every rule its runbook, every series that is asked for is there.

use monitor::surfaces::metrics::Metrics;
use monitor::surfaces::prometheus_alert::PrometheusAlert;
use monitor_model::alert::Alert;
use monitor_model::settings::anchor;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const RULES: &str = "deploy/prometheus/tcplull.rules.yml";
const DASHBOARD: &str = "deploy/grafana/tcplull.json";

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What follows `key: ` on the lines of the rules that have it, without quotes.
fn values<'a>(rules: &'a str, key: &'a str) -> impl Iterator<Item = &'a str> {
    let lines = rules.lines().map(str::trim);
    let values = lines.filter_map(move |line| {
        let line = line.strip_prefix("- ").unwrap_or(line);
        line.strip_prefix(key)?.strip_prefix(": ")
    });
    values.map(|value| value.trim_matches('"'))
}

/// The words of `text` that are made of what names are made of.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != ':')
}

/// The alerts that the kept recordings come to: name and severity.
fn told() -> BTreeSet<(String, String)> {
    let golden = read("monitor/tests/golden/findings.txt");
    let alerts = golden.lines().filter_map(|line| {
        let alert: Value = serde_json::from_str(line).ok()?;
        let word = |member: &str| Some(alert[member].as_str()?.to_owned());
        Some((word("name")?, word("severity")?))
    });
    alerts.collect()
}

#[test]
fn every_alert_that_was_ever_told_has_its_rule() {
    let rules = read(RULES);
    let told = told();
    assert!(told.len() > 8, "{told:?}");
    for (name, severity) in told {
        let matchers = format!("alert=\"{name}\", severity=\"{severity}\"");
        assert!(rules.contains(&matchers), "no rule on {name}, {severity}");
    }
}

#[test]
fn every_alert_that_the_runbook_names_has_its_rule() {
    let page = read("docs/findings.md");
    let rules = read(RULES);
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `"));
    let rows = rows.filter(|row| !row.starts_with("tcplull alerts` shows"));
    // "unreachable` | page | …", in the first table.
    let named = rows.map_while(|row| {
        let mut cells = row.split(" | ");
        Some((cells.next()?.trim_end_matches('`'), cells.next()?))
    });
    let named: Vec<(&str, &str)> = named
        .take_while(|(_, severity)| severity.contains("page") || severity.contains("ticket"))
        .collect();
    assert!(named.len() > 8, "{named:?}");
    for (name, severities) in named {
        for severity in severities.split(" or ") {
            let matchers = format!("alert=\"{name}\", severity=\"{severity}\"");
            assert!(rules.contains(&matchers), "no rule on {name}, {severity}");
        }
    }
}

/// What stands between `from` and the next quote.
fn after<'a>(text: &'a str, from: &str) -> Option<&'a str> {
    text.split_once(from)?.1.split('"').next()
}

#[test]
fn a_rule_says_of_an_alert_what_the_daemon_says_that_pushes_it() {
    let rules = read(RULES);
    let mut seen = 0;
    for rule in rules.split("- alert: ").skip(1) {
        let of_a_kind = after(rule, ", alert=\"").zip(after(rule, "severity=\""));
        let Some((name, severity)) = of_a_kind.filter(|_| rule.contains("docs/findings.md")) else {
            continue;
        };
        let alert = json!({
            "name": name, "severity": severity, "state": "firing", "path": "nat", "owner": "api",
            "connections": 1, "count": 1, "since": "2026-01-31T12:00:00.123Z", "fired": null,
            "ended": null, "summary": "", "example": "",
        });
        let alert: Alert = serde_json::from_value(alert).expect("an alert");
        let pushed = PrometheusAlert::of(&alert);
        let (labels, annotations) = (&pushed.labels, &pushed.annotations);
        assert_eq!(rule.lines().next(), Some(labels["alertname"].as_str()));
        let severity = format!("severity: {}\n", labels["severity"]);
        assert!(rule.contains(&severity), "{rule}");
        for annotation in ["summary", "runbook_url"] {
            let said = format!("{annotation}: \"{}\"\n", annotations[annotation]);
            assert!(rule.contains(&said), "{said}{rule}");
        }
        seen += 1;
    }
    assert!(seen > 12, "{seen}");
}

#[test]
fn every_runbook_is_a_heading() {
    let rules = read(RULES);
    let mut seen = 0;
    for runbook in values(&rules, "runbook_url") {
        let (page, place) = runbook.split_once('#').expect("a page and a heading");
        let text = read(page);
        let headings = text.lines().filter(|line| line.starts_with('#'));
        let mut anchors = headings.map(|line| anchor(line.trim_start_matches(['#', ' '])));
        assert!(anchors.any(|one| one == place), "{runbook} leads nowhere");
        seen += 1;
    }
    assert_eq!(seen, values(&rules, "alert").count());
}

#[test]
fn every_alert_is_on_the_page_and_every_alert_on_the_page_is_one() {
    let rules = read(RULES);
    let alerts: BTreeSet<&str> = values(&rules, "alert").collect();
    let page = read("docs/prometheus.md");
    let named: BTreeSet<&str> = words(&page)
        .filter(|word| {
            word.strip_prefix("Tcplull")
                .is_some_and(|rest| !rest.is_empty())
        })
        .collect();
    assert_eq!(named, alerts);
    for file in [
        "docs/operating.md",
        "README.md",
        "deploy/prometheus/alertmanager.yml",
    ] {
        let text = read(file);
        let named = words(&text).filter(|word| {
            word.strip_prefix("Tcplull")
                .is_some_and(|rest| !rest.is_empty())
        });
        for name in named {
            assert!(alerts.contains(name), "{file} names {name}");
        }
    }
}

/// Every query of the dashboard.
fn queries() -> Vec<String> {
    let dashboard: Value = serde_json::from_str(&read(DASHBOARD)).expect("the dashboard is JSON");
    let panels = dashboard["panels"].as_array().expect("panels");
    let targets = panels.iter().flat_map(|panel| panel["targets"].as_array());
    let expressions = targets.flatten().map(|target| target["expr"].as_str());
    expressions
        .map(|one| one.expect("an expression").to_owned())
        .collect()
}

#[test]
fn every_series_that_is_asked_for_is_there() {
    let rules = read(RULES);
    let recorded: BTreeSet<&str> = values(&rules, "record").collect();
    let names: BTreeSet<&str> = Metrics::names().collect();
    let queries = queries();
    assert!(queries.len() > 30, "{queries:?}");
    // In a rule, expressions and nothing else: descriptions are for people.
    let expressions = rules
        .lines()
        .filter(|line| !line.trim().starts_with("description:"));
    let asked = expressions
        .chain(queries.iter().map(String::as_str))
        .flat_map(words);
    let series = asked.filter(|word| word.contains("tcplull_") || word.starts_with("process_"));
    for name in series {
        let base = ["_bucket", "_sum", "_count"]
            .iter()
            .find_map(|end| name.strip_suffix(end));
        let known = names.contains(name)
            || recorded.contains(name)
            || base.is_some_and(|base| names.contains(base));
        assert!(known, "{name} is asked for, and no series");
    }
}

#[test]
fn the_dashboard_goes_where_it_is_put() {
    let text = read(DASHBOARD);
    let dashboard: Value = serde_json::from_str(&text).expect("the dashboard is JSON");
    assert_eq!(dashboard["uid"], "tcplull");
    assert_eq!(dashboard["id"], Value::Null);
    let list = dashboard["templating"]["list"]
        .as_array()
        .expect("variables");
    let variables: BTreeSet<&str> = list
        .iter()
        .filter_map(|variable| variable["name"].as_str())
        .collect();
    assert_eq!(
        variables,
        BTreeSet::from(["datasource", "instance", "job", "path"])
    );
    for panel in dashboard["panels"].as_array().expect("panels") {
        let title = &panel["title"];
        if panel["type"] == "row" {
            continue;
        }
        assert_eq!(panel["datasource"]["uid"], "${datasource}", "{title}");
        assert!(
            panel["description"]
                .as_str()
                .is_some_and(|text| !text.is_empty()),
            "{title}"
        );
        for target in panel["targets"].as_array().expect("targets") {
            assert_eq!(target["datasource"]["uid"], "${datasource}", "{title}");
            let expression = target["expr"].as_str().expect("an expression");
            assert!(
                expression.contains("job=~\"$job\""),
                "{title}: {expression}"
            );
            let ranges = expression
                .split('[')
                .skip(1)
                .filter_map(|rest| rest.split(']').next());
            for range in ranges {
                let of_grafana = ["$__rate_interval", "$__range"].contains(&range);
                assert!(of_grafana, "{title}: {expression}");
            }
        }
    }
}
