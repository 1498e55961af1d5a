//! Debian in a folder: made once by debootstrap, kept below the target folder, and copied for each test.

use crate::error::Error;
use crate::{command, files, progress, setup};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The release; its systemd is the oldest that the unit is tried with.
const SUITE: &str = "bookworm";

/// What a server has beyond Debian's least.
const INCLUDED: &str = "systemd,systemd-sysv";

/// A copy, which goes with this.
pub struct DebianRoot {
    folder: PathBuf,
}

impl DebianRoot {
    /// Makes it in `folder`, which is on the same file system as the one that is kept there.
    pub fn make(folder: &Path) -> Result<Self, Error> {
        let kept = folder.join(format!("debian-{SUITE}.tar"));
        if !kept.is_file() {
            bootstrap(folder, &kept)?;
        }
        let root = Self {
            folder: folder.join("root"),
        };
        if root.folder.is_dir() {
            files::remove_folder(&root.folder)?;
        }
        files::create_folder(&root.folder)?;
        tar("--extract", &kept, &root.folder)?;
        Ok(root)
    }

    /// Where it lies.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Runs dpkg there, with the package from outside, or one that is installed.
    pub fn dpkg(&self, action: &str, package: &Path) -> Result<(), String> {
        let place = "/tmp/tcplull.deb";
        let named = match package.is_absolute() {
            true => {
                let to = self.folder.join("tmp/tcplull.deb");
                std::fs::copy(package, to).map_err(|error| error.to_string())?;
                place.to_owned()
            }
            false => package.display().to_string(),
        };
        // An upgrade asks nobody, as by a fleet's tools.
        self.run(&["dpkg", "--force-confold", action, &named])
            .map(|_| ())
    }

    /// Runs a program there that is to succeed.
    pub fn expect(&self, program: &[&str]) -> Result<(), String> {
        self.run(program).map(|_| ())
    }

    /// The same; answers what it prints.
    pub fn run(&self, program: &[&str]) -> Result<String, String> {
        let mut there = Command::new("chroot");
        there
            .arg(&self.folder)
            .args(program)
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .env("DEBIAN_FRONTEND", "noninteractive")
            .env("LC_ALL", "C");
        let output = command::output(&mut there).map_err(|error| error.to_string())?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        match output.status.success() {
            true => Ok(text),
            false => {
                let why = String::from_utf8_lossy(&output.stderr).into_owned();
                Err(format!(
                    "{} ({}): {text}{why}",
                    program.join(" "),
                    output.status
                ))
            }
        }
    }

    /// What is in a file there.
    pub fn read(&self, file: &Path) -> Result<String, String> {
        std::fs::read_to_string(self.folder.join(file)).map_err(|error| error.to_string())
    }

    /// Where a link there leads.
    pub fn read_link(&self, file: &str) -> Result<String, String> {
        let to = self.folder.join(file).read_link();
        to.map(|to| to.display().to_string())
            .map_err(|error| format!("{file}: {error}"))
    }

    /// Writes a file there, and makes its folder.
    pub fn write(&self, file: &Path, text: &str) -> Result<(), String> {
        let file = self.folder.join(file);
        let folder = file.parent().unwrap_or(&self.folder);
        files::create_folder(folder).map_err(|error| error.to_string())?;
        files::write(&file, text).map_err(|error| error.to_string())
    }
}

impl Drop for DebianRoot {
    fn drop(&mut self) {
        // What is left of it, the next one removes.
        let _ = files::remove_folder(&self.folder);
    }
}

fn bootstrap(folder: &Path, kept: &Path) -> Result<(), Error> {
    let mut make = setup::debootstrap()?;
    let root = folder.join("bootstrap");
    if root.is_dir() {
        files::remove_folder(&root)?;
    }
    progress::note(&format!(
        "Debian's {SUITE}, once, for {}: two minutes",
        kept.display()
    ));
    make.args(["--variant=minbase", &format!("--include={INCLUDED}"), SUITE])
        .arg(&root)
        .arg(setup::mirror()?);
    let output = command::output(&mut make)?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stdout);
        let last = text.lines().last().unwrap_or_default();
        return Err(Error::Package {
            what: "a root folder for the test (debootstrap)",
            reason: last.to_owned(),
        });
    }
    // Whole, or not there.
    let partial = kept.with_extension("partial");
    tar("--create", &partial, &root)?;
    files::rename(&partial, kept)?;
    files::remove_folder(&root)
}

/// With what root folders have and archives in Rust do not keep: devices, owners by number.
fn tar(action: &str, archive: &Path, folder: &Path) -> Result<(), Error> {
    let mut tar = Command::new("tar");
    tar.arg(action)
        .arg("--numeric-owner")
        .arg("--file")
        .arg(archive);
    tar.arg("--directory").arg(folder);
    if action == "--create" {
        tar.arg(".");
    }
    let status = command::status(&mut tar)?;
    match status.success() {
        true => Ok(()),
        false => Err(Error::failed(format!("tar {action}"), status)),
    }
}
