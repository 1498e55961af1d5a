//! The confusion table: what was true against what was said, over many runs.

use super::times::Time;
use super::{Conclusion, Observed, Pair, Truth, align};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// The row and the column of what is not there.
pub const NOTHING: &str = "nothing";

/// One count in the table: a word for the truth, a word for what was said.
pub type Cell = (String, String);

/// The cells that one run adds: one for each conclusion due about an end of a
/// connection, one for each that was said without being due, and one ("nothing"
/// against "nothing") for each end about which nothing was due or said.
pub fn cells(truth: &Truth, observed: &Observed) -> Vec<Cell> {
    let mut cells = Vec::new();
    for aligned in align(truth, observed) {
        let (mut missed, mut wrong, mut right) = (Vec::new(), Vec::new(), 0);
        for pair in &aligned.pairs {
            match pair {
                Pair::Observed(due, _) => {
                    right += 1;
                    let word = due.conclusion.word();
                    cells.push((word.to_owned(), word.to_owned()));
                }
                Pair::Missed(due) => missed.push(due.conclusion.word().to_owned()),
                Pair::Allowed(_) => {}
                Pair::False(observation) => wrong.push(observation.finding.conclusion()),
            }
        }
        if right == 0 && missed.is_empty() && wrong.is_empty() {
            cells.push((NOTHING.to_owned(), NOTHING.to_owned()));
        }
        // What was said wrongly stands for what should have been said, if anything.
        let longest = missed.len().max(wrong.len());
        let fill = |words: Vec<String>| {
            let rest = longest - words.len();
            words
                .into_iter()
                .chain(std::iter::repeat_n(NOTHING.to_owned(), rest))
        };
        cells.extend(fill(missed).zip(fill(wrong)));
    }
    let strangers = observed.strangers();
    cells.extend(strangers.map(|finding| (NOTHING.to_owned(), finding.conclusion())));
    cells
}

/// How many findings of one run are false.
pub fn false_findings(truth: &Truth, observed: &Observed) -> u64 {
    let aligned = align(truth, observed);
    let pairs = aligned.iter().flat_map(|aligned| &aligned.pairs);
    let wrong = pairs.filter(|pair| matches!(pair, Pair::False(_))).count();
    u64::try_from(wrong + observed.strangers().count()).unwrap_or(u64::MAX)
}

/// How soon a conclusion came, over all runs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Timing {
    /// The conclusion.
    pub conclusion: Conclusion,
    /// How often it was due and said.
    pub count: usize,
    /// The median, in seconds.
    pub median_seconds: f64,
    /// The longest, in seconds.
    pub max_seconds: f64,
}

/// All runs together.
#[derive(Clone, Debug, Default)]
pub struct Table {
    counts: BTreeMap<Cell, u64>,
    times: BTreeMap<Conclusion, Vec<f64>>,
    false_findings: u64,
}

/// A table as a program reads it.
#[derive(Debug, Serialize)]
pub struct Summary {
    /// For each word for the truth, what was said and how often.
    pub table: BTreeMap<String, BTreeMap<String, u64>>,
    /// How soon each conclusion came.
    pub times: Vec<Timing>,
    /// How many findings were false.
    pub false_findings: u64,
}

impl Table {
    /// Adds one run.
    pub fn add(&mut self, cells: &[Cell], times: &[Time], false_findings: u64) {
        for cell in cells {
            *self.counts.entry(cell.clone()).or_default() += 1;
        }
        for time in times {
            let of_its_kind = self.times.entry(time.conclusion).or_default();
            of_its_kind.push(time.seconds);
        }
        self.false_findings += false_findings;
    }

    /// The table for programs.
    pub fn summary(&self) -> Summary {
        let mut table: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
        for ((truth, observed), count) in &self.counts {
            let row = table.entry(truth.clone()).or_default();
            row.insert(observed.clone(), *count);
        }
        Summary {
            table,
            times: self.timings(),
            false_findings: self.false_findings,
        }
    }

    fn timings(&self) -> Vec<Timing> {
        self.times
            .iter()
            .filter_map(|(conclusion, seconds)| {
                let mut seconds = seconds.clone();
                seconds.sort_by(f64::total_cmp);
                Some(Timing {
                    conclusion: *conclusion,
                    count: seconds.len(),
                    median_seconds: *seconds.get(seconds.len() / 2)?,
                    max_seconds: *seconds.last()?,
                })
            })
            .collect()
    }

    /// The words of one side, in the order of [`Conclusion::ALL`], "nothing" last.
    fn words<'a>(&'a self, side: impl Fn(&'a Cell) -> &'a String) -> Vec<&'a str> {
        let used: BTreeSet<&str> = self.counts.keys().map(|cell| side(cell).as_str()).collect();
        let known = Conclusion::ALL.map(Conclusion::word);
        let mut words: Vec<&str> = known
            .into_iter()
            .filter(|word| used.contains(word))
            .collect();
        // A word that the testbed does not know is a finding all the same.
        let strange = used
            .iter()
            .filter(|word| !known.contains(word) && **word != NOTHING);
        words.extend(strange.copied());
        words.extend(used.contains(NOTHING).then_some(NOTHING));
        words
    }

    /// The table as Markdown, which people read as it is, too.
    pub fn markdown(&self) -> String {
        let columns = self.words(|(_, observed)| observed);
        let header = std::iter::once("true ↓ said →").chain(columns.iter().copied());
        let mut rows = vec![header.map(str::to_owned).collect::<Vec<_>>()];
        for truth in self.words(|(truth, _)| truth) {
            let counts = columns.iter().map(|observed| {
                let cell = (truth.to_owned(), (*observed).to_owned());
                let count = self.counts.get(&cell);
                count.map_or_else(|| "·".to_owned(), u64::to_string)
            });
            rows.push(std::iter::once(truth.to_owned()).chain(counts).collect());
        }
        let mut text = grid(&rows);
        let heads = ["conclusion", "count", "median [s]", "longest [s]"];
        let mut rows = vec![heads.map(str::to_owned).to_vec()];
        rows.extend(self.timings().into_iter().map(|timing| {
            vec![
                timing.conclusion.word().to_owned(),
                timing.count.to_string(),
                format!("{:.2}", timing.median_seconds),
                format!("{:.2}", timing.max_seconds),
            ]
        }));
        if rows.len() > 1 {
            text.push('\n');
            text.push_str(&grid(&rows));
        }
        // Writing to a string cannot fail.
        let _ = writeln!(text, "\nFalse findings: {}.", self.false_findings);
        text
    }
}

/// A Markdown table whose columns are as wide as their widest cell.
fn grid(rows: &[Vec<String>]) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let wide = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or(0)
            .max(3)
    };
    let widths: Vec<usize> = (0..columns).map(wide).collect();
    let mut text = String::new();
    for (number, row) in rows.iter().enumerate() {
        for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
            let cell = if column == 0 {
                format!("| {cell:<width$} ")
            } else {
                format!("| {cell:>width$} ")
            };
            text.push_str(&cell);
        }
        text.push_str("|\n");
        if number == 0 {
            for (column, width) in widths.iter().enumerate() {
                let (dashes, end) = ("-".repeat(width - 1), if column == 0 { "-" } else { ":" });
                text.push_str(&format!("| {dashes}{end} "));
            }
            text.push_str("|\n");
        }
    }
    text
}
