//! Writes the history, and keeps it within its bounds.

use crate::error::{AppendError, OpenError, Refused};
use crate::folder::{self, LAST, MOST_SEGMENTS};
use crate::moment::Moment;
use crate::record::{Kind, MOST_PAYLOAD, record_bytes};
use crate::segment::{HEADER, Segment, header, options};
use nix::fcntl::Flock;
use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::PathBuf;
use std::time::Duration;

/// The least bound, in bytes: a sixteenth holds any record.
pub const LEAST_BYTES: u64 = 2 << 20;

/// The largest bound, in bytes: so much is read in seconds.
pub const MOST_BYTES: u64 = 4 << 30;

/// Parts that the bounds are divided in, in bytes and in time: one goes at a time.
const PARTS: u32 = 16;

/// Where the history lies, and how much of it there may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The folder. It is made where it is not there, for this user alone.
    pub dir: PathBuf,
    /// The most bytes of all segments together, the one that is written included; from [`LEAST_BYTES`] to [`MOST_BYTES`].
    pub max_bytes: u64,
    /// Nothing is kept for longer than this, and all for fifteen sixteenths of it, as far as the bytes allow.
    pub max_age: Option<Duration>,
}

/// What a writer has done, and what there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Length of all segments together, in bytes.
    pub bytes: u64,
    /// Segments.
    pub segments: u64,
    /// When the oldest segment was begun, if there is one.
    pub oldest: Option<Moment>,
    /// Records that this writer has written.
    pub written: u64,
    /// Segments that went, because of the bounds.
    pub segments_dropped: u64,
    /// Records that were in them.
    pub records_dropped: u64,
    /// Ends of a segment that were cut, because they were no whole record: 1 after a writer was killed while it wrote.
    pub cut: u64,
    /// Segments whose header is none of ours. They are kept, unread, until their turn comes to go.
    pub damaged: u64,
    /// What else lies in the folder. It is left alone.
    pub foreign: u64,
}

/// A segment as it is known.
#[derive(Clone, Copy, Debug)]
struct Known {
    sequence: u64,
    bytes: u64,
    /// `None` where it cannot be read.
    begun: Option<Moment>,
}

/// The one who writes.
#[derive(Debug)]
pub struct Writer {
    settings: Settings,
    /// Oldest first.
    segments: VecDeque<Known>,
    /// The last of these, where it takes more.
    current: Option<File>,
    /// The number of the next one.
    next: u64,
    counts: Stats,
    /// Gone with the writer, or its process.
    _lock: Flock<File>,
}

impl Writer {
    /// Goes on where the last writer ended, or was ended.
    ///
    /// # Errors
    /// Whatever keeps it from writing; a file that is damaged does not.
    pub fn open(settings: Settings, now: &Moment) -> Result<Self, OpenError> {
        let dir = &settings.dir;
        let refused = |source| OpenError::Folder {
            dir: dir.clone(),
            source,
        };
        folder::made_ours(dir)?;
        let lock = folder::take_lock(dir, &folder::lock(dir))?;
        let listing = folder::list(dir).map_err(refused)?;
        if listing.highest == LAST {
            return Err(OpenError::Refused(Refused {
                what: "nothing can follow the number of",
                path: folder::path(dir, LAST),
                source: io::Error::new(ErrorKind::InvalidData, "no daemon made it; remove it"),
            }));
        }
        let mut writer = Self {
            segments: VecDeque::with_capacity(listing.segments.len()),
            current: None,
            next: listing.highest + 1,
            counts: Stats {
                foreign: listing.foreign,
                ..Stats::default()
            },
            settings: Settings {
                max_bytes: settings.max_bytes.clamp(LEAST_BYTES, MOST_BYTES),
                ..settings
            },
            _lock: lock,
        };
        for (sequence, bytes) in listing.segments {
            let begun = writer.read(sequence).map(|segment| segment.begun);
            writer.counts.damaged += u64::from(begun.is_none());
            writer.segments.push_back(Known {
                sequence,
                bytes,
                begun,
            });
        }
        for sequence in listing.beyond {
            writer.remove(sequence)?;
        }
        writer.make_room(0)?;
        writer.take_up()?;
        writer.let_go(now)?;
        Ok(writer)
    }

