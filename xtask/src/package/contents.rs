//! The files that are installed, the same in each kind of package.

use super::program::Program;
use crate::error::Error;
use crate::{files, workspace};
use std::fs;
use std::io;
use std::path::Path;

/// Where the tarball is unpacked; the others install into `usr`.
pub const LOCAL: &str = "/usr/local/bin/tcplull";

/// Where the others have the program, as the unit names it.
const PROGRAM: &str = "/usr/bin/tcplull";

/// What people change, below `/etc`; the tarball has none of it.
pub const CONFIGURATION: &str = "etc/tcplull/config.toml";

/// The folder for further paths.
pub const CONFIGURATION_FOLDER: &str = "etc/tcplull/conf.d";

/// Where the unit is, below `usr`.
pub const UNIT: &str = "lib/systemd/system/tcplull.service";

/// The files of the workspace that are installed as they are, with their place below `usr`.
const COPIED: [(&str, &str); 10] = [
    ("deploy/package/tcplull.service", UNIT),
    (
        "deploy/package/sysusers.conf",
        "lib/sysusers.d/tcplull.conf",
    ),
    (
        "deploy/config.example.toml",
        "share/doc/tcplull/config.example.toml",
    ),
    ("README.md", "share/doc/tcplull/README.md"),
    ("LICENSE-APACHE", "share/doc/tcplull/LICENSE-APACHE"),
    ("LICENSE-MIT", "share/doc/tcplull/LICENSE-MIT"),
    (
        "monitor-ebpf/LICENSE-GPL2",
        "share/doc/tcplull/LICENSE-GPL2",
    ),
    (
        "deploy/package/LICENSE-LGPL2.1",
        "share/doc/tcplull/LICENSE-LGPL2.1",
    ),
    (
        "deploy/prometheus/tcplull.rules.yml",
        "share/tcplull/prometheus/tcplull.rules.yml",
    ),
    (
        "deploy/prometheus/prometheus.yml",
        "share/tcplull/prometheus/prometheus.yml",
    ),
];

/// Where each shell looks for completions of others, below `usr`.
const COMPLETIONS: [(&str, &str); 3] = [
    ("bash", "share/bash-completion/completions/tcplull"),
    ("zsh", "share/zsh/site-functions/_tcplull"),
    ("fish", "share/fish/vendor_completions.d/tcplull.fish"),
];

/// One file.
#[derive(Debug)]
pub struct File {
    /// Its path below `usr`, or below the place that the tarball is unpacked into.
    pub path: String,
    /// What it holds.
    pub bytes: Vec<u8>,
    /// Its mode.
    pub mode: u32,
}

/// All that is installed.
#[derive(Debug)]
pub struct Contents {
    /// Below `usr`, by path.
    pub files: Vec<File>,
    /// What stands in [`CONFIGURATION`] at first.
    pub configuration: Vec<u8>,
}

impl Contents {
    /// Of `tcplull` and what it writes of itself.
    pub fn gather(tcplull: &Program, sbom: &str, notices: &str) -> Result<Self, Error> {
        let root = workspace::root();
        let mut all = Self {
            files: Vec::new(),
            configuration: files::read(&root.join("deploy/package/config.toml"))?,
        };
        all.add("bin/tcplull", files::read(&tcplull.file)?, 0o755);
        for (from, to) in COPIED {
            all.add(to, files::read(&root.join(from))?, 0o644);
        }
        for (shell, to) in COMPLETIONS {
            all.add(to, tcplull.ask(&["completions", shell])?, 0o644);
        }
        let doc = "share/doc/tcplull";
        all.add(&format!("{doc}/tcplull.cdx.json"), sbom.into(), 0o644);
        all.add(&format!("{doc}/copyright"), notices.into(), 0o644);
        all.add_folder(&root.join("docs"), doc, "md")?;
        all.add_pages(tcplull)?;
        all.files.sort_by(|one, other| one.path.cmp(&other.path));
        Ok(all)
    }

    /// As the tarball has it: the unit names the program where that puts it.
    pub fn local(&self) -> impl Iterator<Item = (&File, Vec<u8>)> {
        self.files.iter().map(|file| {
            let bytes = match file.path == UNIT {
                true => String::from_utf8_lossy(&file.bytes)
                    .replace(PROGRAM, LOCAL)
                    .into_bytes(),
                false => file.bytes.clone(),
            };
            (file, bytes)
        })
    }

    fn add(&mut self, path: &str, bytes: Vec<u8>, mode: u32) {
        let path = path.to_owned();
        self.files.push(File { path, bytes, mode });
    }

    /// The manual, one page a command.
    fn add_pages(&mut self, tcplull: &Program) -> Result<(), Error> {
        let folder = tempfile::tempdir().map_err(|error| Error::io("make a folder", error))?;
        let place = folder.path().to_str().ok_or_else(|| {
            Error::io(
                "name a temporary folder",
                io::ErrorKind::InvalidFilename.into(),
            )
        })?;
        tcplull.ask(&["man", place])?;
        self.add_folder(folder.path(), "share/man/man1", "1")
    }

    /// The files of `from` that end so.
    fn add_folder(&mut self, from: &Path, to: &str, end: &str) -> Result<(), Error> {
        for entry in files::with_path("read", from, fs::read_dir(from))? {
            let path = files::with_path("read", from, entry)?.path();
            if path.extension().is_some_and(|extension| extension == end) {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                self.add(&format!("{to}/{name}"), files::read(&path)?, 0o644);
            }
        }
        Ok(())
    }
}
