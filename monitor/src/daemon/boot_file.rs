//! A small file beside the inspection socket, for the daemon that comes after one that was killed. It is replaced as a whole,
//! only its user may read and write it, and after a boot it says nothing. It is not synced: a process that is killed loses
//! nothing by that, and after a crash of the host it belongs to another boot.

use crate::own_file;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// What the kernel calls this boot.
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// What is in it.
#[derive(Serialize, Deserialize)]
struct Contents<T> {
    /// Clocks and cookies of what is saved count from this boot.
    boot_id: String,
    saved: T,
}

/// Why such a file gives nothing, or takes nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum BootFileError {
    /// The system refuses.
    #[error("{what} {path}: {source}", path = path.display())]
    System {
        what: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    /// Somebody else may have written it.
    #[error("{path} is no file that only this user can write and read", path = path.display())]
    NotOurs { path: PathBuf },
    /// No daemon writes so much.
    #[error("{path} is larger than {most} bytes", path = path.display())]
    TooLong { path: PathBuf, most: u64 },
    /// It is cut, or of a version that says other things.
    #[error("{path} cannot be understood: {source}", path = path.display())]
    Broken {
        path: PathBuf,
        source: serde_json::Error,
    },
    /// The host has booted since.
    #[error("{path} is from before this host booted", path = path.display())]
    OtherBoot { path: PathBuf },
}

/// Such a file.
#[derive(Debug)]
pub(super) struct BootFile {
    path: PathBuf,
    boot_id: String,
    most: u64,
}

impl BootFile {
    /// The one of a daemon with this inspection socket that has this ending; of one with more than `most` bytes nothing is read.
    ///
    /// # Errors
    /// The kernel does not say which boot this is.
    pub(super) fn beside(socket: &Path, ending: &str, most: u64) -> Result<Self, BootFileError> {
        Ok(Self {
            path: own_file::beside(socket, ending),
            boot_id: boot_id()?,
            most,
        })
    }

    /// What was saved on this boot; `None` where nothing was.
    ///
    /// # Errors
    /// There is something that cannot be used.
    pub(super) fn read<T: DeserializeOwned>(&self) -> Result<Option<T>, BootFileError> {
        let path = self.path.clone();
        let opened = own_file::options().read(true).open(&path);
        let file = match opened {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(system("cannot read", &path)(error)),
        };
        let found = file.metadata().map_err(system("cannot read", &path))?;
        if !own_file::is_ours(&found) {
            return Err(BootFileError::NotOurs { path });
        }
        let mut text = Vec::new();
        let read = file.take(self.most + 1).read_to_end(&mut text);
        read.map_err(system("cannot read", &path))?;
        if text.len() as u64 > self.most {
            let most = self.most;
            return Err(BootFileError::TooLong { path, most });
        }
        match serde_json::from_slice::<Contents<T>>(&text) {
            Ok(contents) if contents.boot_id == self.boot_id => Ok(Some(contents.saved)),
            Ok(_) => Err(BootFileError::OtherBoot { path }),
            Err(source) => Err(BootFileError::Broken { path, source }),
        }
    }

    /// Puts it in the place of the one before, as a whole.
    ///
    /// # Errors
    /// What was there before still is.
    pub(super) fn write<T: Serialize>(&self, saved: T) -> Result<(), BootFileError> {
        let contents = Contents {
            boot_id: self.boot_id.clone(),
            saved,
        };
        let text = serde_json::to_vec(&contents).map_err(|source| BootFileError::Broken {
            path: self.path.clone(),
            source,
        })?;
        let new = own_file::beside(&self.path, ".new");
        let failed = || system("cannot write", &new);
        removed(&new)?;
        let mut file = own_file::options()
            .write(true)
            .create_new(true)
            .open(&new)
            .map_err(failed())?;
        file.write_all(&text).map_err(failed())?;
        fs::rename(&new, &self.path).map_err(system("cannot replace", &self.path))
    }

    /// Leaves no such file.
    ///
    /// # Errors
    /// It is there still.
    pub(super) fn remove(&self) -> Result<(), BootFileError> {
        removed(&self.path)
    }
}

fn removed(path: &Path) -> Result<(), BootFileError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(system("cannot remove", path)(error))
        }
        _ => Ok(()),
    }
}

/// What the kernel calls this boot.
///
/// # Errors
/// It does not say.
pub(super) fn boot_id() -> Result<String, BootFileError> {
    let path = Path::new(BOOT_ID);
    let text = fs::read_to_string(path).map_err(system("cannot read", path))?;
    Ok(text.trim_end().to_owned())
}

/// What a system call on `path` failed with.
fn system(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> BootFileError {
    let path = path.to_owned();
    move |source| BootFileError::System { what, path, source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::Permissions;
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    const MOST: u64 = 1 << 10;

    struct Place(tempfile::TempDir);

    impl Place {
        fn new() -> Self {
            Self(tempfile::tempdir().unwrap())
        }

        fn file(&self) -> BootFile {
            BootFile::beside(&self.0.path().join("tcplull.sock"), ".kept", MOST).unwrap()
        }

        fn with(saved: &[&str]) -> Self {
            let place = Self::new();
            place.file().write(saved).unwrap();
            place
        }

        fn read(&self) -> Result<Option<Vec<String>>, BootFileError> {
            self.file().read()
        }
    }

    #[test]
    fn what_is_written_is_read_and_only_its_owner_can() {
        let place = Place::new();
        assert!(place.read().unwrap().is_none());
        place.file().write(["one"]).unwrap();
        place.file().write(["two"]).unwrap();
        assert_eq!(place.read().unwrap().unwrap(), ["two"]);
        let path = place.file().path;
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        let left = || fs::read_dir(place.0.path()).unwrap().count();
        assert_eq!(left(), 1, "nothing else is left behind");
        place.file().remove().unwrap();
        place.file().remove().unwrap();
        assert_eq!(left(), 0);
    }

    #[test]
    fn what_is_broken_cut_or_of_another_boot_is_left_aside() {
        let place = Place::with(&["one"]);
        let path = place.file().path;
        let whole = fs::read_to_string(&path).unwrap();
        let other_boot = whole.replace(&boot_id().unwrap(), "another");
        let cut = &whole[..whole.len() / 2];
        for text in [cut, "", "null", "[]", "{}", "\0", &other_boot] {
            fs::write(&path, text).unwrap();
            assert!(place.read().is_err(), "{text:?}");
        }
        fs::write(&path, whole).unwrap();
        assert!(place.read().unwrap().is_some());
    }

    #[test]
    fn what_others_can_write_or_read_is_left_aside() {
        let place = Place::with(&["one"]);
        let path = place.file().path;
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(place.read(), Err(BootFileError::NotOurs { .. })));
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        let real = place.0.path().join("real");
        fs::rename(&path, &real).unwrap();
        symlink(&real, &path).unwrap();
        assert!(place.read().is_err(), "no link is followed");
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert!(place.read().is_err());
    }

    #[test]
    fn a_file_without_end_is_not_read_to_the_end() {
        let place = Place::with(&["one"]);
        let file = fs::OpenOptions::new()
            .write(true)
            .open(place.file().path)
            .unwrap();
        file.set_len(MOST + 1).unwrap();
        assert!(matches!(place.read(), Err(BootFileError::TooLong { .. })));
    }
}