    /// Writes a record; it is there for every reader when this returns.
    ///
    /// # Errors
    /// Why it is not written.
    pub fn append(&mut self, kind: Kind, text: &str, now: &Moment) -> Result<(), AppendError> {
        let record = record_bytes(kind, now, text).ok_or(AppendError::TooLong {
            bytes: text.len(),
            most: MOST_PAYLOAD,
        })?;
        self.expire(now)?;
        if self.end() + record.len() as u64 > self.part() {
            self.close()?;
        }
        if self.current.is_none() {
            self.begin(now)?;
        }
        let (Some(file), Some(last)) = (&self.current, self.segments.back_mut()) else {
            return Ok(());
        };
        let written = write(file, last.bytes, &record);
        if let Err(source) = written {
            // A half record is overwritten by the next one, or cut by the next writer; a shorter one before that.
            let _ = file.set_len(last.bytes);
            let path = folder::path(&self.settings.dir, last.sequence);
            let what = "cannot write to";
            return Err(Refused { what, path, source }.into());
        }
        last.bytes += record.len() as u64;
        self.counts.written += 1;
        Ok(())
    }

    /// Lets go what is too old.
    ///
    /// # Errors
    /// It cannot be removed.
    pub fn expire(&mut self, now: &Moment) -> Result<(), AppendError> {
        Ok(self.let_go(now)?)
    }

    /// Has the disk keep what is written so far, also where the host loses its power.
    ///
    /// # Errors
    /// What the disk says.
    pub fn sync(&mut self) -> io::Result<()> {
        self.current.as_ref().map_or(Ok(()), File::sync_data)
    }

    /// What it has done, and what there is.
    pub fn stats(&self) -> Stats {
        Stats {
            bytes: self.bytes(),
            segments: self.segments.len() as u64,
            oldest: self.segments.iter().find_map(|known| known.begun),
            ..self.counts
        }
    }

    /// Length of a part, in bytes.
    fn part(&self) -> u64 {
        self.settings.max_bytes / u64::from(PARTS)
    }

    /// Segments that nothing is written to any more.
    fn closed(&self) -> usize {
        self.segments.len() - usize::from(self.current.is_some())
    }

    fn bytes(&self) -> u64 {
        self.segments.iter().map(|known| known.bytes).sum()
    }

    /// Where the segment that is written ends; 0 while none is.
    fn end(&self) -> u64 {
        let last = self.segments.back().filter(|_| self.current.is_some());
        last.map_or(0, |last| last.bytes)
    }

    fn read(&self, sequence: u64) -> Option<Segment> {
        let path = folder::path(&self.settings.dir, sequence);
        Segment::open(&path, sequence).ok().flatten()
    }

    /// Goes on writing the last segment, cut at its last whole record, where there is room in it.
    fn take_up(&mut self) -> Result<(), Refused> {
        let Some(last) = self.segments.back().copied() else {
            return Ok(());
        };
        let path = folder::path(&self.settings.dir, last.sequence);
        if last.bytes < HEADER as u64 {
            // Whoever began it came no further.
            self.counts.damaged -= 1;
            self.counts.cut += 1;
            self.segments.pop_back();
            return self.remove(last.sequence);
        }
        if last.begun.is_none() || last.bytes > self.part() {
            return Ok(());
        }
        let failed = |source| Refused {
            what: "cannot go on with",
            path: path.clone(),
            source,
        };
        let file = options()
            .read(true)
            .write(true)
            .open(&path)
            .map_err(failed)?;
        let Some(mut segment) = Segment::over(file, last.sequence).map_err(failed)? else {
            return Ok(());
        };
        let extent = segment.extent(last.bytes).map_err(failed)?;
        let file = segment.into_file();
        if extent.end < last.bytes {
            file.set_len(extent.end).map_err(failed)?;
            self.counts.cut += 1;
        }
        if let Some(last) = self.segments.back_mut() {
            last.bytes = extent.end;
        }
        self.current = Some(file);
        self.make_room(self.part().saturating_sub(extent.end))
    }

