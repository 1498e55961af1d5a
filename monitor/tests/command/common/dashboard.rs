//! The shipped dashboard, asked as Grafana asks: each of its queries to a real Prometheus.

use libtest_mimic::Failed;
use monitor_lab::real::monitoring::Prometheus;
use serde_json::Value;
use std::fs;
use std::path::Path;

/// How far back is asked, in seconds: further than any test lives.
const RANGE: u64 = 1_800;

/// A point each so many seconds.
const STEP: u64 = 5;

/// What Grafana makes of `$__rate_interval` is four scrapes at least; of a test that scrapes every other second there are more.
const RATE_INTERVAL: &str = "20s";

/// Queries that rightly have nothing to show where all is well, by words in them, and why.
const EMPTY: [(&str, &str); 3] = [
    (
        "tcplull_program_run_seconds_total",
        "the kernel counts only where kernel.bpf_stats_enabled is set, and that is the host's",
    ),
    (
        "tcplull_notifications_",
        "a daemon that is scraped sends nothing",
    ),
    (
        "tcplull_cpu_budget",
        "where cpu_budget is off, as in tests, there is no line",
    ),
];

/// A query of a panel.
#[derive(Debug)]
pub struct Query {
    /// The panel.
    pub panel: String,
    /// The expression, with its variables.
    pub expression: String,
}

/// The dashboard.
pub fn read() -> Result<Value, Failed> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/grafana/tcplull.json");
    Ok(serde_json::from_str(&fs::read_to_string(file)?)?)
}

/// Every query of every panel.
pub fn queries(dashboard: &Value) -> Vec<Query> {
    let panels = dashboard["panels"].as_array().into_iter().flatten();
    let targets = panels.flat_map(|panel| {
        let targets = panel["targets"].as_array().into_iter().flatten();
        targets.map(move |target| Query {
            panel: panel["title"].as_str().unwrap_or_default().to_owned(),
            expression: target["expr"].as_str().unwrap_or_default().to_owned(),
        })
    });
    targets.collect()
}

/// An expression with what Grafana puts in for its variables.
fn filled(expression: &str, job: &str) -> String {
    [
        ("$job", job),
        ("$instance", ".+"),
        ("$path", ".+"),
        ("$__rate_interval", RATE_INTERVAL),
        ("$__range", &format!("{RANGE}s")),
    ]
    .iter()
    .fold(expression.to_owned(), |text, (name, value)| {
        text.replace(name, value)
    })
}

/// Every query returns data of this job, and every variable has values.
pub fn shows_all(prometheus: &Prometheus, job: &str) -> Result<(), Failed> {
    let dashboard = read()?;
    let mut without: Vec<String> = Vec::new();
    for query in queries(&dashboard) {
        let expression = filled(&query.expression, job);
        let series = prometheus.query_range(&expression, RANGE, STEP)?;
        let may_be_empty = EMPTY.iter().any(|(word, _)| expression.contains(word));
        if series.is_empty() && !may_be_empty {
            without.push(format!("{}: {expression}", query.panel));
        }
    }
    for variable in dashboard["templating"]["list"]
        .as_array()
        .into_iter()
        .flatten()
    {
        // "label_values(SERIES, LABEL)"
        let Some(asked) = variable["definition"].as_str() else {
            continue;
        };
        let asked = asked
            .trim_start_matches("label_values(")
            .trim_end_matches(')');
        let (series, label) = asked.rsplit_once(", ").ok_or("no label")?;
        if prometheus
            .label_values(&filled(series, job), label)?
            .is_empty()
        {
            without.push(format!("variable: {asked}"));
        }
    }
    if without.is_empty() {
        return Ok(());
    }
    Err(format!(
        "the dashboard has nothing to show of\n{}",
        without.join("\n")
    )
    .into())
}
