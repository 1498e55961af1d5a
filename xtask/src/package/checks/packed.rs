//! Packages of a program, written to be tried, and how a test of them ends.

use crate::error::Error;
use crate::package::epoch::Epoch;
use crate::package::packing::write;
use crate::package::program::Program;
use crate::package::sums::checksums;
use crate::{files, workspace};
use std::fs;
use std::path::PathBuf;

/// How a test ended, where nothing kept it from its end.
pub enum Outcome {
    Passed,
    Failed(String),
    Skipped(&'static str),
}

/// Passed where it is right, else failed with the reason.
pub fn holds(right: bool, why: impl Fn() -> String) -> Outcome {
    match right {
        true => Outcome::Passed,
        false => Outcome::Failed(why()),
    }
}

/// Packages of a program, written for the test.
pub struct Packed {
    pub tcplull: Program,
    epoch: Epoch,
    /// A folder below the target folder, and in it `packages`.
    pub folder: PathBuf,
}

impl Packed {
    /// Of this program.
    pub fn of(tcplull: Program) -> Result<Self, Error> {
        let folder = workspace::target_dir()?.join("package-tests");
        let packed = Self {
            folder: folder.join(tcplull.architecture.name),
            tcplull,
            epoch: Epoch::find()?,
        };
        packed.write("packages")?;
        Ok(packed)
    }

    /// Writes all packages into a new folder of this name; answers their checksums.
    pub fn write(&self, name: &str) -> Result<Vec<u8>, Error> {
        let folder = self.new_folder(name)?;
        write(&self.tcplull, self.epoch, &folder)?;
        let files = checksums(&folder)?;
        files
            .last()
            .map_or(Ok(Vec::new()), |sums| files::read(sums))
    }

    /// An empty folder of this name.
    pub fn new_folder(&self, name: &str) -> Result<PathBuf, Error> {
        let folder = self.folder.join(name);
        if folder.is_dir() {
            files::remove_folder(&folder)?;
        }
        files::create_folder(&folder)?;
        Ok(folder)
    }

    /// The package whose name ends so.
    pub fn package(&self, end: &str) -> Result<PathBuf, Error> {
        let folder = self.folder.join("packages");
        let entries = files::with_path("read", &folder, fs::read_dir(&folder))?;
        let mut paths = entries.flatten().map(|entry| entry.path());
        let found = paths.find(|path| path.to_string_lossy().ends_with(end));
        found.ok_or_else(|| Error::Package {
            what: "a package",
            reason: format!("no {end} was written"),
        })
    }

    /// The RPM, as what reads it has it.
    pub fn rpm(&self) -> Result<rpm::Package, Error> {
        let bytes = files::read(&self.package(".rpm")?)?;
        rpm::Package::parse(&mut bytes.as_slice()).map_err(unreadable)
    }
}

/// An RPM that cannot be read.
pub fn unreadable(error: rpm::Error) -> Error {
    Error::Package {
        what: "an RPM that can be read",
        reason: error.to_string(),
    }
}
