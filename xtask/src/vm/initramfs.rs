//! The guest's whole file system: a cpio archive that the kernel unpacks into memory.

use super::libraries::{self, System};
use crate::error::Error;
use crate::files;
use cpio::{newc, write_cpio};
use std::collections::BTreeSet;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::{fs, io};

/// File types and permissions of the entries (stat(2)).
const TYPE: u32 = 0o170_000;
const REGULAR: u32 = 0o100_000;
const LINK: u32 = 0o120_000;
const FOLDER: u32 = 0o040_755;
const PROGRAM: u32 = 0o100_755;

/// What goes into the archive, by its place in the guest.
#[derive(Debug, Clone, Default)]
pub struct Contents {
    root: Option<Root>,
    files: Vec<(String, Source)>,
}

/// A root folder of the host's, which is there before the files are put into it.
#[derive(Debug, Clone)]
struct Root {
    folder: PathBuf,
    without: &'static [&'static str],
}

#[derive(Debug, Clone)]
enum Source {
    File(PathBuf),
    Bytes(Vec<u8>),
}

impl Contents {
    /// The root folder `folder`, without what lies in those of its folders that `without` names. Its files keep owner and
    /// mode.
    pub fn of_root(folder: &Path, without: &'static [&'static str]) -> Self {
        let folder = folder.to_path_buf();
        Self {
            root: Some(Root { folder, without }),
            files: Vec::new(),
        }
    }

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
        if let Some(root) = &self.root {
            root.add_to(&mut entries)?;
        }
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

impl Root {
    /// All of it, outer folders first. The kernel makes the devices itself.
    fn add_to(&self, entries: &mut Vec<Entry>) -> Result<(), Error> {
        let mut folders = vec![self.folder.clone()];
        while let Some(folder) = folders.pop() {
            for item in files::with_path("read", &folder, fs::read_dir(&folder))? {
                let path = files::with_path("read", &folder, item)?.path();
                let metadata = files::with_path("read", &path, path.symlink_metadata())?;
                let Some(place) = path.strip_prefix(&self.folder).ok().and_then(Path::to_str)
                else {
                    // What is not of this name has none in the archive either.
                    continue;
                };
                let bytes = match metadata.mode() & TYPE {
                    REGULAR => files::read(&path)?,
                    LINK => {
                        let to = files::with_path("read", &path, path.read_link())?;
                        to.as_os_str().as_bytes().to_vec()
                    }
                    _ if metadata.is_dir() => {
                        if !self.without.contains(&place) {
                            folders.push(path.clone());
                        }
                        Vec::new()
                    }
                    _ => continue,
                };
                let (builder, bytes) = entry(place, metadata.mode(), bytes);
                let builder = builder.uid(metadata.uid()).gid(metadata.gid());
                entries.push((builder, bytes));
            }
        }
        Ok(())
    }
}

/// A file, a folder or a link in the archive.
type Entry = (newc::Builder, io::Cursor<Vec<u8>>);

/// Names in the archive are relative to its root.
fn entry(place: &str, mode: u32, bytes: Vec<u8>) -> Entry {
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

    #[test]
    fn a_root_keeps_its_links_and_modes_and_is_without_what_is_left_out() {
        let root = tempfile::tempdir().unwrap();
        let inside = |place: &str| root.path().join(place);
        fs::create_dir_all(inside("usr/share/doc/sh")).unwrap();
        fs::write(inside("usr/share/doc/sh/copyright"), "long").unwrap();
        std::os::unix::fs::symlink("usr/bin", inside("bin")).unwrap();
        let file = root.path().with_extension("initramfs");
        let contents = Contents::of_root(root.path(), &["usr/share/doc"]);
        contents.write(&file).unwrap();
        let bytes = fs::read(&file).unwrap();
        fs::remove_file(&file).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        assert!(text.contains("usr/share/doc\0") && !text.contains("copyright"));
        // The mode of a link, in the format's hexadecimal.
        assert!(text.contains("0000a1ff") && text.contains("usr/bin"));
    }
}
