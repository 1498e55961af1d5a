//! What is wrong with a filter, and where.

use monitor_model::format::printable;
use std::ops::Range;

/// Why a filter is not understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{problem}", place(.text, .at))]
pub struct FilterError {
    /// What is wrong.
    pub problem: Problem,
    /// Which bytes of [`Self::text`] it is about; none at the end where something is missing.
    pub at: Range<usize>,
    /// The whole filter as it was given.
    pub text: String,
}

/// What is wrong with a filter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Longer than any may be.
    #[error("it is longer than {most} bytes; filter by fewer words")]
    TooLong {
        /// As much is read.
        most: usize,
    },
    /// More conditions than any may have.
    #[error(
        "it has more than {most} conditions; a prefix such as 10.0.0.0/8, or a * in a name, stands for many"
    )]
    TooMany {
        /// So many are read.
        most: usize,
    },
    /// Brackets in brackets beyond the bound.
    #[error("its brackets are deeper than {most}; write it with fewer")]
    TooDeep {
        /// So deep is read.
        most: usize,
    },
    /// No word of a filter.
    #[error("this is no word of a filter{}", hint(.nearest))]
    UnknownWord {
        /// The nearest that is one.
        nearest: Option<String>,
    },
    /// A word of `ss` for what is not known here.
    #[error("this is a word of ss for what tcplull does not know: {why}")]
    OnlyOfSs {
        /// What that is.
        why: &'static str,
    },
    /// A word without its value.
    #[error("{word} needs a value: {want}")]
    NoValue {
        /// The word.
        word: &'static str,
        /// What would be right.
        want: &'static str,
    },
    /// A value that is none of its word.
    #[error("this is no value of {word}: write {want}{}", hint(.nearest))]
    WrongValue {
        /// The word.
        word: &'static str,
        /// What would be right.
        want: &'static str,
        /// The nearest that is right, of those that can be counted.
        nearest: Option<String>,
    },
    /// A comparison that its word does not have.
    #[error("{word} can be = or != only")]
    WrongOperator {
        /// The word.
        word: &'static str,
    },
    /// An operator, bracket or comma where none belongs.
    #[error("this does not belong here: {want}")]
    Misplaced {
        /// What does.
        want: &'static str,
    },
    /// A bracket or a quotation mark that nothing closes.
    #[error("nothing closes this")]
    Unclosed,
    /// A letter that shows as nothing, or commands a terminal.
    #[error("a letter of it cannot be seen; write ? for any letter")]
    Unseen,
    /// A word for what these rows do not have.
    #[error("{what} have no {word}; they have: {has}")]
    NotOfThese {
        /// Which rows.
        what: &'static str,
        /// The word.
        word: String,
        /// The words that they have.
        has: String,
    },
    /// A network namespace that is not known by its number.
    #[error(
        "the network namespace {name} is not known here: give its inode, as `stat -Lc %i FILE` or /proc/PID/ns/net has it"
    )]
    Namespace {
        /// As it was given.
        name: String,
    },
}

fn hint(nearest: &Option<String>) -> String {
    nearest
        .as_ref()
        .map_or_else(String::new, |word| format!("; did you mean {word}?"))
}

fn word(text: &str, at: &Range<usize>) -> String {
    printable(text.get(at.clone()).unwrap_or_default())
}

/// Which word an error is about, before what is wrong with it.
fn place(text: &str, at: &Range<usize>) -> String {
    /// A longer word is named by its beginning.
    const SHOWN: usize = 60;
    let word = word(text, at);
    if word.is_empty() {
        return String::new();
    }
    let mut shown: String = word.chars().take(SHOWN).collect();
    if shown.len() < word.len() {
        shown.push('…');
    }
    let before = text.get(..at.start).unwrap_or_default();
    format!("\"{shown}\" (letter {}): ", before.chars().count() + 1)
}

impl FilterError {
    pub(crate) fn new(problem: Problem, at: Range<usize>, text: &str) -> Self {
        Self {
            problem,
            at,
            text: text.to_owned(),
        }
    }

    /// About no place in particular.
    pub(crate) fn whole(problem: Problem) -> Self {
        Self::new(problem, 0..0, "")
    }

    /// The word that it is about, as people may read it; empty at the end of the text.
    pub fn word(&self) -> String {
        word(&self.text, &self.at)
    }

    /// The text and below it a mark under the word, for a terminal: two lines, or none where it is about the whole or
    /// longer than a line.
    pub fn pointed(&self) -> String {
        /// What fits a terminal's line.
        const LINE: usize = 100;
        let text = printable(&self.text);
        if text.is_empty() || text.chars().count() > LINE {
            return String::new();
        }
        let before = self.text.get(..self.at.start).unwrap_or(&self.text);
        let marks = self.word().chars().count().max(1);
        let indent = before.chars().count();
        format!("  {text}\n  {:indent$}{}", "", "^".repeat(marks))
    }
}
