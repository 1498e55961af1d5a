//! Reading a web configuration and what it names, and telling whether any of it has changed since.

use super::error::WebProblem;
use crate::plain_file::{self, Unreadable};
use ring::digest::{Digest, SHA256, digest};
use std::path::{Path, PathBuf};

/// The most bytes of the configuration, and of each file that it names, that are read. The certificates of all public
/// authorities together take a quarter of it.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// The files that were read, and what was in them: only its digest, so that no key lies about.
#[derive(Debug, Default)]
pub(super) struct Seen(Vec<(PathBuf, Option<Digest>)>);

impl Seen {
    /// Whether all of them hold what they held. One that could not be read is looked at anew.
    pub(super) fn is_still_so(&self) -> bool {
        let same = |(file, then): &(PathBuf, Option<Digest>)| {
            let now = plain_file::read(file, MAX_FILE_BYTES).ok();
            let now = now.map(|bytes| digest(&SHA256, &bytes));
            matches!((then, &now), (Some(then), Some(now)) if is_same(then, now))
        };
        !self.0.is_empty() && self.0.iter().all(same)
    }
}

/// Whether two digests are of the same bytes.
pub(super) fn is_same(one: &Digest, other: &Digest) -> bool {
    let (one, other): (&[u8], &[u8]) = (one.as_ref(), other.as_ref());
    one == other
}

/// Reads one web configuration and what it names.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    file: &'a Path,
    pub(super) seen: Seen,
}

impl<'a> Reader<'a> {
    pub(super) fn new(file: &'a Path) -> Self {
        let seen = Seen::default();
        Self { file, seen }
    }

    /// The configuration itself.
    pub(super) fn configuration(&mut self) -> Result<Vec<u8>, WebProblem> {
        let file = self.file.to_owned();
        self.note(file).map_err(|(file, why)| match why {
            Unreadable::Io(source) => WebProblem::Read(source),
            Unreadable::NotAFile => WebProblem::NotAFile(file),
            Unreadable::TooLong => too_long(file),
        })
    }

    /// The file that is named under `key`; a relative name is relative to the configuration's folder.
    pub(super) fn read(&mut self, key: &'static str, name: &str) -> Result<Vec<u8>, WebProblem> {
        let folder = self.file.parent().unwrap_or(Path::new(""));
        self.note(folder.join(name))
            .map_err(|(file, why)| match why {
                Unreadable::Io(source) => WebProblem::ReadNamed { key, file, source },
                Unreadable::NotAFile => WebProblem::NotAFile(file),
                Unreadable::TooLong => too_long(file),
            })
    }

    fn note(&mut self, file: PathBuf) -> Result<Vec<u8>, (PathBuf, Unreadable)> {
        let read = plain_file::read(&file, MAX_FILE_BYTES);
        let found = read.as_ref().ok().map(|bytes| digest(&SHA256, bytes));
        self.seen.0.push((file.clone(), found));
        read.map_err(|why| (file, why))
    }
}

fn too_long(file: PathBuf) -> WebProblem {
    let limit = MAX_FILE_BYTES;
    WebProblem::TooLong { file, limit }
}
