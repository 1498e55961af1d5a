//! The history in a folder: its lines in order, the alerts of a moment, a report.

use crate::found::Found;
use crate::reporter::Reporter;
use crate::standing::{Standing, Stood};
use monitor_model::report::Report;
use monitor_store::{Filter, Forwards, Kind, Kinds, Moment, Range, ReadError, ReadStats, Record};
use std::path::PathBuf;

/// A history, seen from some present.
#[derive(Clone, Debug)]
pub struct Past {
    dir: PathBuf,
    now: Moment,
}

impl Past {
    /// The one in `dir`. What was written in the boot of `now` is placed by the clock that does not step.
    pub fn new(dir: PathBuf, now: Moment) -> Self {
        Self { dir, now }
    }

    /// Lines of JSON as scripts read them, in the order in which they were written, from `from` to `until`, both in ns
    /// since 1970. At the end of what is written it ends; asked again later, it goes on.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn lines(&self, from: i64, until: i64, kinds: Kinds) -> Result<Lines, ReadError> {
        let records = self.records(from, until, kinds)?;
        Ok(Lines {
            records,
            unreadable: 0,
            strange: 0,
        })
    }

    /// The alerts as they stood at `at`, in ns since 1970.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn alerts_at(&self, at: i64) -> Result<Stood, ReadError> {
        let mut standing = Standing::default();
        let kinds = Kinds::of(&[Kind::Alert, Kind::Agent]);
        let mut lines = self.lines(i64::MIN, at.saturating_add(1), kinds)?;
        while let Some(record) = lines.record()? {
            match record.contents() {
                Ok(contents) => {
                    standing.take(&record.at, self.now.wall_of(&record.at), contents);
                }
                Err(_) => lines.strange += 1,
            }
        }
        let begins = self.begins()?;
        Ok(standing.at(at, begins, &lines.stats()))
    }

    /// What was found from `from` to `at`, both in ns since 1970 and part of it.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn found_until(&self, from: i64, at: i64) -> Result<Found, ReadError> {
        let mut found = Found::default();
        let kinds = Kinds::of(&[Kind::Finding, Kind::Gaps, Kind::Agent]);
        let lines = self.lines(from, at.saturating_add(1), kinds)?;
        self.tell(lines, |_, _, contents| found.take(contents))?;
        Ok(found)
    }

    /// A report of what was found from `from` to `until`, both in ns since 1970.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn report(&self, from: i64, until: i64) -> Result<Report, ReadError> {
        let mut reporter = Reporter::new(from, until, self.begins()?);
        // What stood when the time began.
        let kinds = Kinds::of(&[Kind::Alert, Kind::Agent]);
        let before = self.lines(i64::MIN, from, kinds)?;
        let before = self.tell(before, |at, wall, contents| {
            reporter.before(at, wall, contents);
        })?;
        let within = self.lines(from, until, Kinds::ALL)?;
        let within = self.tell(within, |at, wall, contents| {
            reporter.take(at, wall, contents);
        })?;
        let damaged = within.damaged.max(before.damaged);
        Ok(reporter.finish(damaged, before.unknown + within.unknown))
    }

    fn tell(
        &self,
        mut lines: Lines,
        mut to: impl FnMut(&Moment, i64, monitor_store::Contents),
    ) -> Result<ReadStats, ReadError> {
        while let Some(record) = lines.record()? {
            match record.contents() {
                Ok(contents) => to(&record.at, self.now.wall_of(&record.at), contents),
                Err(_) => lines.strange += 1,
            }
        }
        Ok(lines.stats())
    }

    /// When the oldest record was written, in ns since 1970.
    fn begins(&self) -> Result<Option<i64>, ReadError> {
        let mut all = self.lines(i64::MIN, i64::MAX, Kinds::ALL)?;
        let first = all.record()?;
        Ok(first.map(|record| self.now.wall_of(&record.at)))
    }

    fn records(&self, from: i64, until: i64, kinds: Kinds) -> Result<Forwards, ReadError> {
        let range = Range {
            from,
            until,
            now: Some(self.now),
        };
        Forwards::open(&self.dir, Filter { range, kinds })
    }
}

/// Records of a history, one at a time.
#[derive(Debug)]
pub struct Lines {
    records: Forwards,
    unreadable: u64,
    strange: u64,
}

impl Lines {
    /// The next record. A file that cannot be read is counted, and the next one is tried.
    ///
    /// # Errors
    /// The folder cannot be read any more.
    pub fn record(&mut self) -> Result<Option<Record>, ReadError> {
        loop {
            match self.records.next() {
                None => return Ok(None),
                Some(Ok(record)) => return Ok(Some(record)),
                Some(Err(ReadError::Segment { .. })) => self.unreadable += 1,
                Some(Err(error)) => return Err(error),
            }
        }
    }

    /// What could not be shown so far.
    pub fn stats(&self) -> ReadStats {
        let stats = self.records.stats();
        ReadStats {
            damaged: stats.damaged + self.unreadable,
            unknown: stats.unknown + self.strange,
        }
    }
}

impl Iterator for Lines {
    type Item = Result<String, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.record() {
                Ok(Some(record)) => match record.told_line() {
                    Some(line) => return Some(Ok(line)),
                    None => self.strange += 1,
                },
                Ok(None) => return None,
                Err(error) => return Some(Err(error)),
            }
        }
    }
}
