//! One segment: a file with a header, and records one after the other. All numbers are little-endian.
//!
//! ```text
//!  0  8    "tcplhist"
//!  8  u32  version of the format: 1
//! 12  u32  0
//! 16  u64  the number that its name says
//! 24  i64  when it was begun: wall clock, ns since 1970
//! 32  u64  and the clock of that boot, ns
//! 40  16   the boot's id
//! 56  u32  0
//! 60  u32  CRC-32 of all before
//! ```

use crate::moment::{BootId, Moment};
use crate::record::{HEAD, Head, MOST_RECORD, TAIL, array, u32_at};
use nix::libc::{O_NOFOLLOW, O_NONBLOCK};
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

/// Length of a segment's header, in bytes.
pub(crate) const HEADER: usize = 64;

const MAGIC: &[u8; 8] = b"tcplhist";
const VERSION: u32 = 1;

/// What is read at once, in bytes: most records are shorter.
const AT_ONCE: usize = 4096;

/// The header of a segment.
pub(crate) fn header(sequence: u64, begun: &Moment) -> [u8; HEADER] {
    let mut bytes = [0; HEADER];
    bytes[..8].copy_from_slice(MAGIC);
    bytes[8..12].copy_from_slice(&VERSION.to_le_bytes());
    bytes[16..24].copy_from_slice(&sequence.to_le_bytes());
    bytes[24..32].copy_from_slice(&begun.wall_unix_ns.to_le_bytes());
    bytes[32..40].copy_from_slice(&begun.boot_ns.to_le_bytes());
    bytes[40..56].copy_from_slice(&begun.boot_id.0);
    let sum = crc32fast::hash(&bytes[..60]);
    bytes[60..].copy_from_slice(&sum.to_le_bytes());
    bytes
}

/// When the segment `sequence` was begun, by its header; `None` where that is none of ours.
fn begun(bytes: &[u8; HEADER], sequence: u64) -> Option<Moment> {
    let sound = bytes.starts_with(MAGIC)
        && u32_at(bytes, 8)? == VERSION
        && array(bytes, 16).map(u64::from_le_bytes)? == sequence
        && u32_at(bytes, 60)? == crc32fast::hash(&bytes[..60]);
    sound.then_some(Moment {
        wall_unix_ns: i64::from_le_bytes(array(bytes, 24)?),
        boot_ns: u64::from_le_bytes(array(bytes, 32)?),
        boot_id: BootId(array(bytes, 40)?),
    })
}

/// How a segment is opened: never through a link, and without waiting for what others may have put in its place.
pub(crate) fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.mode(0o600).custom_flags(O_NOFOLLOW | O_NONBLOCK);
    options
}

/// A segment that is being read.
#[derive(Debug)]
pub(crate) struct Segment {
    file: File,
    /// When it was begun: no record of it is older.
    pub(crate) begun: Moment,
    /// The record at hand, and at most one more.
    buffer: Vec<u8>,
}

/// What there is at a place of a segment.
pub(crate) enum Found {
    /// A record, and where the next one begins.
    Record(Head, u64),
    /// No record, or not a whole one.
    End {
        /// Whether the file has not a byte there: then nothing is wrong.
        clean: bool,
    },
}

/// How far a segment can be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Extent {
    /// Where its last whole record ends.
    pub(crate) end: u64,
    /// How many there are.
    pub(crate) records: u64,
    /// Whether the file ends there too.
    pub(crate) clean: bool,
}

impl Segment {
    /// Opens the segment `sequence`; `None` where the file is none: something else than a file, or without our header.
    ///
    /// # Errors
    /// What the system says to opening or reading it.
    pub(crate) fn open(path: &Path, sequence: u64) -> io::Result<Option<Self>> {
        Self::over(options().read(true).open(path)?, sequence)
    }

    /// The same over an open file.
    pub(crate) fn over(file: File, sequence: u64) -> io::Result<Option<Self>> {
        if !file.metadata()?.is_file() {
            return Ok(None);
        }
        let mut bytes = [0; HEADER];
        match file.read_exact_at(&mut bytes, 0) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
            Err(error) => return Err(error),
        }
        let begun = begun(&bytes, sequence);
        Ok(begun.map(|begun| Self {
            file,
            begun,
            buffer: Vec::new(),
        }))
    }

    /// The file itself.
    pub(crate) fn into_file(self) -> File {
        self.file
    }

    /// What begins at `offset`.
    pub(crate) fn at(&mut self, offset: u64) -> io::Result<Found> {
        self.fill(offset, AT_ONCE)?;
        if self.buffer.is_empty() {
            return Ok(Found::End { clean: true });
        }
        let nothing = Ok(Found::End { clean: false });
        let Some(length) = Head::whole_length(&self.buffer).filter(|_| self.buffer.len() >= HEAD)
        else {
            return nothing;
        };
        if length > AT_ONCE {
            self.fill(offset, length)?;
        }
        if self.buffer.len() < length {
            return nothing;
        }
        self.buffer.truncate(length);
        match Head::of(&self.buffer) {
            Some(head) => Ok(Found::Record(head, offset + length as u64)),
            None => nothing,
        }
    }

    /// Where the record begins that ends at `offset`, if there may be one.
    pub(crate) fn before(&self, offset: u64) -> io::Result<Option<u64>> {
        let first = HEADER as u64;
        let Some(tail) = offset
            .checked_sub(TAIL as u64)
            .filter(|tail| *tail >= first)
        else {
            return Ok(None);
        };
        let mut bytes = [0; TAIL];
        match self.file.read_exact_at(&mut bytes, tail) {
            // Cut since it was looked through.
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
            read => read?,
        }
        let length = (HEAD + TAIL) as u64 + u64::from(u32::from_le_bytes(bytes));
        let within = length <= MOST_RECORD as u64;
        let start = offset.checked_sub(length);
        Ok(start.filter(|start| within && *start >= first))
    }

    /// The bytes of the record that [`Self::at`] found last.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.buffer
    }

    /// How far it can be read, in its first `most` bytes.
    pub(crate) fn extent(&mut self, most: u64) -> io::Result<Extent> {
        let mut extent = Extent {
            end: HEADER as u64,
            ..Extent::default()
        };
        while extent.end < most {
            match self.at(extent.end)? {
                Found::Record(_, next) => {
                    extent.end = next;
                    extent.records += 1;
                }
                Found::End { clean } => {
                    extent.clean = clean;
                    break;
                }
            }
        }
        Ok(extent)
    }

    /// Reads up to `length` bytes from `offset` on: fewer where the file ends.
    fn fill(&mut self, offset: u64, length: usize) -> io::Result<()> {
        self.buffer.resize(length, 0);
        let mut read = 0;
        while read < length {
            match self
                .file
                .read_at(&mut self.buffer[read..], offset + read as u64)
            {
                Ok(0) => break,
                Ok(bytes) => read += bytes,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.buffer.truncate(read);
        Ok(())
    }
}
