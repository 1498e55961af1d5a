//! Files and folders; each error names the path.

use crate::error::Error;
use std::path::Path;
use std::{fs, io};

/// The whole file.
pub fn read(file: &Path) -> Result<Vec<u8>, Error> {
    with_path("read", file, fs::read(file))
}

/// Replaces the file, or makes it.
pub fn write(file: &Path, bytes: impl AsRef<[u8]>) -> Result<(), Error> {
    with_path("write", file, fs::write(file, bytes))
}

/// Makes the folder and those that it lies in.
pub fn create_folder(folder: &Path) -> Result<(), Error> {
    with_path("create", folder, fs::create_dir_all(folder))
}

/// Removes the folder and all that lies in it.
pub fn remove_folder(folder: &Path) -> Result<(), Error> {
    with_path("remove", folder, fs::remove_dir_all(folder))
}

/// Moves a file or a folder.
pub fn rename(from: &Path, to: &Path) -> Result<(), Error> {
    with_path("move", from, fs::rename(from, to))
}

/// The result of what was done with a path: `verb` says what.
pub fn with_path<T>(verb: &str, path: &Path, result: io::Result<T>) -> Result<T, Error> {
    result.map_err(|source| Error::io(format!("{verb} {}", path.display()), source))
}
