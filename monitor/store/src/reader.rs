//! Reads the history, also while it is written: forwards, and from its end.

use crate::error::ReadError;
use crate::folder;
use crate::moment::Moment;
use crate::range::Filter;
use crate::record::{Head, Record};
use crate::segment::{Found, HEADER, Segment};
use crate::writer::MOST_BYTES;
use std::io;
use std::path::{Path, PathBuf};

/// What a reader could not show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReadStats {
    /// Segments that could be read in part or not at all: what lies behind a record that is not whole is left out.
    pub damaged: u64,
    /// Whole records that this version does not understand.
    pub unknown: u64,
}

/// The records from the oldest to the newest. At the end of what is written it ends, and asked again later it goes on with
/// what came since.
#[derive(Debug)]
pub struct Forwards {
    dir: PathBuf,
    filter: Filter,
    stats: ReadStats,
    /// The segment at hand, and where its next record is to begin.
    open: Option<(u64, Segment, u64)>,
    /// Segments up to this number are done with.
    done: u64,
}

/// The records from the newest to the oldest, as they were when each segment's turn came.
#[derive(Debug)]
pub struct Backwards {
    dir: PathBuf,
    filter: Filter,
    stats: ReadStats,
    /// Segments that are still to come, the oldest first.
    left: Vec<u64>,
    /// The last of them: to it a record may be on its way.
    newest: u64,
    /// The segment at hand, and where what is not shown of it ends.
    open: Option<(Segment, u64)>,
}

impl Forwards {
    /// The history in `dir`, as far as `filter` lets it through.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn open(dir: &Path, filter: Filter) -> Result<Self, ReadError> {
        let segments = segments(dir)?;
        let mut done = 0;
        // What was written before a segment was begun, in this boot, need not be looked at.
        for pair in segments.windows(2) {
            let begun = begun(dir, pair[1]);
            if begun.is_some_and(|begun| filter.range.all_before_is_too_early(&begun)) {
                done = pair[0];
            }
        }
        Ok(Self {
            dir: dir.to_owned(),
            filter,
            stats: ReadStats::default(),
            open: None,
            done,
        })
    }

    /// What it could not show so far.
    pub fn stats(&self) -> ReadStats {
        self.stats
    }

    /// The next record of the segment at hand.
    fn in_segment(&mut self) -> io::Result<Step> {
        let Some((_, segment, offset)) = &mut self.open else {
            return Ok(Step::End { clean: true });
        };
        match segment.at(*offset)? {
            Found::Record(head, next) => {
                *offset = next;
                Ok(shown(&self.filter, &mut self.stats, &head, segment))
            }
            Found::End { clean } => Ok(Step::End { clean }),
        }
    }

    /// The segment after the one at hand, if there is one.
    fn following(&self) -> Result<Option<u64>, ReadError> {
        let done = self.open.as_ref().map_or(self.done, |(number, ..)| *number);
        Ok(segments(&self.dir)?
            .into_iter()
            .find(|number| *number > done))
    }

    /// Leaves the segment at hand.
    fn leave(&mut self) {
        if let Some((number, ..)) = self.open.take() {
            self.done = number;
        }
    }

    fn step(&mut self) -> Result<Option<Record>, ReadError> {
        loop {
            let clean = match self.in_segment() {
                Ok(Step::Show(record)) => return Ok(Some(record)),
                Ok(Step::Pass) => continue,
                Ok(Step::End { clean }) => clean,
                Err(source) => {
                    let number = self.open.as_ref().map_or(self.done, |(number, ..)| *number);
                    self.leave();
                    return Err(unreadable(&self.dir, number, source));
                }
            };
            // The last one may grow. Where there is another, nothing more comes to this one; and what came between the two
            // looks is there now.
            let Some(next) = self.following()? else {
                return Ok(None);
            };
            if self.open.is_some() {
                match self.in_segment() {
                    Ok(Step::Show(record)) => return Ok(Some(record)),
                    Ok(Step::Pass) => continue,
                    Ok(Step::End { clean: still }) => {
                        self.stats.damaged += u64::from(!clean && !still);
                    }
                    Err(_) => self.stats.damaged += 1,
                }
                self.leave();
            }
            match Segment::open(&folder::path(&self.dir, next), next) {
                Ok(Some(segment)) => self.open = Some((next, segment, HEADER as u64)),
                Ok(None) if self.is_last(next)? => return Ok(None),
                Ok(None) => {
                    self.stats.damaged += 1;
                    self.done = next;
                }
                // The oldest one went meanwhile.
                Err(error) if error.kind() == io::ErrorKind::NotFound => self.done = next,
                Err(source) => {
                    self.done = next;
                    return Err(unreadable(&self.dir, next, source));
                }
            }
        }
    }

    /// Whether nothing follows the segment `number`: its header may be on its way.
    fn is_last(&self, number: u64) -> Result<bool, ReadError> {
        Ok(segments(&self.dir)?.last() == Some(&number))
    }
}

