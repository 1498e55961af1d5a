//! The checksums of what is written.

use crate::error::Error;
use crate::files;
use ring::digest::{SHA256, digest};
use std::fs;
use std::path::{Path, PathBuf};

/// Where the files with the checksums of the others lie.
pub(super) const CHECKSUMS: &str = "SHA256SUMS";

/// Writes the checksums of all files in the folder, as `sha256sum --check` reads them; answers all files.
pub(super) fn checksums(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let entries = files::with_path("read", folder, fs::read_dir(folder))?;
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort_unstable();
    let mut lines = String::new();
    for path in &paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        lines.push_str(&format!("{}  {name}\n", sha256(&files::read(path)?)));
    }
    let file = folder.join(CHECKSUMS);
    files::write(&file, lines)?;
    paths.push(file);
    Ok(paths)
}

pub(super) fn sha256(bytes: &[u8]) -> String {
    hex(digest(&SHA256, bytes).as_ref())
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
