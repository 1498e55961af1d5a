//! Reading a recording line by line.

use super::entry::{EndReason, Entry};
use super::error::{Place, RecordingError};
use super::header::{Header, NoHeader};
use crate::{JudgedPath, Limits};
use monitor_model::format::printable;
use std::io::{self, BufRead, Read};

/// Longest line that is read, in bytes: a fact takes some 1,500, 128 paths with
/// long names some 50,000. It keeps an endless line out of memory.
const LINE_BYTES: u64 = 1 << 20;

/// How a recording ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ending {
    /// Without a word: the daemon was killed, the disk was full, or lines were
    /// taken away.
    #[default]
    Silent,
    /// In the middle of a line, which is left out.
    Cut,
    /// The daemon stopped.
    Stopped,
    /// At the size at which recordings stop.
    SizeLimit,
}

/// A recording that is being read.
#[derive(Debug)]
pub struct Recording<R> {
    source: R,
    place: Place,
    header: Header,
    buffer: Vec<u8>,
    ending: Ending,
}

impl<R: BufRead> Recording<R> {
    /// Reads the header from `source`, which errors call `name`.
    ///
    /// # Errors
    /// If `source` cannot be read or is no recording of this format.
    pub fn read(name: String, mut source: R) -> Result<Self, RecordingError> {
        let mut buffer = Vec::new();
        let place = Place { name, line: 1 };
        let header = match next_line(&mut source, &mut buffer) {
            Ok(Some(_)) => Header::parse(&buffer),
            Ok(None) => Err(NoHeader::Foreign),
            // What is not text in lines is no recording either.
            Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(NoHeader::Foreign),
            Err(source) => {
                return Err(RecordingError::Read {
                    name: place.name,
                    source,
                });
            }
        };
        match header {
            Ok(header) => Ok(Self {
                source,
                place,
                header,
                buffer,
                ending: Ending::default(),
            }),
            Err(NoHeader::Foreign) => Err(RecordingError::NotARecording { place }),
            Err(NoHeader::OtherVersion(found)) => {
                Err(RecordingError::OtherVersion { place, found })
            }
            Err(NoHeader::Wrong(error)) => Err(RecordingError::Line {
                place,
                reason: reason(&error),
            }),
            Err(NoHeader::Jiffy(ns)) => Err(RecordingError::Line {
                place,
                reason: format!("limits.jiffy_ns is {ns}, and no jiffy is"),
            }),
        }
    }

    /// The limits of the judge that was recorded.
    pub fn limits(&self) -> Limits {
        self.header.limits
    }

    /// The paths in force at first.
    pub fn paths(&self) -> &[JudgedPath] {
        &self.header.paths
    }

    /// How it ended, once it has been read to its end.
    pub fn ending(&self) -> Ending {
        self.ending
    }

    /// The next entry; `None` at the end.
    ///
    /// # Errors
    /// The line that cannot be read.
    pub fn entry(&mut self) -> Result<Option<Entry>, RecordingError> {
        loop {
            let whole = match next_line(&mut self.source, &mut self.buffer) {
                Ok(Some(whole)) => whole,
                Ok(None) => return Ok(None),
                Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                    self.place.line += 1;
                    return Err(self.wrong(error.to_string()));
                }
                Err(source) => {
                    return Err(RecordingError::Read {
                        name: self.place.name.clone(),
                        source,
                    });
                }
            };
            self.place.line += 1;
            if self.buffer.trim_ascii().is_empty() {
                continue;
            }
            match serde_json::from_slice(&self.buffer) {
                Ok(entry) => {
                    if let Entry::End { reason } = entry {
                        self.ending = match reason {
                            EndReason::Stopped => Ending::Stopped,
                            EndReason::SizeLimit => Ending::SizeLimit,
                        };
                    }
                    return Ok(Some(entry));
                }
                // A daemon that was killed leaves its last line so.
                Err(_) if !whole => {
                    self.ending = Ending::Cut;
                    return Ok(None);
                }
                Err(_) if Header::parse(&self.buffer).is_ok() => {
                    return Err(self.wrong("another recording begins here".to_owned()));
                }
                Err(error) => return Err(self.wrong(reason(&error))),
            }
        }
    }

    fn wrong(&self, reason: String) -> RecordingError {
        RecordingError::Line {
            place: self.place.clone(),
            reason,
        }
    }
}

/// Reads a line into `buffer`, without its end. Whether it had one, or `None` after
/// the last.
fn next_line(source: &mut impl BufRead, buffer: &mut Vec<u8>) -> io::Result<Option<bool>> {
    buffer.clear();
    let read = source.take(LINE_BYTES).read_until(b'\n', buffer)?;
    if read == 0 {
        return Ok(None);
    }
    let whole = buffer.pop_if(|last| *last == b'\n').is_some();
    if !whole && buffer.len() as u64 == LINE_BYTES {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!("a line of more than {LINE_BYTES} bytes"),
        ));
    }
    Ok(Some(whole))
}

/// What a parser complains of, in one short line: without the list of all that it
/// would have liked better, and with the column, since the line is ours to count.
fn reason(error: &serde_json::Error) -> String {
    let whole = error.to_string();
    let at = format!(" at line {} column {}", error.line(), error.column());
    let text = whole.strip_suffix(&at).unwrap_or(&whole);
    let text = text.split(", expected one of").next().unwrap_or(text);
    let mut text: String = printable(text).chars().take(160).collect();
    if error.column() > 0 {
        text.push_str(&format!(" (column {})", error.column()));
    }
    text
}
