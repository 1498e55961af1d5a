//! Reading a TOML table key by key, each value with the line it stands in.

use super::duration::Limits;
use super::error::{Fault, Hint, Place, Problem};
use std::ops::Range;
use std::time::Duration;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A value and the line where it stands, counted from 1.
#[derive(Clone, Debug)]
pub(super) struct Lined<T> {
    pub(super) line: usize,
    pub(super) value: T,
}

impl<T> Lined<T> {
    pub(super) fn fault(&self, problem: Problem) -> Fault {
        Place::Line(self.line).fault(problem)
    }

    /// The same line with what `read` makes of the value.
    pub(super) fn try_map<U>(
        self,
        read: impl FnOnce(T) -> Result<U, Problem>,
    ) -> Result<Lined<U>, Fault> {
        let line = self.line;
        let value = read(self.value).map_err(|problem| Place::Line(line).fault(problem))?;
        Ok(Lined { line, value })
    }
}

/// The text of a file, to tell lines from offsets.
#[derive(Clone, Copy, Debug)]
pub(super) struct Text<'a> {
    pub(super) text: &'a str,
    /// Lines of the files before it.
    pub(super) before: usize,
}

impl Text<'_> {
    pub(super) fn line(self, span: &Range<usize>) -> usize {
        let before = self.text.as_bytes().iter().take(span.start);
        self.before + 1 + before.filter(|byte| **byte == b'\n').count()
    }
}

/// A table whose keys are all known.
#[derive(Debug)]
pub(super) struct Section<'a> {
    table: DeTable<'a>,
    text: Text<'a>,
}

impl<'a> Section<'a> {
    /// Holds `table` to the known keys; `place` says where it is, as in
    /// "unknown key … in [[path]]".
    pub(super) fn new(
        table: DeTable<'a>,
        text: Text<'a>,
        place: &'static str,
        known: &'static [&'static str],
    ) -> Result<Self, Fault> {
        let unknown = table
            .keys()
            .filter(|key| !known.contains(&key.get_ref().as_ref()))
            .min_by_key(|key| key.span().start);
        if let Some(key) = unknown {
            let word = key.get_ref().as_ref();
            let problem = Problem::UnknownKey {
                key: word.to_owned(),
                place,
                hint: Hint::new(word, known.iter().copied()),
            };
            return Err(Place::Line(text.line(&key.span())).fault(problem));
        }
        Ok(Self { table, text })
    }

    fn take(&mut self, key: &'static str) -> Option<Lined<DeValue<'a>>> {
        self.table.remove(key).map(|value| self.lined(value))
    }

    fn lined(&self, value: Spanned<DeValue<'a>>) -> Lined<DeValue<'a>> {
        Lined {
            line: self.text.line(&value.span()),
            value: value.into_inner(),
        }
    }

    /// The string under `key`, if there is one; `want` says what it should hold.
    pub(super) fn string(
        &mut self,
        key: &'static str,
        want: &'static str,
    ) -> Result<Option<Lined<String>>, Fault> {
        self.take(key)
            .map(|found| found.try_map(|value| string(value, key, want)))
            .transpose()
    }

    /// The duration under `key`, if there is one.
    pub(super) fn duration(
        &mut self,
        key: &'static str,
        limits: &Limits,
    ) -> Result<Option<Lined<Duration>>, Fault> {
        let Some(text) = self.string(key, "a duration in quotes such as \"4m\" or \"350s\"")?
        else {
            return Ok(None);
        };
        text.try_map(|text| {
            limits
                .parse(&text)
                .map_err(|problem| Problem::Duration { key, problem })
        })
        .map(Some)
    }

    /// The number under `key`, if there is one.
    pub(super) fn number(&mut self, key: &'static str) -> Result<Option<Lined<f64>>, Fault> {
        self.take(key)
            .map(|found| {
                found.try_map(|value| {
                    let read = match &value {
                        DeValue::Float(number) => number.as_str().parse().ok(),
                        DeValue::Integer(number) => number.as_str().parse().ok(),
                        _ => None,
                    };
                    read.ok_or_else(|| wrong_type(key, "a number such as 0.75", &value))
                })
            })
            .transpose()
    }

    /// What is said of `key`, if anything.
    pub(super) fn boolean(&mut self, key: &'static str) -> Result<Option<bool>, Fault> {
        Ok(self.flag(key)?.map(|found| found.value))
    }

    /// Whether `key` says true or false, if it is there.
    pub(super) fn flag(&mut self, key: &'static str) -> Result<Option<Lined<bool>>, Fault> {
        self.take(key)
            .map(|found| {
                found.try_map(|value| match value {
                    DeValue::Boolean(flag) => Ok(flag),
                    other => Err(wrong_type(key, "true or false", &other)),
                })
            })
            .transpose()
    }

    /// The moment under `key`, as it is written with or without quotes, if there is one.
    pub(super) fn moment(
        &mut self,
        key: &'static str,
        want: &'static str,
    ) -> Result<Option<Lined<String>>, Fault> {
        let found = self.take(key).map(|found| {
            found.try_map(|value| match value {
                DeValue::Datetime(moment) => Ok(moment.to_string()),
                other => string(other, key, want),
            })
        });
        found.transpose()
    }

    /// The table under `key`, if there is one.
    pub(super) fn table(
        &mut self,
        key: &'static str,
        want: &'static str,
    ) -> Result<Option<DeTable<'a>>, Fault> {
        Ok(self.lined_table(key, want)?.map(|found| found.value))
    }

    /// The same with its line.
    pub(super) fn lined_table(
        &mut self,
        key: &'static str,
        want: &'static str,
    ) -> Result<Option<Lined<DeTable<'a>>>, Fault> {
        let table = self.take(key).map(|found| {
            found.try_map(|value| match value {
                DeValue::Table(table) => Ok(table),
                other => Err(wrong_type(key, want, &other)),
            })
        });
        table.transpose()
    }

    /// The items of the array under `key`, each with its line, if there is one.
    pub(super) fn items(
        &mut self,
        key: &'static str,
        want: &'static str,
    ) -> Result<Option<Lined<Vec<Lined<DeValue<'a>>>>>, Fault> {
        let Some(found) = self.take(key) else {
            return Ok(None);
        };
        let items = found.try_map(|value| match value {
            DeValue::Array(items) => Ok(items),
            other => Err(wrong_type(key, want, &other)),
        })?;
        Ok(Some(Lined {
            line: items.line,
            value: items
                .value
                .into_iter()
                .map(|item| self.lined(item))
                .collect(),
        }))
    }
}

/// `value` as a string.
pub(super) fn string(
    value: DeValue<'_>,
    key: &'static str,
    want: &'static str,
) -> Result<String, Problem> {
    match value {
        DeValue::String(text) => Ok(text.into_owned()),
        other => Err(wrong_type(key, want, &other)),
    }
}

/// That `key` wants something else than `got`.
pub(super) fn wrong_type(key: &'static str, want: &'static str, got: &DeValue<'_>) -> Problem {
    let got = match got {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a decimal number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    };
    Problem::WrongType { key, want, got }
}
