//! The applications' table: for each of them, wherever it lived, what was said and what should not have been.

use super::application::Application;
use super::run::Report;
use super::staging::Staging;
use std::collections::BTreeMap;
use std::fmt::Write;

/// What came of an application in one staging, over many runs.
#[derive(Clone, Debug, Default)]
struct Row {
    runs: u32,
    right: u32,
    said: BTreeMap<String, u64>,
    false_pages: usize,
    false_tickets: usize,
    due: usize,
    told: usize,
}

/// All runs together.
#[derive(Clone, Debug, Default)]
pub struct Table(BTreeMap<(&'static str, Staging), Row>);

impl Table {
    /// Adds one run.
    pub fn add(&mut self, report: &Report) {
        let row = self
            .0
            .entry((report.application, report.staging))
            .or_default();
        let judgement = &report.judgement;
        row.runs += 1;
        row.right += u32::from(report.ok());
        for (word, count) in &judgement.said {
            *row.said.entry(word.clone()).or_default() += count;
        }
        row.false_pages += judgement.false_pages.len();
        row.false_tickets += judgement.false_tickets.len();
        row.due += report.due;
        row.told += report.told;
    }

    /// The table as Markdown, in the order of `applications`.
    pub fn markdown(&self, applications: &[Application]) -> String {
        let mut text = "| application | staging | right | truths told | false pages | false tickets | said, and true |\n\
            | --- | --- | --: | --: | --: | --: | --- |\n"
            .to_owned();
        for application in applications {
            for staging in Staging::ALL {
                let Some(row) = self.0.get(&(application.name, staging)) else {
                    continue;
                };
                let said: Vec<String> = row
                    .said
                    .iter()
                    .map(|(word, count)| format!("{word} {count}"))
                    .collect();
                // Writing to a string cannot fail.
                let _ = writeln!(
                    text,
                    "| {} | {} | {} of {} | {} of {} | {} | {} | {} |",
                    application.name,
                    staging.word(),
                    row.right,
                    row.runs,
                    row.told,
                    row.due,
                    row.false_pages,
                    row.false_tickets,
                    said.join(", ")
                );
            }
        }
        text
    }
}
