//! What a daemon knows at one moment, kept beside the history: a file of lines, which is replaced as a whole. So a process that
//! is killed leaves the file before or the one after. Each line begins with its CRC-32, so one that is damaged is no line,
//! is counted, and costs no other.
//!
//! ```text
//! 1f00ab34 {"path":"nat",…}
//! ```

use crate::error::{OpenError, Refused};
use crate::folder::{LEARNED, LOCK, NEW, made_ours, take_lock};
use crate::segment::options;
use nix::fcntl::Flock;
use nix::unistd::geteuid;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The longest line, in bytes.
pub const MOST_LINE: usize = 64 << 10;

/// The longest file, in bytes: nearly twice what a daemon writes.
pub const MOST_STATE: u64 = 8 << 20;

/// What such a file holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StateLines {
    /// Its whole lines. Show them through `monitor_model::format` alone.
    pub lines: Vec<String>,
    /// How many more there are, which are damaged.
    pub damaged: u64,
}

/// The file in which what was learned is kept.
#[derive(Debug)]
pub struct State {
    dir: PathBuf,
    name: &'static str,
    /// Of who writes; gone with its process.
    lock: Option<Flock<File>>,
}

impl State {
    /// What was learned, in the folder of the history.
    pub fn learned(dir: &Path) -> Self {
        Self {
            dir: dir.to_owned(),
            name: LEARNED,
            lock: None,
        }
    }

    /// What it holds: nothing where there is none.
    ///
    /// # Errors
    /// It cannot be read, is longer than [`MOST_STATE`], or others could have written it.
    pub fn read(&self) -> Result<StateLines, Refused> {
        let path = self.dir.join(self.name);
        let refused = |source| Refused {
            what: "cannot read",
            path: path.clone(),
            source,
        };
        let file = match options().read(true).open(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(StateLines::default()),
            opened => opened.map_err(refused)?,
        };
        let found = file.metadata().map_err(refused)?;
        let ours =
            found.is_file() && found.uid() == geteuid().as_raw() && found.mode() & 0o022 == 0;
        if !ours {
            let why = "it is no file that only this user can write";
            return Err(refused(io::Error::new(ErrorKind::PermissionDenied, why)));
        }
        let mut bytes = Vec::new();
        let read = file.take(MOST_STATE + 1).read_to_end(&mut bytes);
        read.map_err(refused)?;
        if bytes.len() as u64 > MOST_STATE {
            let why = "no daemon writes so much";
            return Err(refused(io::Error::new(ErrorKind::InvalidData, why)));
        }
        Ok(whole_lines(&bytes))
    }

    /// Puts these lines in the place of those before, on the disk also where the host loses its power. Lines that are longer
    /// than [`MOST_LINE`] are left out.
    ///
    /// # Errors
    /// Why they are not there: also that another process writes this file.
    pub fn write(&mut self, lines: impl IntoIterator<Item = String>) -> Result<(), OpenError> {
        made_ours(&self.dir)?;
        if self.lock.is_none() {
            let name = format!("{}{LOCK}", self.name);
            self.lock = Some(take_lock(&self.dir, &self.dir.join(name))?);
        }
        let new = self.dir.join(format!("{}{NEW}", self.name));
        let failed = |source| Refused {
            what: "cannot write",
            path: new.clone(),
            source,
        };
        let mut bytes = Vec::new();
        for line in lines.into_iter().filter(|line| line.len() <= MOST_LINE) {
            bytes.extend(format!("{:08x} {line}\n", crc32fast::hash(line.as_bytes())).bytes());
        }
        match fs::remove_file(&new) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(failed(error).into()),
            _ => {}
        }
        let opened = options().write(true).create_new(true).open(&new);
        let mut file = opened.map_err(failed)?;
        file.write_all(&bytes).map_err(failed)?;
        file.sync_data().map_err(failed)?;
        Ok(fs::rename(&new, self.dir.join(self.name)).map_err(failed)?)
    }
}

