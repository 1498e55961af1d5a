//! The folder of further paths: packages and teams add a file each, and none of them edits another's.
//!
//! Only names that end in `.toml` count, in the order of their bytes, and none that begins with a dot. At the start any
//! wrong file is refused. Later one that is wrong costs the others nothing: what was read of it last stays in force.

use super::error::ConfigError;
use super::{Config, MAX_FILE_BYTES, text_of};
use crate::plain_file::{self, Unreadable};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Its name beside the default configuration file.
pub(super) const FOLDER: &str = "conf.d";

/// Files that are read of it, at most: two for each path that there is room for.
const MOST_FILES: usize = 256;

/// Names that are looked at in it, at most.
const MOST_NAMES: usize = 4_096;

/// One file of the folder.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct DropIn {
    pub(super) file: PathBuf,
    pub(super) text: String,
}

/// A file of the folder, or why it cannot be read.
pub(super) type Read = (PathBuf, Result<String, ConfigError>);

/// All files of `dir`; none where it is not there and need not be.
pub(super) fn read(dir: &Path, must_be_there: bool) -> Result<Vec<Read>, ConfigError> {
    let wrong = |reason| ConfigError::ConfDir {
        dir: dir.to_owned(),
        reason,
    };
    let unreadable = |source: io::Error| {
        wrong(format!(
            "cannot read this folder of paths: {source}; make it a readable folder, or take conf_dir away"
        ))
    };
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound && !must_be_there => {
            return Ok(Vec::new());
        }
        Err(error) => return Err(unreadable(error)),
    };
    let mut files = Vec::new();
    for (number, entry) in entries.enumerate() {
        let name = entry.map_err(unreadable)?.file_name();
        if number >= MOST_NAMES {
            return Err(wrong(format!(
                "more than {MOST_NAMES} names; is this the folder that was meant?"
            )));
        }
        let bytes = name.as_encoded_bytes();
        if bytes.ends_with(b".toml") && !bytes.starts_with(b".") {
            files.push(dir.join(name));
        }
    }
    if files.len() > MOST_FILES {
        return Err(wrong(format!(
            "{} files, and {MOST_FILES} are read; join some of them",
            files.len()
        )));
    }
    files.sort_unstable();
    // All of them together have as much room as the configuration file.
    let mut room = MAX_FILE_BYTES;
    let files = files.into_iter().map(|file| {
        let text = plain_file::read(&file, room).map_err(|why| refused(&file, why));
        let text = text.and_then(|bytes| text_of(&file, bytes));
        room -= text.as_ref().map_or(0, |text| text.len() as u64).min(room);
        (file, text)
    });
    Ok(files.collect())
}

fn refused(file: &Path, why: Unreadable) -> ConfigError {
    ConfigError::DropIn {
        file: file.to_owned(),
        reason: match why {
            Unreadable::Io(source) => format!("cannot read it: {source}"),
            Unreadable::NotAFile => "no regular file".to_owned(),
            Unreadable::TooLong => format!(
                "with it the files of this folder are longer than {MAX_FILE_BYTES} bytes together"
            ),
        },
    }
}

/// What is wrong, and with which of the further files, counted from 0.
#[derive(Debug)]
pub(super) struct Wrong {
    error: ConfigError,
    file: Option<usize>,
    /// The one that it contradicts.
    other: Option<usize>,
}

impl Wrong {
    /// Of files that are counted from the configuration file on.
    pub(super) fn new((error, file, other): (ConfigError, Option<usize>, Option<usize>)) -> Self {
        let further = |index: Option<usize>| index.and_then(|index| index.checked_sub(1));
        Self {
            error,
            file: further(file),
            other: further(other),
        }
    }

    /// Of none of the further files.
    pub(super) fn of_all(error: ConfigError) -> Self {
        Self::new((error, None, None))
    }
}

/// What was in force last of each file of the folder.
#[derive(Debug, Default)]
pub struct LastGood {
    /// None before the start.
    texts: Option<BTreeMap<PathBuf, String>>,
}

impl LastGood {
    /// Has `of` make a configuration of all files; from the second time on without what is wrong.
    pub(super) fn load(
        &mut self,
        read: Vec<Read>,
        of: impl Fn(&[DropIn]) -> Result<Config, Wrong>,
    ) -> Result<Config, ConfigError> {
        let mut faults = Vec::new();
        let mut files = Vec::new();
        for (file, text) in read {
            match (text, &self.texts) {
                (Ok(text), _) => files.push(DropIn { file, text }),
                (Err(error), None) => return Err(error),
                (Err(error), Some(_)) => self.go_back(&mut files, file, &error, &mut faults),
            }
        }
        loop {
            let wrong = match of(&files) {
                Ok(config) => {
                    let texts = files.into_iter().map(|one| (one.file, one.text));
                    self.texts = Some(texts.collect());
                    return Ok(Config { faults, ..config });
                }
                Err(wrong) => wrong,
            };
            let candidates = [wrong.file, wrong.other];
            let mut changed = candidates.into_iter().flatten().filter(|index| {
                let file = files.get(*index);
                file.is_some_and(|one| self.texts.is_some() && !self.was_good(one))
            });
            // What has not changed is not at fault.
            let Some(index) = changed.next() else {
                return Err(wrong.error);
            };
            let rest = files.split_off(index + 1);
            if let Some(one) = files.pop() {
                self.go_back(&mut files, one.file, &wrong.error, &mut faults);
            }
            files.extend(rest);
        }
    }

    fn was_good(&self, one: &DropIn) -> bool {
        let texts = self.texts.as_ref();
        texts.and_then(|texts| texts.get(&one.file)) == Some(&one.text)
    }

    /// Puts what was good of `file` at the end of `files`, if anything was.
    fn go_back(
        &self,
        files: &mut Vec<DropIn>,
        file: PathBuf,
        error: &ConfigError,
        faults: &mut Vec<String>,
    ) {
        let texts = self.texts.as_ref();
        let good = texts.and_then(|texts| texts.get(&file)).cloned();
        let what = match good {
            Some(_) => "the paths that it had before stay in force",
            None => "it is left out",
        };
        // The fault may lie in another file than the one that changed.
        let of = file.display();
        faults.push(format!(
            "{error}; {of}: {what}, all other files are in force"
        ));
        files.extend(good.map(|text| DropIn { file, text }));
    }
}
