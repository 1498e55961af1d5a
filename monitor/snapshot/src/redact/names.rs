//! Pseudonyms of names: `name-1`, `name-2`.

use super::words::{COMMON, RESERVED};
use crate::error::RedactError;
use aho_corasick::{AhoCorasick, Input, MatchKind};
use std::collections::{BTreeSet, HashMap};

/// A name that is shorter is replaced within a text where it stands as a word alone.
const LONG: usize = 4;

/// The names that stand as names somewhere.
#[derive(Debug, Default)]
pub(super) struct Learnt(BTreeSet<String>);

impl Learnt {
    /// A name as a whole.
    pub(super) fn whole(&mut self, name: &str) {
        if !is_common(name) {
            self.0.insert(name.to_owned());
        }
    }

    /// A name, and what it is made of.
    pub(super) fn name(&mut self, name: &str) {
        let parts = name.split('/');
        let stems = parts.clone().filter_map(|part| {
            let (stem, kind) = part.rsplit_once('.')?;
            ["service", "scope", "slice", "socket"]
                .contains(&kind)
                .then_some(stem)
        });
        for part in parts.chain(stems).chain([name]) {
            self.whole(part);
        }
    }
}

/// Whether everybody has it, so that it tells nothing.
fn is_common(name: &str) -> bool {
    name.is_empty() || name == "/" || RESERVED.contains(&name) || COMMON.contains(&name)
}

/// All names, and their pseudonyms.
pub(super) struct Names {
    pseudonyms: HashMap<String, String>,
    patterns: Vec<String>,
    finder: AhoCorasick,
}

impl Names {
    pub(super) fn new(learnt: Learnt) -> Result<Self, RedactError> {
        let patterns: Vec<String> = learnt.0.into_iter().collect();
        let finder = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .build(&patterns);
        let finder = finder.map_err(|error| RedactError::Names(error.to_string()))?;
        Ok(Self {
            pseudonyms: HashMap::new(),
            patterns,
            finder,
        })
    }

    /// The pseudonym of a whole name.
    pub(super) fn pseudonym(&mut self, name: &str) -> String {
        if is_common(name) {
            return name.to_owned();
        }
        if let Some(known) = self.pseudonyms.get(name) {
            return known.clone();
        }
        let new = format!("name-{}", self.pseudonyms.len() + 1);
        self.pseudonyms.insert(name.to_owned(), new.clone());
        new
    }

    /// A text in which those that were learnt are replaced.
    pub(super) fn within(&mut self, text: &str) -> String {
        let mut replaced = String::with_capacity(text.len());
        let (mut from, mut told) = (0, 0);
        while let Some(found) = self.finder.find(Input::new(text).range(from..)) {
            if found.is_empty() {
                break;
            }
            let (before, after) = (&text[..found.start()], &text[found.end()..]);
            let alone = !before.ends_with(is_of_a_word) && !after.starts_with(is_of_a_word);
            if found.len() < LONG && !alone {
                let step = text[found.start()..]
                    .chars()
                    .next()
                    .map_or(1, char::len_utf8);
                from = found.start() + step;
                continue;
            }
            let name = self.patterns[found.pattern().as_usize()].clone();
            replaced.push_str(&text[told..found.start()]);
            replaced.push_str(&self.pseudonym(&name));
            (from, told) = (found.end(), found.end());
        }
        replaced.push_str(&text[told..]);
        replaced
    }
}

fn is_of_a_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}
