//! The folder that segments lie in. What else lies there is left alone.

use crate::error::{OpenError, Refused};
use crate::segment::options;
use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use nix::unistd::geteuid;
use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

/// Ends the name of every segment.
const ENDING: &str = ".history";

/// The file of what was learned.
pub(crate) const LEARNED: &str = "learned";

/// Ends the name of the file that is written before it takes its place.
pub(crate) const NEW: &str = ".new";

/// Ends the name of the file by which its writers know of each other.
pub(crate) const LOCK: &str = ".lock";

/// Entries of the folder that are looked at, at most: a daemon makes some twenty.
const MOST_ENTRIES: usize = 65_536;

/// Segments that are known at once, at most: the newest. A daemon makes 17, and some more where its bound was changed.
pub(crate) const MOST_SEGMENTS: usize = 256;

/// The highest number. No daemon ever comes to it.
pub(crate) const LAST: u64 = u64::MAX >> 1;

/// What is in the folder.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    /// Length of each segment in bytes, by its number.
    pub(crate) segments: BTreeMap<u64, u64>,
    /// Segments, older than these, beyond the most.
    pub(crate) beyond: Vec<u64>,
    /// Entries that are no file of ours.
    pub(crate) foreign: u64,
    /// The highest number that an entry's name has, whatever the entry is.
    pub(crate) highest: u64,
}

/// The file of segment `sequence`.
pub(crate) fn path(dir: &Path, sequence: u64) -> PathBuf {
    dir.join(format!("{sequence:020}{ENDING}"))
}

/// The file by which writers know of each other.
pub(crate) fn lock(dir: &Path) -> PathBuf {
    dir.join("lock")
}

/// Makes the folder where it is not there, for this user alone, with all above it that is missing.
///
/// # Errors
/// It cannot be made, or others could put files in it.
pub(crate) fn made_ours(dir: &Path) -> Result<(), OpenError> {
    let refused = |source| OpenError::Folder {
        dir: dir.to_owned(),
        source,
    };
    let mut builder = DirBuilder::new();
    let made = builder.recursive(true).mode(0o700).create(dir);
    made.map_err(refused)?;
    let found = fs::metadata(dir).map_err(refused)?;
    let others_write = found.mode() & 0o022 != 0;
    if !found.is_dir() || found.uid() != geteuid().as_raw() || others_write {
        let dir = dir.to_owned();
        return Err(OpenError::NotOurs { dir });
    }
    Ok(())
}

/// Takes the lock on the file at `path` in `dir`, which only one process has.
pub(crate) fn take_lock(dir: &Path, path: &Path) -> Result<Flock<File>, OpenError> {
    let failed = |source| {
        OpenError::Refused(Refused {
            what: "cannot lock",
            path: path.to_owned(),
            source,
        })
    };
    let opened = options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path);
    let file = opened.map_err(failed)?;
    if !file.metadata().map_err(failed)?.is_file() {
        return Err(failed(io::Error::new(
            ErrorKind::InvalidInput,
            "it is no file",
        )));
    }
    Flock::lock(file, FlockArg::LockExclusiveNonblock).map_err(|(_, error)| match error {
        Errno::EWOULDBLOCK => OpenError::Locked {
            dir: dir.to_owned(),
        },
        other => failed(other.into()),
    })
}

/// Looks what is there.
///
/// # Errors
/// What the system says to reading the folder.
pub(crate) fn list(dir: &Path) -> io::Result<Listing> {
    let mut listing = Listing::default();
    for entry in fs::read_dir(dir)?.take(MOST_ENTRIES) {
        let entry = entry?;
        let name = entry.file_name();
        if name.to_str().is_some_and(is_ours) {
            continue;
        }
        let Some(sequence) = name.to_str().and_then(sequence) else {
            listing.foreign += 1;
            continue;
        };
        listing.highest = listing.highest.max(sequence);
        // Of the link itself, where it is one. What is gone meanwhile was the oldest.
        let Ok(found) = entry.metadata() else {
            continue;
        };
        if !found.is_file() {
            listing.foreign += 1;
            continue;
        }
        listing.segments.insert(sequence, found.len());
        if listing.segments.len() > MOST_SEGMENTS
            && let Some((oldest, _)) = listing.segments.pop_first()
            && listing.beyond.len() < MOST_ENTRIES
        {
            listing.beyond.push(oldest);
        }
    }
    Ok(listing)
}

/// Whether a file of this name is of this folder, and no segment.
fn is_ours(name: &str) -> bool {
    let rest = name.strip_prefix(LEARNED);
    name == "lock" || rest.is_some_and(|rest| ["", NEW, LOCK].contains(&rest))
}

fn sequence(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(ENDING)?;
    let plain = digits.len() == 20 && digits.bytes().all(|byte| byte.is_ascii_digit());
    let sequence = digits.parse().ok().filter(|_| plain)?;
    (1..=LAST).contains(&sequence).then_some(sequence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_ours_are_numbers() {
        let name = path(Path::new(""), 17);
        assert_eq!(name.to_str().and_then(sequence), Some(17));
        for wrong in [
            "",
            "17.history",
            "+0000000000000000017.history",
            "00000000000000000000.history",
            "18446744073709551615.history",
            "99999999999999999999.history",
            "00000000000000000017.history.gz",
        ] {
            assert_eq!(sequence(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn of_too_many_the_newest_are_known() {
        let dir = tempfile::tempdir().unwrap();
        for number in 1..=MOST_SEGMENTS as u64 + 9 {
            fs::write(path(dir.path(), number), "x").unwrap();
        }
        fs::create_dir(path(dir.path(), 5_000)).unwrap();
        let listing = list(dir.path()).unwrap();
        assert_eq!(listing.segments.len(), MOST_SEGMENTS);
        assert_eq!(listing.segments.first_key_value(), Some((&10, &1)));
        assert_eq!(
            (listing.beyond.len(), listing.foreign, listing.highest),
            (9, 1, 5_000)
        );
    }
}
