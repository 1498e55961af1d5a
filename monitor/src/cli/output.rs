//! Writing to standard output, for people or for scripts.

use super::exit::CliError;
use super::wrong::Shown;
use monitor_model::format::{json_shown, printable, told_line};
use monitor_model::told::Told;
use serde::de::DeserializeOwned;
use std::io::Write;

/// How rows are written.
pub(super) struct Output<T> {
    /// One JSON object a line.
    pub(super) json: bool,
    /// Above the rows for people; empty for none.
    pub(super) header: String,
    /// One row for people, without its line's end.
    pub(super) line: fn(&T) -> String,
}

impl<T> Output<T> {
    /// Writes the header; `false` when the reader has gone.
    pub(super) fn begin(&self) -> Result<bool, CliError> {
        Ok(self.json || self.header.is_empty() || write(&self.header)?)
    }
}

impl<T: Told> Output<T> {
    /// Writes one row; `false` when the reader has gone.
    pub(super) fn row(&self, row: &T) -> Result<bool, CliError> {
        if !self.json {
            return write(&(self.line)(row));
        }
        let line = told_line(row).map_err(CliError::unwritten)?;
        write(&line)
    }

    /// Writes the header and all rows; `false` when the reader has gone.
    pub(super) fn all(&self, rows: &[T]) -> Result<bool, CliError> {
        let mut reads_on = self.begin()?;
        for row in rows {
            reads_on = reads_on && self.row(row)?;
        }
        Ok(reads_on)
    }
}

/// Rows that are written one by one, until the reader has gone or writing fails.
pub(super) struct Written<'a, T> {
    output: &'a Output<T>,
    begun: bool,
    reads_on: Result<bool, CliError>,
}

impl<'a, T: Told> Written<'a, T> {
    pub(super) fn new(output: &'a Output<T>) -> Self {
        Self {
            output,
            begun: false,
            reads_on: Ok(true),
        }
    }

    /// Writes one row, and before the first the header.
    pub(super) fn row(&mut self, row: &T) {
        self.begin();
        if matches!(self.reads_on, Ok(true)) {
            self.reads_on = self.output.row(row);
        }
    }

    /// All rows are there; the header is, where there was none.
    ///
    /// # Errors
    /// What was wrong with writing them.
    pub(super) fn end(mut self) -> Result<(), CliError> {
        self.begin();
        self.reads_on.map(|_| ())
    }

    fn begin(&mut self) {
        if !self.begun {
            self.begun = true;
            self.reads_on = self.output.begin();
        }
    }
}

impl<T: DeserializeOwned + Shown> Output<T> {
    /// A line of JSON that somebody told, as it is shown; `wrong` becomes true where what it tells is wrong.
    pub(super) fn laid_out(&self, row: &str, wrong: &mut bool) -> String {
        if self.json {
            // Once one is wrong the others need not be read.
            *wrong = *wrong || serde_json::from_str(row).is_ok_and(|row: T| row.is_wrong());
            return json_shown(row);
        }
        match serde_json::from_str::<T>(row) {
            Ok(row) => {
                *wrong |= row.is_wrong();
                (self.line)(&row)
            }
            // A newer daemon may say more than this build can lay out.
            Err(_) => printable(row),
        }
    }
}

/// Writes one line; `false` when the reader has gone.
pub(super) fn write(line: &str) -> Result<bool, CliError> {
    let mut out = std::io::stdout().lock();
    let result = writeln!(out, "{}", line.trim_end_matches('\n')).and_then(|()| out.flush());
    match result.map_err(CliError::from_output) {
        Ok(()) => Ok(true),
        Err(None) => Ok(false),
        Err(Some(error)) => Err(error),
    }
}
