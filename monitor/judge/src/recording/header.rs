//! The first line of a recording.

use super::FORMAT;
use crate::{JudgedPath, Limits};
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;

/// Lengths of a jiffy that a judge can be told of, in ns: up to a second. Linux
/// has HZ from 24 to 1024.
const JIFFIES: RangeInclusive<u64> = 1..=1_000_000_000;

/// The first line: what the judge is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// [`FORMAT`]; its name marks the file.
    tcplull_recording: u32,
    /// Version of the daemon that recorded, for people.
    made_by: String,
    /// The judge's bounds.
    pub limits: Limits,
    /// The paths in force at first.
    pub paths: Vec<JudgedPath>,
}

/// The one member that every version has.
#[derive(Deserialize)]
struct FormatVersion {
    tcplull_recording: u32,
}

/// Why a first line is no header.
#[derive(Debug)]
pub(super) enum NoHeader {
    /// It is something else.
    Foreign,
    /// A version that this build does not read.
    OtherVersion(u32),
    /// A header, with something wrong in it.
    Wrong(serde_json::Error),
    /// A length of a jiffy that no kernel has, in ns.
    Jiffy(u64),
}

impl Header {
    /// For a judge of these limits and paths.
    pub fn new(limits: Limits, paths: &[JudgedPath]) -> Self {
        Self {
            tcplull_recording: FORMAT,
            made_by: env!("CARGO_PKG_VERSION").to_owned(),
            limits,
            paths: paths.to_vec(),
        }
    }

    pub(super) fn parse(line: &[u8]) -> Result<Self, NoHeader> {
        let version: FormatVersion = serde_json::from_slice(line).map_err(|_| NoHeader::Foreign)?;
        if version.tcplull_recording != FORMAT {
            return Err(NoHeader::OtherVersion(version.tcplull_recording));
        }
        let header: Self = serde_json::from_slice(line).map_err(NoHeader::Wrong)?;
        let jiffy_ns = header.limits.jiffy_ns;
        if !JIFFIES.contains(&jiffy_ns) {
            return Err(NoHeader::Jiffy(jiffy_ns));
        }
        Ok(header)
    }
}
