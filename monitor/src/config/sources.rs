//! Which line stands in which file: lines are counted over all files, one after the other.

use super::error::{ConfigError, Fault, Place};
use std::path::{Path, PathBuf};

/// The files of a configuration, in the order in which they are read.
#[derive(Debug, Default)]
pub(super) struct Sources {
    /// Each with the lines of those before it.
    files: Vec<(PathBuf, usize)>,
    lines: usize,
}

impl Sources {
    /// Adds a file; answers how many lines stand before it.
    pub(super) fn add(&mut self, file: &Path, text: &str) -> usize {
        let before = self.lines;
        self.files.push((file.to_owned(), before));
        // One more: what is wrong with the end of a text stands in the line after its last.
        self.lines += text.bytes().filter(|byte| *byte == b'\n').count() + 2;
        before
    }

    /// Which file it is, counted from 0, its name, and the line in it.
    fn find(&self, line: usize) -> (usize, &Path, usize) {
        let after = self.files.partition_point(|(_, before)| *before < line);
        let index = after.saturating_sub(1);
        match self.files.get(index) {
            Some((file, before)) => (index, file, line - before),
            None => (0, Path::new(""), line),
        }
    }

    /// The place in words.
    pub(super) fn shown(&self, place: Place) -> String {
        match place {
            Place::Flag(flag) => flag.to_owned(),
            Place::Line(line) => {
                let (_, file, line) = self.find(line);
                format!("{}:{line}", file.display())
            }
        }
    }

    /// What to say of a fault, and in which file it lies; a file before it that it contradicts.
    pub(super) fn error(&self, fault: Fault) -> (ConfigError, Option<usize>, Option<usize>) {
        let mut problem = fault.problem;
        let at = match fault.place {
            Place::Line(line) => Some(self.find(line)),
            Place::Flag(_) => None,
        };
        let index = at.map(|(index, ..)| index);
        let mut other = None;
        if let Some(first) = problem.first_mut() {
            let (of, file, line) = self.find(first.line);
            first.line = line;
            first.file = (index.unwrap_or(0) != of).then(|| file.to_owned());
            other = Some(of);
        }
        let error = match (fault.place, at) {
            (Place::Flag(flag), _) => ConfigError::Flag {
                flag,
                problem: Box::new(problem),
            },
            (_, Some((_, file, line))) => ConfigError::Line {
                file: file.to_owned(),
                line,
                problem: Box::new(problem),
            },
            (Place::Line(line), None) => ConfigError::Line {
                file: PathBuf::new(),
                line,
                problem: Box::new(problem),
            },
        };
        (error, index, other)
    }
}
