//! The time that all files of a package carry, so that two builds of the same sources write the same bytes.

use crate::error::Error;
use crate::{command, workspace};
use std::env;
use std::process::Command;

/// Seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Epoch(pub u32);

impl Epoch {
    /// `SOURCE_DATE_EPOCH` (reproducible-builds.org), or the time of the commit that is checked out.
    pub fn find() -> Result<Self, Error> {
        let set = env::var("SOURCE_DATE_EPOCH").ok();
        let text = set.map_or_else(of_commit, Ok)?;
        text.trim().parse().map(Self).map_err(|_| Error::NoEpoch)
    }

    /// As RFC 3339 has it, in UTC.
    pub fn rfc3339(self) -> Result<String, Error> {
        let mut date = Command::new("date");
        date.args([
            "--utc",
            "+%Y-%m-%dT%H:%M:%SZ",
            "--date",
            &format!("@{}", self.0),
        ]);
        let output = command::output(&mut date)?;
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }
}

fn of_commit() -> Result<String, Error> {
    let mut git = Command::new("git");
    git.current_dir(workspace::root())
        .args(["log", "-1", "--format=%ct"]);
    let output = command::output(&mut git).map_err(|_| Error::NoEpoch)?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
