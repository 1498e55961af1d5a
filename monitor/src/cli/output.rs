//! Writing to standard output, for people or for scripts.

use super::exit::CliError;
use super::wrong::Shown;
use monitor_model::format::{json_shown, printable, told_line};
use monitor_model::told::Told;
use serde::de::DeserializeOwned;
use std::future::pending;
use std::io::{self, BufWriter, IsTerminal, Stdout, Write};
use terminal_size::{Width, terminal_size_of};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

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

/// Standard output for a list that may be long: written by the block, and at once where a person looks on.
pub(super) struct Lines {
    out: BufWriter<Stdout>,
    at_once: bool,
}

impl Lines {
    pub(super) fn new() -> Self {
        /// What a pipe holds.
        const BLOCK: usize = 1 << 16;
        let out = io::stdout();
        Self {
            at_once: out.is_terminal(),
            out: BufWriter::with_capacity(BLOCK, out),
        }
    }

    /// Writes one line; `false` when the reader has gone.
    pub(super) fn write(&mut self, line: &str) -> Result<bool, CliError> {
        let result = writeln!(self.out, "{line}");
        match result {
            Ok(()) if self.at_once => self.end(),
            result => reads_on(result),
        }
    }

    /// Writes what is still held; `false` when the reader has gone.
    pub(super) fn end(&mut self) -> Result<bool, CliError> {
        reads_on(self.out.flush())
    }
}

/// How wide the terminal is; endless for what is none, or does not say.
pub(super) fn columns() -> usize {
    let out = io::stdout();
    let size = out.is_terminal().then(|| terminal_size_of(&out)).flatten();
    let width = size.map_or(0, |(Width(width), _)| usize::from(width));
    if width > 0 { width } else { usize::MAX }
}

/// Writes one line; `false` when the reader has gone.
pub(super) fn write(line: &str) -> Result<bool, CliError> {
    let mut out = io::stdout().lock();
    let result = writeln!(out, "{}", line.trim_end_matches('\n')).and_then(|()| out.flush());
    reads_on(result)
}

/// Over once the reader of standard output has gone: the next line, which would tell, may be long in coming.
pub(super) async fn nobody_reads() {
    // SAFETY: standard output is open for as long as this process runs.
    let out = unsafe { AsyncFd::register_with_interest(io::stdout(), Interest::ERROR) };
    if let Ok(out) = out
        && out.ready(Interest::ERROR).await.is_ok()
    {
        return;
    }
    // A file takes all, and nothing is to be heard of it.
    pending().await
}

fn reads_on(result: io::Result<()>) -> Result<bool, CliError> {
    match result.map_err(CliError::from_output) {
        Ok(()) => Ok(true),
        Err(None) => Ok(false),
        Err(Some(error)) => Err(error),
    }
}
