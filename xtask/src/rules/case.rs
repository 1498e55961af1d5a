//! Short words for the tests of rules.

use super::rule::{Case, Series};

/// The job of the tests' series.
const JOB_NAME: &str = "tcplull";

/// Labels of one of the alerts that are expected.
pub type Labels<'a> = &'a [(&'static str, &'a str)];

/// `name{job="tcplull", instance="node-N:9469", more}`, a value a minute.
pub fn on(node: u32, name: &str, more: &str, values: &str) -> Series {
    let comma = if more.is_empty() { "" } else { ", " };
    (
        format!("{name}{{%job%, instance=\"{}\"{comma}{more}}}", at(node)),
        values.to_owned(),
    )
}

/// The same of nodes 1 to `nodes`.
pub fn on_each(nodes: u32, name: &str, more: &str, values: &str) -> Vec<Series> {
    (1..=nodes)
        .map(|node| on(node, name, more, values))
        .collect()
}

/// Where a node is scraped.
pub fn at(node: u32) -> String {
    format!("node-{node}:9469")
}

/// One alert is expected, on node 1.
pub fn one(
    name: &'static str,
    series: Vec<Series>,
    at: &'static str,
    labels: Labels<'_>,
    description: &str,
) -> Case {
    let mut case = over_all(name, series, at, labels, description);
    for (labels, _) in &mut case.alerts {
        labels.push(("instance", self::at(1)));
    }
    case
}

/// One alert is expected, on no node.
pub fn over_all(
    name: &'static str,
    series: Vec<Series>,
    at: &'static str,
    labels: Labels<'_>,
    description: &str,
) -> Case {
    let labels = labels.iter().chain(&[("job", JOB_NAME)]);
    let labels = labels.map(|(name, value)| (*name, (*value).to_owned()));
    Case {
        name,
        series,
        at,
        alerts: vec![(labels.collect(), description.to_owned())],
    }
}

/// None is.
pub fn none(name: &'static str, series: Vec<Series>, at: &'static str) -> Case {
    Case {
        name,
        series,
        at,
        alerts: Vec::new(),
    }
}
