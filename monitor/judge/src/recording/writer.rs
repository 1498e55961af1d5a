//! Writing a recording line by line, up to a size.

use super::entry::{EndReason, Entry};
use serde::Serialize;
use std::io::{self, Write};

/// Room that is kept for the last line, in bytes.
const LAST_LINE: u64 = 64;

/// Lines are handed to the system from this size on, in bytes.
const CHUNK: usize = 64 << 10;

/// Where a recording is written to, up to a size.
#[derive(Debug)]
pub struct Writer<W> {
    out: W,
    /// Whole lines that the system does not have yet.
    buffer: Vec<u8>,
    lines: u64,
    written: u64,
    max_bytes: u64,
}

/// Why nothing more is written, and how many lines that costs so far.
#[derive(Debug)]
pub enum Over {
    /// The size is reached, and the recording says so: the line in hand is lost.
    SizeLimit,
    /// The system's reason, and the lines that it did not take all of.
    Failed(io::Error, u64),
}

impl<W: Write> Writer<W> {
    /// Writes to `out`, `max_bytes` at most.
    pub fn new(out: W, max_bytes: u64) -> Self {
        Self {
            out,
            buffer: Vec::new(),
            lines: 0,
            written: 0,
            max_bytes,
        }
    }

    /// Writes one line. The one that would not fit is not begun.
    pub fn write(&mut self, line: &impl Serialize) -> Result<(), Over> {
        let before = self.buffer.len();
        self.encode(line)?;
        let after = self
            .written
            .saturating_add((self.buffer.len() - before) as u64);
        if after.saturating_add(LAST_LINE) > self.max_bytes {
            self.buffer.truncate(before);
            self.end(EndReason::SizeLimit)?;
            return Err(Over::SizeLimit);
        }
        self.written = after;
        self.lines += 1;
        if self.buffer.len() >= CHUNK {
            self.flush()?;
        }
        Ok(())
    }

    /// Hands everything to the system.
    pub fn flush(&mut self) -> Result<(), Over> {
        let done = self.out.write_all(&self.buffer);
        let done = done.and_then(|()| self.out.flush());
        done.map_err(|error| Over::Failed(error, self.lines))?;
        self.buffer.clear();
        self.lines = 0;
        Ok(())
    }

    /// Writes the last line.
    pub fn end(&mut self, reason: EndReason) -> Result<(), Over> {
        self.encode(&Entry::End { reason })?;
        self.flush()
    }

    fn encode(&mut self, line: &impl Serialize) -> Result<(), Over> {
        serde_json::to_writer(&mut self.buffer, line)
            .map_err(|error| Over::Failed(error.into(), self.lines + 1))?;
        self.buffer.push(b'\n');
        Ok(())
    }
}
