//! Reading a file that people wrote, or a tool for them, without ever waiting for anybody: what is fed by others, such as
//! a pipe, is refused, and so is what a lease of another process would make one wait for.

use std::fs::{Metadata, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

/// Why a file is not read.
#[derive(Debug)]
pub(crate) enum Unreadable {
    /// What the system said.
    Io(io::Error),
    /// It is a pipe, a directory, a device: reading it may wait for others.
    NotAFile,
    /// It is longer than the most that is read.
    TooLong,
}

/// All of `file`, which is a regular one of at most `limit` bytes, or /dev/null.
pub(crate) fn read(file: &Path, limit: u64) -> Result<Vec<u8>, Unreadable> {
    let opened = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY)
        .open(file)
        .map_err(Unreadable::Io)?;
    let found = opened.metadata().map_err(Unreadable::Io)?;
    if !found.is_file() && !is_null(&found) {
        return Err(Unreadable::NotAFile);
    }
    let mut bytes = Vec::new();
    let all = opened.take(limit.saturating_add(1)).read_to_end(&mut bytes);
    all.map_err(Unreadable::Io)?;
    if bytes.len() as u64 > limit {
        return Err(Unreadable::TooLong);
    }
    Ok(bytes)
}

/// Whether it is /dev/null, which says that there is nothing: device 1:3 (Documentation/admin-guide/devices.txt).
fn is_null(found: &Metadata) -> bool {
    found.file_type().is_char_device() && found.rdev() == libc::makedev(1, 3)
}
