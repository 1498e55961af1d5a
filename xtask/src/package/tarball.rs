//! Tape archives whose bytes depend on nothing but what is in them.

use super::about::VERSION;
use super::contents::Contents;
use super::epoch::Epoch;
use crate::error::Error;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::Path;
use tar::{Builder, EntryType, Header};

/// What is unpacked into `/usr/local`, below one folder; `machine` is what the program runs on.
pub fn of(contents: &Contents, machine: &str, epoch: Epoch) -> Result<Vec<u8>, Error> {
    let folder = format!("tcplull-{VERSION}-linux-{machine}");
    let mut archive = Archive::new(GzEncoder::new(Vec::new(), Compression::default()), epoch);
    let mut write = || -> io::Result<()> {
        for (file, bytes) in contents.local() {
            archive.file(&format!("{folder}/{}", file.path), &bytes, file.mode)?;
        }
        Ok(())
    };
    write()
        .and_then(|()| archive.end()?.finish())
        .map_err(|source| Error::io("write a tarball", source))
}

/// A tape archive under way: all in it is root's, and of one time.
pub struct Archive<W: Write> {
    builder: Builder<W>,
    epoch: Epoch,
    folders: BTreeSet<String>,
}

impl<W: Write> Archive<W> {
    /// An empty one.
    pub fn new(to: W, epoch: Epoch) -> Self {
        Self {
            builder: Builder::new(to),
            epoch,
            folders: BTreeSet::new(),
        }
    }

    /// Adds a file, and the folders that it lies in.
    pub fn file(&mut self, path: &str, bytes: &[u8], mode: u32) -> io::Result<()> {
        let above: Vec<&Path> = Path::new(path).ancestors().skip(1).collect();
        for folder in above.into_iter().rev() {
            self.folder(&folder.to_string_lossy())?;
        }
        self.entry(path, EntryType::Regular, bytes, mode)
    }

    /// Adds a folder that is not there yet.
    pub fn folder(&mut self, path: &str) -> io::Result<()> {
        if path.is_empty() || path == "." || !self.folders.insert(path.to_owned()) {
            return Ok(());
        }
        self.entry(&format!("{path}/"), EntryType::Directory, &[], 0o755)
    }

    fn entry(&mut self, path: &str, kind: EntryType, bytes: &[u8], mode: u32) -> io::Result<()> {
        let mut header = Header::new_gnu();
        header.set_entry_type(kind);
        header.set_size(bytes.len() as u64);
        header.set_mode(mode);
        header.set_mtime(self.epoch.0.into());
        header.set_uid(0);
        header.set_gid(0);
        header.set_username("root")?;
        header.set_groupname("root")?;
        self.builder.append_data(&mut header, path, bytes)
    }

    /// What it was written to.
    pub fn end(self) -> io::Result<W> {
        self.builder.into_inner()
    }
}
