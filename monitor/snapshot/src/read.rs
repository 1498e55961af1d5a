//! Reading a snapshot, whoever wrote it: within bounds, into memory alone.

use crate::error::ReadError;
use crate::part::{Part, schema_of};
use crate::snapshot::Snapshot;
use crate::write::ABOUT;
use flate2::bufread::GzDecoder;
use monitor_model::format::{json_shown, printable};
use monitor_model::snapshot::{Lack, SnapshotAbout};
use monitor_model::told::Told;
use serde_json::from_str;
use std::io::{self, BufRead, BufReader, Read};
use tar::{Archive, EntryType};

/// How much is read of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Bytes once it is uncompressed.
    pub bytes: u64,
    /// Lines of all parts.
    pub lines: u64,
    /// Bytes of a line.
    pub line: u64,
}

impl Default for Bounds {
    /// More than is ever written: `tcplull snapshot` keeps each of two parts below 64 MiB, and the others are small.
    fn default() -> Self {
        Self {
            bytes: 256 << 20,
            lines: 1 << 20,
            line: 1 << 20,
        }
    }
}

/// Reads a snapshot to its end.
///
/// # Errors
/// No snapshot, or not a whole one, or one that is too large to be one.
pub fn read(file: impl Read, bounds: Bounds) -> Result<Snapshot, ReadError> {
    let inside = Inside {
        unpacked: GzDecoder::new(BufReader::new(file)),
        left: bounds.bytes,
    };
    let mut archive = Archive::new(inside);
    // Raw: names that stand in members of their own are never ours.
    let entries = archive.entries().map_err(told)?.raw(true);
    let mut snapshot: Option<Snapshot> = None;
    let mut lines = bounds.lines;
    for entry in entries {
        let first = snapshot.is_none();
        let entry = entry.map_err(|error| if first { foreign(error) } else { told(error) })?;
        let name = entry.path_bytes().into_owned();
        let regular = entry.header().entry_type() == EntryType::Regular;
        match (&mut snapshot, Part::of_file(&name)) {
            (None, _) if regular && name == ABOUT.as_bytes() => {
                snapshot = Some(Snapshot::new(about(entry, bounds)?));
            }
            (None, _) => return Err(ReadError::Foreign),
            (Some(snapshot), Some(part)) if regular && snapshot.part(part).is_err() => {
                let (taken, unknown) = part_of(part, entry, bounds, &mut lines)?;
                snapshot.put(part, taken);
                snapshot.unknown += unknown;
            }
            // A later version may have more parts; two of one name, or a link, nobody has.
            (Some(snapshot), None) if regular => snapshot.unknown += 1,
            _ => return Err(ReadError::Damaged("a member that none has".to_owned())),
        }
    }
    // What stands behind the last member: the sum of all that came before is looked at there.
    io::copy(&mut archive.into_inner(), &mut io::sink()).map_err(told)?;
    snapshot.ok_or(ReadError::Foreign)
}

fn about(entry: impl Read, bounds: Bounds) -> Result<SnapshotAbout, ReadError> {
    let mut text = String::new();
    let read = entry.take(bounds.line).read_to_string(&mut text);
    read.map_err(foreign)?;
    let text = json_shown(text.trim_end());
    let schema = schema_of(&text).ok_or(ReadError::Foreign)?;
    if schema != SnapshotAbout::SCHEMA {
        return Err(match schema.strip_prefix("tcplull.snapshot/") {
            Some(_) => ReadError::Newer(schema.chars().take(64).collect()),
            None => ReadError::Foreign,
        });
    }
    let about: SnapshotAbout =
        from_str(&text).map_err(|error| ReadError::Damaged(format!("{ABOUT}: {error}")))?;
    // It is shown in lines for people.
    Ok(SnapshotAbout {
        version: printable(&about.version),
        host: printable(&about.host),
        kernel: about.kernel.as_deref().map(printable),
        lacks: about.lacks.iter().map(shown).collect(),
        ..about
    })
}

fn shown(lack: &Lack) -> Lack {
    Lack {
        part: printable(&lack.part),
        why: printable(&lack.why),
    }
}

/// The lines of a part, and how many were left out.
fn part_of(
    part: Part,
    entry: impl Read,
    bounds: Bounds,
    room: &mut u64,
) -> Result<(Vec<String>, u64), ReadError> {
    let mut reader = BufReader::new(entry);
    let (mut lines, mut unknown) = (Vec::new(), 0);
    loop {
        let mut line = Vec::new();
        let ended = reader
            .by_ref()
            .take(bounds.line + 1)
            .read_until(b'\n', &mut line)
            .map_err(told)?;
        if ended == 0 {
            return Ok((lines, unknown));
        }
        if line.last() == Some(&b'\n') {
            line.pop();
        } else if line.len() as u64 > bounds.line {
            let most = bounds.line;
            return Err(ReadError::TooMuch(format!(
                "a line of more than {most} bytes"
            )));
        }
        *room = room.checked_sub(1).ok_or_else(|| {
            let most = bounds.lines;
            ReadError::TooMuch(format!("more than {most} lines"))
        })?;
        match String::from_utf8(line) {
            // Whoever wrote it wrote it.
            Ok(line) if part.takes(&line) => lines.push(json_shown(line)),
            _ => unknown += 1,
        }
    }
}

/// Bytes as they are uncompressed, up to a bound.
struct Inside<R> {
    unpacked: GzDecoder<R>,
    left: u64,
}

/// What [`Inside`] ends with, where there is more than its bound.
#[derive(Debug, thiserror::Error)]
#[error("more bytes than any snapshot has")]
struct Beyond;

impl<R: BufRead> Read for Inside<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.unpacked.read(buffer)?;
        self.left = self
            .left
            .checked_sub(read as u64)
            .ok_or_else(|| io::Error::other(Beyond))?;
        Ok(read)
    }
}

/// What a failure within a snapshot means.
fn told(error: io::Error) -> ReadError {
    match error.kind() {
        _ if is_beyond(&error) => ReadError::TooMuch("more uncompressed bytes".to_owned()),
        io::ErrorKind::UnexpectedEof => ReadError::Cut,
        // Of the archive and of the compression: what the system says has a number.
        _ if error.raw_os_error().is_none() => match is_cut(&error) {
            true => ReadError::Cut,
            false => ReadError::Damaged(error.to_string()),
        },
        _ => ReadError::Io(error),
    }
}

/// What a failure before it is known to be one means.
fn foreign(error: io::Error) -> ReadError {
    match told(error) {
        ReadError::Damaged(_) => ReadError::Foreign,
        other => other,
    }
}

fn is_beyond(error: &io::Error) -> bool {
    causes(error).any(|cause| cause.is::<Beyond>())
}

/// The archive's reader puts the reason of a failure in an error of its own.
fn is_cut(error: &io::Error) -> bool {
    let text = error.to_string();
    let cut = |cause: &(dyn std::error::Error + 'static)| {
        let cause = cause.downcast_ref::<io::Error>();
        cause.is_some_and(|cause| cause.kind() == io::ErrorKind::UnexpectedEof)
    };
    text.contains("unexpected EOF") || causes(error).any(cut)
}

fn causes(error: &io::Error) -> impl Iterator<Item = &(dyn std::error::Error + 'static)> {
    let first = error
        .get_ref()
        .map(|inner| inner as &(dyn std::error::Error + 'static));
    std::iter::successors(first, |cause| match cause.downcast_ref::<io::Error>() {
        Some(error) => error
            .get_ref()
            .map(|inner| inner as &(dyn std::error::Error + 'static)),
        None => cause.source(),
    })
}
