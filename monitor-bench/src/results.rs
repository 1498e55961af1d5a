//! What was measured, as data: one entry a benchmark, so that a run of one leaves the others' figures alone.

use crate::error::BenchError;
use crate::machine::Machine;
use crate::stats::Summary;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

/// All that was ever measured.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Results {
    /// The last measurement of each benchmark, by name.
    #[serde(rename = "rows")]
    pub benchmarks: BTreeMap<String, Measured>,
}

/// One benchmark, measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// When it was, UTC, to the minute.
    pub when: String,
    /// How long it took, in seconds.
    pub took_seconds: u64,
    /// The command that did it.
    pub command: String,
    /// Where it was.
    pub machine: Machine,
    /// What came out.
    pub outcome: Outcome,
    /// The same of ways of watching that were refused there, from before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<Earlier>,
}

#[cfg(test)]
impl Measured {
    /// This, measured some time.
    pub fn some_time(outcome: Outcome) -> Self {
        Self {
            when: "2026-01-31 12:00".to_owned(),
            took_seconds: 61,
            command: "cargo xtask bench".to_owned(),
            machine: Machine::default(),
            outcome,
            earlier: Vec::new(),
        }
    }
}

/// What was measured of one way of watching, before it was refused.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Earlier {
    /// The way, as `tcplull run --watch` calls it.
    pub way: String,
    /// When it was, UTC, to the minute.
    pub when: String,
    /// Where it was.
    pub machine: Machine,
    /// Its figures alone.
    pub outcome: Outcome,
}

/// What a benchmark found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// What was to be reached, and what was.
    pub goals: Vec<Goal>,
    /// The figures behind that.
    pub tables: Vec<Table>,
}

/// A figure with a bound.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Goal {
    /// What was measured.
    pub what: String,
    /// At most this is to be reached.
    pub at_most: f64,
    /// What was; `None` where it was not measured.
    pub measured: Option<f64>,
    /// The unit of both, written behind them.
    pub unit: String,
    /// Digits behind the point.
    pub digits: usize,
    /// Quartiles of what was measured, where it was measured repeatedly.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quartiles: Option<[f64; 2]>,
}

impl Goal {
    /// A figure in `unit` that is to be `at_most`, with `digits` behind the point.
    pub fn new(
        what: impl Into<String>,
        measured: impl Into<Option<f64>>,
        at_most: f64,
        unit: &str,
        digits: usize,
    ) -> Self {
        Self {
            what: what.into(),
            at_most,
            measured: measured.into(),
            unit: unit.to_owned(),
            digits,
            quartiles: None,
        }
    }

    /// A figure that is a median, in `scale` of its own unit.
    pub fn with_quartiles_of(mut self, measured: Option<Summary>, scale: f64) -> Self {
        self.quartiles = measured.map(|measured| [measured.lower * scale, measured.upper * scale]);
        self
    }

    /// Whether the bound holds, as far as it was measured.
    pub fn holds(&self) -> Option<bool> {
        self.measured.map(|measured| measured <= self.at_most)
    }
}

/// Figures in lines and columns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Table {
    /// What they are, one sentence.
    pub about: String,
    /// Titles of the columns; the first is text, the others are numbers.
    pub columns: Vec<String>,
    /// The lines, each with as many cells as there are columns.
    pub lines: Vec<Vec<String>>,
}

impl Table {
    /// A table without lines.
    pub fn new(about: impl Into<String>, columns: &[&str]) -> Self {
        Self {
            about: about.into(),
            columns: columns.iter().map(|title| (*title).to_owned()).collect(),
            lines: Vec::new(),
        }
    }

    /// Adds a line.
    pub fn line<const N: usize>(&mut self, cells: [String; N]) {
        self.lines.push(cells.into());
    }
}

impl Results {
    /// Reads what was kept; a file that is not there holds nothing.
    ///
    /// # Errors
    /// [`BenchError::Results`] for a file that is something else, [`BenchError::Lab`].
    pub fn read(path: &Path) -> Result<Self, BenchError> {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => {
                return Err(BenchError::io(format!("reading {}", path.display()))(error));
            }
        };
        serde_json::from_str(&text).map_err(|error| BenchError::Results {
            path: path.to_owned(),
            reason: error.to_string(),
        })
    }

    /// Keeps them.
    ///
    /// # Errors
    /// [`BenchError::Lab`].
    pub fn write(&self, path: &Path) -> Result<(), BenchError> {
        let mut text = serde_json::to_string_pretty(self).map_err(|error| BenchError::Results {
            path: path.to_owned(),
            reason: error.to_string(),
        })?;
        text.push('\n');
        fs::write(path, text).map_err(BenchError::io(format!("writing {}", path.display())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_holds_or_not_or_is_not_known() {
        assert_eq!(Goal::new("x", 29.0, 30.0, "ns", 0).holds(), Some(true));
        assert_eq!(Goal::new("x", 31.0, 30.0, "ns", 0).holds(), Some(false));
        assert_eq!(Goal::new("x", None, 30.0, "ns", 0).holds(), None);
    }

    #[test]
    fn results_come_back_as_they_were_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("performance.json");
        assert_eq!(Results::read(&path).unwrap(), Results::default());
        let mut results = Results::default();
        results.benchmarks.insert(
            "start".to_owned(),
            Measured::some_time(Outcome {
                goals: vec![Goal::new("exec to ready", 0.31, 0.5, "s", 2)],
                tables: vec![Table::new("each start", &["", "s"])],
            }),
        );
        results.write(&path).unwrap();
        assert_eq!(Results::read(&path).unwrap(), results);
    }

    #[test]
    fn another_file_is_not_overwritten_unread() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("performance.json");
        fs::write(&path, "[1]").unwrap();
        let error = Results::read(&path).unwrap_err().to_string();
        assert!(error.contains("performance.json"), "{error}");
    }
}