impl Iterator for Forwards {
    type Item = Result<Record, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.step().transpose()
    }
}

impl Backwards {
    /// The history in `dir`, as far as `filter` lets it through.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn open(dir: &Path, filter: Filter) -> Result<Self, ReadError> {
        let left = segments(dir)?;
        Ok(Self {
            newest: left.last().copied().unwrap_or_default(),
            left,
            dir: dir.to_owned(),
            filter,
            stats: ReadStats::default(),
            open: None,
        })
    }

    /// What it could not show so far.
    pub fn stats(&self) -> ReadStats {
        self.stats
    }

    /// The record before the ones that were shown.
    fn in_segment(&mut self) -> io::Result<Step> {
        let Some((segment, end)) = &mut self.open else {
            return Ok(Step::End { clean: true });
        };
        let Some(start) = segment.before(*end)? else {
            let clean = *end == HEADER as u64;
            return Ok(Step::End { clean });
        };
        match segment.at(start)? {
            Found::Record(head, next) if next == *end => {
                *end = start;
                Ok(shown(&self.filter, &mut self.stats, &head, segment))
            }
            _ => Ok(Step::End { clean: false }),
        }
    }

    fn step(&mut self) -> Result<Option<Record>, ReadError> {
        loop {
            let ended = match self.in_segment() {
                Ok(Step::Show(record)) => return Ok(Some(record)),
                Ok(Step::Pass) => continue,
                Ok(Step::End { clean }) => clean,
                Err(_) => false,
            };
            // It was read to its end before: whoever changed it meanwhile is no writer of ours.
            self.stats.damaged += u64::from(!ended);
            if let Some((segment, _)) = self.open.take()
                && self.filter.range.all_before_is_too_early(&segment.begun)
            {
                self.left.clear();
            }
            let Some(number) = self.left.pop() else {
                return Ok(None);
            };
            match self.enter(number) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(source) => return Err(unreadable(&self.dir, number, source)),
            }
        }
    }

    /// Opens a segment, and looks how far it can be read: the same records are shown as forwards.
    fn enter(&mut self, number: u64) -> io::Result<()> {
        let Some(mut segment) = Segment::open(&folder::path(&self.dir, number), number)? else {
            self.stats.damaged += u64::from(number != self.newest);
            return Ok(());
        };
        let extent = segment.extent(MOST_BYTES)?;
        self.stats.damaged += u64::from(!extent.clean && number != self.newest);
        self.open = Some((segment, extent.end));
        Ok(())
    }
}

impl Iterator for Backwards {
    type Item = Result<Record, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.step().transpose()
    }
}

/// What comes of one look into a segment.
enum Step {
    Show(Record),
    /// A record that was not asked for.
    Pass,
    End {
        clean: bool,
    },
}

fn shown(filter: &Filter, stats: &mut ReadStats, head: &Head, segment: &Segment) -> Step {
    if !filter.range.contains(&head.at) {
        return Step::Pass;
    }
    if head.kind().is_some_and(|kind| !filter.kinds.contains(kind)) {
        return Step::Pass;
    }
    match head.record(segment.bytes()) {
        Some(record) => Step::Show(record),
        None => {
            stats.unknown += 1;
            Step::Pass
        }
    }
}

/// Numbers of the segments in `dir`, the oldest first.
fn segments(dir: &Path) -> Result<Vec<u64>, ReadError> {
    let listing = folder::list(dir).map_err(|source| ReadError::Folder {
        dir: dir.to_owned(),
        source,
    })?;
    Ok(listing.segments.into_keys().collect())
}

fn begun(dir: &Path, number: u64) -> Option<Moment> {
    let segment = Segment::open(&folder::path(dir, number), number);
    segment.ok().flatten().map(|segment| segment.begun)
}

fn unreadable(dir: &Path, number: u64, source: io::Error) -> ReadError {
    ReadError::Segment {
        path: folder::path(dir, number),
        source,
    }
}
