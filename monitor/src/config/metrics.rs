//! What `/metrics` counts by workload: `[metrics]`.

use super::error::{Fault, Hint, Problem};
use super::table::{Section, Text, string};
use monitor_model::finding::FindingClass;
use toml::de::DeTable;

const KEYS: &[&str] = &["by_workload", "workloads"];

/// A node of 250 pods, the most that is usual, has fewer controllers and units that find themselves in trouble.
const DEFAULT_WORKLOADS: usize = 100;

/// With eight series of each, 300 bytes long at the most, a third of the two mebibytes that a scrape may have.
const MOST_WORKLOADS: usize = 250;

/// What `/metrics` counts by workload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetricsConfig {
    /// The kinds of findings, each once.
    pub by_workload: Vec<FindingClass>,
    /// How many workloads are named, 1 to 250; the rest is counted together.
    pub workloads: usize,
}

impl Default for MetricsConfig {
    /// What followed silences, and stalls: a connection is told of so only when something happens. That it is at risk, or
    /// has crossed, is told of each that idles.
    fn default() -> Self {
        Self {
            by_workload: vec![FindingClass::Outcome, FindingClass::Stall],
            workloads: DEFAULT_WORKLOADS,
        }
    }
}

/// Reads the table `[metrics]`.
pub(super) fn parse<'a>(table: DeTable<'a>, text: Text<'a>) -> Result<MetricsConfig, Fault> {
    let mut section = Section::new(table, text, "in [metrics]", KEYS)?;
    let defaults = MetricsConfig::default();
    let workloads = section
        .number("workloads")?
        .map(|found| found.try_map(workloads))
        .transpose()?;
    Ok(MetricsConfig {
        by_workload: kinds(&mut section)?.unwrap_or(defaults.by_workload),
        workloads: workloads.map_or(defaults.workloads, |found| found.value),
    })
}

fn kinds(section: &mut Section<'_>) -> Result<Option<Vec<FindingClass>>, Fault> {
    let key = "by_workload";
    let want = "a list of kinds of findings in quotes such as [\"outcome\", \"stall\"]";
    let Some(items) = section.items(key, want)? else {
        return Ok(None);
    };
    let mut kinds = Vec::new();
    for item in items.value {
        let kind = item.try_map(|value| kind(&string(value, key, want)?))?;
        if !kinds.contains(&kind.value) {
            kinds.push(kind.value);
        }
    }
    Ok(Some(kinds))
}

fn kind(text: &str) -> Result<FindingClass, Problem> {
    let known = FindingClass::ALL;
    let found = known.into_iter().find(|kind| kind.name() == text);
    found.ok_or_else(|| Problem::Kind {
        text: text.to_owned(),
        hint: Hint::whole(text, known.iter().map(|kind| kind.name())),
    })
}

fn workloads(value: f64) -> Result<usize, Problem> {
    if value.fract() == 0.0 && (1.0..=MOST_WORKLOADS as f64).contains(&value) {
        // Whole, and in range.
        Ok(value as usize)
    } else {
        let most = MOST_WORKLOADS;
        Err(Problem::Workloads { value, most })
    }
}