fn whole_lines(bytes: &[u8]) -> StateLines {
    let mut found = StateLines::default();
    for line in bytes
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
    {
        match whole(line) {
            Some(line) => found.lines.push(line.to_owned()),
            None => found.damaged += 1,
        }
    }
    found
}

fn whole(line: &[u8]) -> Option<&str> {
    let (sum, text) = std::str::from_utf8(line).ok()?.split_at_checked(8)?;
    let text = text.strip_prefix(' ')?;
    let as_written = format!("{:08x}", crc32fast::hash(text.as_bytes()));
    (sum == as_written && text.len() <= MOST_LINE).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::os::unix::fs::symlink;

    fn lines(all: &[&str]) -> Vec<String> {
        all.iter().map(|line| (*line).to_owned()).collect()
    }

    #[test]
    fn what_is_written_is_read_and_nothing_else_is_left() {
        let parent = tempfile::tempdir().unwrap();
        let dir = parent.path().join("history");
        let mut state = State::learned(&dir);
        assert_eq!(state.read().unwrap(), StateLines::default());
        for all in [&["{\"a\":1}", "é", ""][..], &["other"], &[]] {
            state.write(lines(all)).unwrap();
            let read = state.read().unwrap();
            assert_eq!((read.lines, read.damaged), (lines(all), 0));
        }
        let left = fs::read_dir(&dir)
            .unwrap()
            .map(|entry| entry.unwrap().file_name());
        let mut left: Vec<_> = left.collect();
        left.sort();
        assert_eq!(left, ["learned", "learned.lock"]);
        assert_eq!(
            crate::folder::list(&dir).unwrap().foreign,
            0,
            "they are the folder's own"
        );
    }

    #[test]
    fn a_line_that_is_damaged_costs_no_other() {
        let dir = tempfile::tempdir().unwrap();
        let mut state = State::learned(dir.path());
        state.write(lines(&["first", "second", "third"])).unwrap();
        let path = dir.path().join("learned");
        let whole = fs::read(&path).unwrap();
        for place in 0..whole.len() {
            for bit in 0..8 {
                let mut bytes = whole.clone();
                bytes[place] ^= 1 << bit;
                fs::write(&path, &bytes).unwrap();
                let read = state.read().unwrap();
                assert!(read.damaged >= 1, "bit {bit} of byte {place}: {read:?}");
                assert!(
                    !read.lines.is_empty(),
                    "bit {bit} of byte {place}: {read:?}"
                );
                assert!(
                    read.lines
                        .iter()
                        .all(|line| ["first", "second", "third"].contains(&line.as_str()))
                );
            }
            fs::write(&path, &whole[..place]).unwrap();
            let read = state.read().unwrap();
            assert!(read.damaged <= 1 && read.lines.len() < 3 || place + 1 == whole.len());
        }
    }

    #[test]
    fn what_others_wrote_or_what_has_no_end_is_not_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("learned");
        let state = State::learned(dir.path());
        symlink("/dev/zero", &path).unwrap();
        assert!(state.read().is_err());
        fs::remove_file(&path).unwrap();
        options()
            .write(true)
            .create_new(true)
            .open(&path)
            .unwrap()
            .set_len(MOST_STATE + 1)
            .unwrap();
        assert!(state.read().is_err());
    }

    #[test]
    fn one_writes() {
        let dir = tempfile::tempdir().unwrap();
        let mut one = State::learned(dir.path());
        let mut other = State::learned(dir.path());
        one.write(lines(&["one"])).unwrap();
        assert!(matches!(
            other.write(lines(&["other"])),
            Err(OpenError::Locked { .. })
        ));
        drop(one);
        other.write(lines(&["other"])).unwrap();
        assert_eq!(other.read().unwrap().lines, ["other"]);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let read = whole_lines(&bytes);
            prop_assert!(read.lines.len() as u64 + read.damaged <= bytes.len() as u64);
        }
    }
}