    /// Lets go what is too old, and ends the segment that is written once it spans its part of the time.
    fn let_go(&mut self, now: &Moment) -> Result<(), Refused> {
        let Some(most) = self.settings.max_age else {
            return Ok(());
        };
        let older = |known: &Known, than: Duration| {
            let age = known.begun.map_or(0, |begun| now.since(&begun));
            u128::from(age) > than.as_nanos()
        };
        let last = self.segments.back().filter(|_| self.current.is_some());
        if last.is_some_and(|last| older(last, most / PARTS)) {
            self.close()?;
        }
        let mut closed = self.segments.iter().take(self.closed());
        // What cannot be read goes with what is older than it.
        let last = closed.rposition(|known| older(known, most));
        for _ in 0..last.map_or(0, |last| last + 1) {
            self.drop_oldest()?;
        }
        Ok(())
    }

    /// Ends the segment that is written: the disk is to keep it.
    fn close(&mut self) -> Result<(), Refused> {
        let Some(file) = self.current.take() else {
            return Ok(());
        };
        file.sync_data().map_err(|source| {
            let sequence = self.segments.back().map_or(0, |last| last.sequence);
            Refused {
                what: "cannot sync",
                path: folder::path(&self.settings.dir, sequence),
                source,
            }
        })
    }

    /// Begins another segment, for which there is room.
    fn begin(&mut self, now: &Moment) -> Result<(), Refused> {
        self.make_room(self.part())?;
        let sequence = self.next;
        let path = folder::path(&self.settings.dir, sequence);
        let failed = |source| Refused {
            what: "cannot begin",
            path: path.clone(),
            source,
        };
        // Whatever becomes of this one, the next has another number.
        self.next += 1;
        let made = options()
            .read(true)
            .write(true)
            .create_new(true)
            .open(&path);
        let file = made.map_err(failed)?;
        if let Err(source) = file.write_all_at(&header(sequence, now), 0) {
            // If it cannot go it stays, empty, and goes in its turn.
            let _ = fs::remove_file(&path);
            return Err(failed(source));
        }
        // So that the name is there after a loss of power, too. Not every file system syncs folders.
        if let Ok(folder) = File::open(&self.settings.dir) {
            let _ = folder.sync_all();
        }
        self.segments.push_back(Known {
            sequence,
            bytes: HEADER as u64,
            begun: Some(*now),
        });
        self.current = Some(file);
        Ok(())
    }

    /// Lets the oldest segments go until there is room for so many bytes more, and for one file more.
    fn make_room(&mut self, bytes: u64) -> Result<(), Refused> {
        while self.closed() > 0
            && (self.bytes() + bytes > self.settings.max_bytes
                || self.segments.len() >= MOST_SEGMENTS)
        {
            self.drop_oldest()?;
        }
        Ok(())
    }

    fn drop_oldest(&mut self) -> Result<(), Refused> {
        let Some(oldest) = self.segments.front().copied() else {
            return Ok(());
        };
        let segment = self.read(oldest.sequence);
        let records =
            segment.and_then(|mut segment| segment.extent(oldest.bytes.min(MOST_BYTES)).ok());
        self.remove(oldest.sequence)?;
        self.segments.pop_front();
        self.counts.segments_dropped += 1;
        self.counts.records_dropped += records.map_or(0, |extent| extent.records);
        Ok(())
    }

    fn remove(&self, sequence: u64) -> Result<(), Refused> {
        let path = folder::path(&self.settings.dir, sequence);
        match fs::remove_file(&path) {
            Err(source) if source.kind() != ErrorKind::NotFound => {
                let what = "cannot remove";
                Err(Refused { what, path, source })
            }
            _ => Ok(()),
        }
    }
}

/// Writes a record at the end of a file that is still as it was left.
fn write(file: &File, end: u64, record: &[u8]) -> io::Result<()> {
    let found = file.metadata()?;
    if found.nlink() == 0 || found.len() != end {
        return Err(io::Error::new(
            ErrorKind::NotFound,
            "somebody removed or changed it",
        ));
    }
    file.write_all_at(record, end)
}
