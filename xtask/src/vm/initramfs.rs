//! The guest's whole file system: a cpio archive that the kernel unpacks into memory.

use super::libraries::{self, System};
use crate::error::Error;
use crate::files;
use cpio::{newc, write_cpio};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{fs, io};

/// File types and permissions of the entries (stat(2)).
const FOLDER: u32 = 0o040_755;
const PROGRAM: u32 = 0o100_755;

/// What goes into the archive, by its place in the guest.
#[derive(Debug, Clone, Default)]
pub struct Contents {
    files: Vec<(String, Source)>,
}

#[derive(Debug, Clone)]
enum Source {
    File(PathBuf),
    Bytes(Vec<u8>),
}

impl Contents {
    /// Puts a file of the host at `place`, an absolute path in the guest.
    pub fn file(&mut self, place: &str, file: &Path) {
        let source = Source::File(file.to_path_buf());
        self.files.push((place.to_owned(), source));
    }

    /// Puts bytes at `place`.
    pub fn bytes(&mut self, place: &str, bytes: Vec<u8>) {
        self.files.push((place.to_owned(), Source::Bytes(bytes)));
    }

    /// Puts a program of `system` into `/bin`, and the libraries that it needs where it looks for them; those that lie in
    /// `beside` before the system's.
    pub fn program(
        &mut self,
        file: &Path,
        beside: &[PathBuf],
        system: &System,
    ) -> Result<(), Error> {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        self.file(&format!("/bin/{name}"), file);
        for (place, library) in libraries::of(file, beside, system)? {
            let place = place.to_string_lossy();
            if self.files.iter().all(|(known, _)| *known != place) {
                self.file(&place, &library);
            }
        }
        Ok(())
    }

    /// Writes the archive to `file`.
    pub fn write(&self, file: &Path) -> Result<(), Error> {
        let mut entries = Vec::new();
        for folder in folders(self.files.iter().map(|(place, _)| place.as_str())) {
            entries.push(entry(&folder, FOLDER, Vec::new()));
        }
        for (place, source) in &self.files {
            let bytes = match source {
                Source::Bytes(bytes) => bytes.clone(),
                Source::File(file) => files::read(file)?,
            };
            entries.push(entry(place, PROGRAM, bytes));
        }
        let to = files::with_path("create", file, fs::File::create(file))?;
        let written = write_cpio(entries.into_iter(), io::BufWriter::new(to));
        files::with_path("write", file, written.map(|_| ()))
    }
}

/// Names in the archive are relative to its root.
fn entry(place: &str, mode: u32, bytes: Vec<u8>) -> (newc::Builder, io::Cursor<Vec<u8>>) {
    let builder = newc::Builder::new(place.trim_start_matches('/')).mode(mode);
    (builder, io::Cursor::new(bytes))
}

/// All folders that these files lie in, outer ones first: the kernel makes none by itself.
fn folders<'a>(places: impl Iterator<Item = &'a str>) -> BTreeSet<String> {
    let mut folders = BTreeSet::new();
    for place in places {
        let parents = Path::new(place).ancestors().skip(1);
        for parent in parents.filter(|parent| parent.parent().is_some()) {
            folders.insert(parent.to_string_lossy().into_owned());
        }
    }
    folders
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outer_folders_come_before_inner_ones_and_the_root_is_there_already() {
        let places = ["/lib/x/libc.so.6", "/bin/ip"];
        let folders: Vec<String> = folders(places.into_iter()).into_iter().collect();
        assert_eq!(folders, ["/bin", "/lib", "/lib/x"]);
    }

    #[test]
    fn an_archive_holds_what_was_put_into_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("initramfs");
        let mut contents = Contents::default();
        contents.bytes("/etc/plan.json", b"{}".to_vec());
        contents.write(&file).unwrap();
        let bytes = fs::read(&file).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        for name in ["etc\0", "etc/plan.json\0", "TRAILER!!!"] {
            assert!(text.contains(name), "{name:?}");
        }
        assert!(bytes.starts_with(b"070701"));
    }
}
