//! The rows of a list, each made when the client takes it.

use monitor_model::api::ApiError;
use monitor_model::format::told_line;
use monitor_model::told::Told;
use std::fmt;
use std::iter::once;

/// Lines that are made at once.
const AT_ONCE: usize = 64;

/// The rows of a list.
pub struct Rows(Box<dyn Iterator<Item = String> + Send>);

impl Rows {
    /// These, made one after the other on a thread where that may wait.
    pub fn new<T: Told>(rows: impl IntoIterator<Item = T, IntoIter: Send + 'static>) -> Self {
        Self(Box::new(rows.into_iter().map(|row| whole(told_line(&row)))))
    }

    /// Lines of JSON that are told already, without their ends.
    pub fn lines(lines: impl Iterator<Item = String> + Send + 'static) -> Self {
        Self(Box::new(lines.map(|line| line + "\n")))
    }

    /// Behind them the client is told why there are no more.
    #[must_use]
    pub fn cut(self, error: String) -> Self {
        let notice = once(whole(told_line(&ApiError { error })));
        Self(Box::new(self.0.chain(notice)))
    }

    /// The first of them, so many at the most.
    #[must_use]
    pub fn first(self, most: Option<u64>) -> Self {
        match most.and_then(|most| usize::try_from(most).ok()) {
            Some(most) => Self(Box::new(self.0.take(most))),
            None => self,
        }
    }

    /// The next lines; empty at the end.
    pub(super) fn next_lines(&mut self) -> String {
        self.0.by_ref().take(AT_ONCE).collect()
    }
}

impl fmt::Debug for Rows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Rows")
    }
}

/// A line with its end; what cannot be written as JSON becomes the line that says so.
fn whole(line: Result<String, serde_json::Error>) -> String {
    let mut line = line.unwrap_or_else(|error| {
        let error = error.to_string();
        told_line(&ApiError { error }).unwrap_or_default()
    });
    line.push('\n');
    line
}
