//! Why a recording cannot be read.

use super::FORMAT;
use std::fmt;

/// A line of a recording, counted from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The recording's name, for people.
    pub name: String,
    /// Which line.
    pub line: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}", self.name, self.line)
    }
}

/// What is wrong with a recording.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// The file cannot be read.
    #[error("cannot read {name}: {source}")]
    Read {
        /// The recording.
        name: String,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// There is no header.
    #[error(
        "{place}: this is no recording; give the whole file that `tcplull run --record` wrote, its first line above all"
    )]
    NotARecording {
        /// Its first line.
        place: Place,
    },
    /// The format is another one.
    #[error(
        "{place}: this recording has format {found}, and this build reads {FORMAT}; replay it with the tcplull that made it"
    )]
    OtherVersion {
        /// Its first line.
        place: Place,
        /// Its format.
        found: u32,
    },
    /// A line says nothing that this build understands.
    #[error(
        "{place}: {reason}; {remedy}",
        remedy = if place.line == 1 {
            "replay it with the tcplull that made it, or record anew"
        } else {
            "take the line away, or replay with the tcplull that made it"
        }
    )]
    Line {
        /// The line.
        place: Place,
        /// What is wrong.
        reason: String,
    },
}
