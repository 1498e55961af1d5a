//! A snapshot, as it is held.

use crate::error::RedactError;
use crate::part::Part;
use crate::redact::Redaction;
use monitor_model::snapshot::{Lack, SnapshotAbout};
use std::collections::BTreeMap;

/// A snapshot, as it is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// What it is of.
    pub about: SnapshotAbout,
    parts: BTreeMap<Part, Vec<String>>,
    /// Lines that were not of their part's form, when it was read.
    pub(crate) unknown: u64,
}

impl Snapshot {
    /// One that has nothing yet.
    pub const fn new(about: SnapshotAbout) -> Self {
        Self {
            about,
            parts: BTreeMap::new(),
            unknown: 0,
        }
    }

    /// Gives it a part: lines without their ends.
    pub fn put(&mut self, part: Part, lines: Vec<String>) {
        self.parts.insert(part, lines);
    }

    /// Says why it lacks a part, or some of it.
    pub fn lacks(&mut self, part: Part, why: String) {
        self.about.lacks.push(Lack {
            part: part.name().to_owned(),
            why,
        });
    }

    /// The lines of a part.
    ///
    /// # Errors
    /// Why there are none, in one line.
    pub fn part(&self, part: Part) -> Result<&[String], String> {
        if let Some(lines) = self.parts.get(&part) {
            return Ok(lines);
        }
        let mut lacks = self.about.lacks.iter();
        let why = lacks.find(|lack| lack.part == part.name());
        let why = why.map_or("it was made without", |lack| &lack.why);
        Err(format!("the snapshot has no {}: {why}", part.name()))
    }

    /// What it lacks, each reason with all that it is one for.
    pub fn lacking(&self) -> Vec<(String, &str)> {
        let mut lacking: Vec<(String, &str)> = Vec::new();
        for lack in &self.about.lacks {
            match lacking.iter_mut().find(|(_, why)| *why == lack.why) {
                Some((parts, _)) => {
                    parts.push_str(", ");
                    parts.push_str(&lack.part);
                }
                None => lacking.push((lack.part.clone(), &lack.why)),
            }
        }
        lacking
    }

    /// Lines that were left out when it was read, because this version does not know their form.
    pub const fn unknown(&self) -> u64 {
        self.unknown
    }

    /// Makes its addresses and names pseudonyms: the same one everywhere for the same address or name. The key is thrown
    /// away.
    ///
    /// # Errors
    /// The system gives no key; then nothing has changed.
    pub fn redact(&mut self) -> Result<(), RedactError> {
        let mut redaction = Redaction::new()?;
        redaction.learn(&self.about.host);
        let all = self.parts.iter();
        for (part, line) in
            all.flat_map(|(part, lines)| lines.iter().map(move |line| (*part, line)))
        {
            redaction.learn_line(part, line);
        }
        let mut redactor = redaction.redactor()?;
        for (part, lines) in &mut self.parts {
            let redacted = lines.drain(..);
            *lines = redacted
                .filter_map(|line| redactor.line(*part, &line))
                .collect();
        }
        let about = &mut self.about;
        about.host = redactor.name(&about.host);
        for lack in &mut about.lacks {
            lack.why = redactor.text(&lack.why);
        }
        about.redacted = true;
        Ok(())
    }
}
