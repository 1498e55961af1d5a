//! The rows of a list, each made when the client takes it.

use monitor_model::api::ApiError;
use monitor_model::format::tell_line;
use monitor_model::told::Told;
use std::fmt;
use std::time::Duration;

/// Lines that are made at once.
const AT_ONCE: usize = 128;

/// What they take: a connection's is some 700 bytes long.
const ROOM: usize = AT_ONCE * 1024;

/// Puts the next line behind those that are there; whether there was one.
type NextLine = dyn FnMut(&mut Vec<u8>) -> bool + Send;

/// The rows of a list.
pub struct Rows {
    next: Box<NextLine>,
    /// How long ago it was looked, where that was for somebody else.
    age: Option<Duration>,
}

impl Rows {
    /// These, made one after the other on a thread where that may wait.
    pub fn new<T: Told + 'static>(
        rows: impl IntoIterator<Item = T, IntoIter: Send + 'static>,
    ) -> Self {
        Self::ending(rows.into_iter().map(Ok))
    }

    /// The same, and behind them the client may be told why there are no more.
    pub fn ending<T: Told + 'static>(
        rows: impl Iterator<Item = Result<T, ApiError>> + Send + 'static,
    ) -> Self {
        Self::told_by(rows, |row, told| tell_line(&row, told))
    }

    /// The same of what `tell` puts as a line behind those that are there.
    pub fn told_by<T>(
        mut rows: impl Iterator<Item = Result<T, ApiError>> + Send + 'static,
        mut tell: impl FnMut(T, &mut Vec<u8>) -> Result<(), serde_json::Error> + Send + 'static,
    ) -> Self {
        Self::by(move |told| match rows.next() {
            Some(Ok(row)) => {
                // What cannot be written as JSON becomes the line that says so.
                tell(row, told).unwrap_or_else(|error| tell_error(&error.to_string().into(), told));
                true
            }
            Some(Err(error)) => {
                tell_error(&error, told);
                true
            }
            None => false,
        })
    }

    /// Lines of JSON that are told already, without their ends.
    pub fn lines(mut lines: impl Iterator<Item: AsRef<str>> + Send + 'static) -> Self {
        Self::by(move |told| {
            let Some(line) = lines.next() else {
                return false;
            };
            told.extend_from_slice(line.as_ref().as_bytes());
            told.push(b'\n');
            true
        })
    }

    fn by(next: impl FnMut(&mut Vec<u8>) -> bool + Send + 'static) -> Self {
        Self {
            next: Box::new(next),
            age: None,
        }
    }

    /// The same, as somebody looked so long ago.
    #[must_use]
    pub fn aged(self, age: Duration) -> Self {
        let age = Some(age);
        Self { age, ..self }
    }

    /// The same, and behind them this line.
    #[must_use]
    pub fn then(mut self, last: Option<ApiError>) -> Self {
        let Some(last) = last else { return self };
        let (age, mut last) = (self.age, Some(last));
        let all = Self::by(move |told| {
            (self.next)(told)
                || last.take().is_some_and(|last| {
                    tell_error(&last, told);
                    true
                })
        });
        Self { age, ..all }
    }

    pub(super) fn age(&self) -> Option<Duration> {
        self.age
    }

    /// The first lines of it, so many at the most.
    #[must_use]
    pub fn first(mut self, most: Option<u64>) -> Self {
        let Some(mut left) = most else { return self };
        let age = self.age;
        let first = Self::by(move |told| {
            left > 0 && {
                left -= 1;
                (self.next)(told)
            }
        });
        Self { age, ..first }
    }

    /// The next lines; empty at the end.
    pub(crate) fn next_lines(&mut self) -> Vec<u8> {
        let mut told = Vec::with_capacity(ROOM);
        for _ in 0..AT_ONCE {
            if !(self.next)(&mut told) {
                break;
            }
        }
        told
    }
}

fn tell_error(error: &ApiError, told: &mut Vec<u8>) {
    // A text and a number have their words in JSON.
    let _ = tell_line(error, told);
}

impl fmt::Debug for Rows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Rows")
    }
}
