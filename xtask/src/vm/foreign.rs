//! What guests of another machine than this get of Debian's, unpacked, and kept in the cache.

use super::guest::PACKAGES;
use crate::architecture::Architecture;
use crate::error::Error;
use crate::files;
use crate::setup::Archive;
use std::fs;
use std::path::{Path, PathBuf};

/// A folder with the lab's programs for `architecture`, and all that they need, as on a Debian system.
pub fn root(
    architecture: &Architecture,
    archive: Result<&Archive, &Error>,
    cache: &Path,
) -> Result<PathBuf, Error> {
    let folder = cache.join(format!("debian-{}", architecture.debian));
    if folder.is_dir() {
        return Ok(folder);
    }
    let archive = archive.map_err(|error| Error::NoPrograms {
        architecture: architecture.name,
        reason: error.to_string(),
    })?;
    let work = cache.join(format!("unpack-debian-{}", std::process::id()));
    files::create_folder(&work)?;
    // The last step, so that what is there is whole.
    let unpacked = archive
        .unpack_whole(&PACKAGES, &work)
        .and_then(|()| files::rename(&work, &folder));
    if unpacked.is_err() {
        let _ = fs::remove_dir_all(&work);
    }
    unpacked.map(|()| folder)
}
