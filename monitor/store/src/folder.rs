//! The folder that segments lie in. What else lies there is left alone.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Ends the name of every segment.
const ENDING: &str = ".history";

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

/// Looks what is there.
///
/// # Errors
/// What the system says to reading the folder.
pub(crate) fn list(dir: &Path) -> io::Result<Listing> {
    let mut listing = Listing::default();
    for entry in fs::read_dir(dir)?.take(MOST_ENTRIES) {
        let entry = entry?;
        let name = entry.file_name();
        if name == "lock" {
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
