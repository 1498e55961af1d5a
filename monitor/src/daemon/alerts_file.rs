//! The alerts in a small file beside the inspection socket, so that a daemon that was killed takes them up again. It is
//! written on a thread of its own, only where something changed, and replaced as a whole. It is not synced: a process
//! that is killed loses nothing by that, and after a crash of the host it belongs to another boot.

use crate::own_file;
use crate::worker::{Waiting, Worker};
use monitor_judge::alerts::{Alerts, Limits, Saved};
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// What the kernel calls this boot.
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// The most bytes that are read: four times what a daemon writes.
const MOST_BYTES: u64 = 4 << 20;

/// What is in the file.
#[derive(Serialize, Deserialize)]
struct Contents {
    /// The clock of what is saved counts from this boot.
    boot_id: String,
    saved: Saved,
}

/// Why a file gives no alerts, or takes none.
#[derive(Debug, thiserror::Error)]
pub(super) enum AlertsFileError {
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
    #[error("{path} is larger than {MOST_BYTES} bytes", path = path.display())]
    TooLong { path: PathBuf },
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

/// Where the alerts are kept. Dropping it waits a while until they are written.
#[derive(Debug)]
pub(super) struct AlertsFile {
    worker: Option<Worker<Saved>>,
    failures: Arc<AtomicU64>,
}

impl AlertsFile {
    /// The alerts that a daemon with this inspection socket left, those of which a sweep must confirm that they are so
    /// still; and where the new ones go. Whatever is wrong with the file is said, and is no reason not to run.
    pub(super) fn take_up(socket: &Path, limits: Limits, now_ns: u64) -> (Alerts, Self) {
        let path = beside(socket);
        let boot_id = match boot_id() {
            Ok(boot_id) => boot_id,
            Err(error) => {
                tracing::warn!("alerts are not kept over a restart: {error}");
                return (Alerts::new(limits), Self::nowhere());
            }
        };
        let alerts = match read(&path, &boot_id) {
            Ok(Some(saved)) => Alerts::restored(saved, limits, now_ns),
            Ok(None) => Alerts::new(limits),
            Err(error) => {
                tracing::warn!("alerts begin anew: {error}");
                Alerts::new(limits)
            }
        };
        let found = alerts.all().count();
        if found > 0 {
            tracing::info!("took up {found} alerts of the daemon before");
        }
        let file = Self::start(path, boot_id).unwrap_or_else(|error| {
            tracing::warn!("alerts are not kept over a restart: {error}");
            Self::nowhere()
        });
        (alerts, file)
    }

    /// For alerts that end with their daemon.
    pub(super) fn nowhere() -> Self {
        Self {
            worker: None,
            failures: Arc::default(),
        }
    }

    fn start(path: PathBuf, boot_id: String) -> io::Result<Self> {
        let failures = Arc::<AtomicU64>::default();
        let counted = Arc::clone(&failures);
        let work = move |saved| write_all(&path, &boot_id, saved, &counted);
        // One waits while another is written: what comes then is asked for again.
        let worker = Some(Worker::start("file of alerts", 1, work)?);
        Ok(Self { worker, failures })
    }

    /// Has the alerts written where they changed. It never waits.
    pub(super) fn keep(&self, alerts: &mut Alerts, now_ns: u64) {
        let Some(worker) = &self.worker else {
            return;
        };
        if let Some(saved) = alerts.to_save(now_ns)
            && !worker.give(saved)
        {
            alerts.not_saved();
        }
    }

    /// Waits until they are written, but no longer than to `bound`.
    pub(super) fn end(&mut self, bound: Instant) {
        if let Some(worker) = &mut self.worker {
            worker.end(bound);
        }
    }

    /// How often they could not be written.
    pub(super) fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }
}

/// The file of a daemon with this inspection socket.
fn beside(socket: &Path) -> PathBuf {
    own_file::beside(socket, ".alerts")
}

/// What the kernel calls this boot.
pub(super) fn boot_id() -> Result<String, AlertsFileError> {
    let path = Path::new(BOOT_ID);
    let text = fs::read_to_string(path).map_err(system("cannot read", path))?;
    Ok(text.trim_end().to_owned())
}

/// What a system call on `path` failed with.
fn system(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> AlertsFileError {
    let path = path.to_owned();
    move |source| AlertsFileError::System { what, path, source }
}

/// What was saved on this boot; `None` where nothing was.
fn read(path: &Path, boot_id: &str) -> Result<Option<Saved>, AlertsFileError> {
    let opened = own_file::options().read(true).open(path);
    let file = match opened {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(system("cannot read", path)(error)),
    };
    let found = file.metadata().map_err(system("cannot read", path))?;
    let path = path.to_owned();
    if !own_file::is_ours(&found) {
        return Err(AlertsFileError::NotOurs { path });
    }
    let mut text = Vec::new();
    let read = file.take(MOST_BYTES + 1).read_to_end(&mut text);
    read.map_err(system("cannot read", &path))?;
    if text.len() as u64 > MOST_BYTES {
        return Err(AlertsFileError::TooLong { path });
    }
    match serde_json::from_slice::<Contents>(&text) {
        Ok(contents) if contents.boot_id == boot_id => Ok(Some(contents.saved)),
        Ok(_) => Err(AlertsFileError::OtherBoot { path }),
        Err(source) => Err(AlertsFileError::Broken { path, source }),
    }
}

fn write_all(path: &Path, boot_id: &str, all: Waiting<Saved>, failures: &AtomicU64) {
    let mut failed = false;
    for saved in all {
        let contents = Contents {
            boot_id: boot_id.to_owned(),
            saved,
        };
        let written = write(path, &contents);
        if let Err(error) = &written {
            failures.fetch_add(1, Ordering::Relaxed);
            if !failed {
                tracing::warn!("alerts are not kept over a restart: {error}");
            }
        }
        failed = written.is_err();
    }
}

/// Puts the file in the place of the one before, as a whole.
fn write(path: &Path, contents: &Contents) -> Result<(), AlertsFileError> {
    let text = serde_json::to_vec(contents).map_err(|source| AlertsFileError::Broken {
        path: path.to_owned(),
        source,
    })?;
    let new = own_file::beside(path, ".new");
    let failed = || system("cannot write", &new);
    match fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed()(error)),
        _ => {}
    }
    let mut file = own_file::options()
        .write(true)
        .create_new(true)
        .open(&new)
        .map_err(failed())?;
    file.write_all(&text).map_err(failed())?;
    fs::rename(&new, path).map_err(system("cannot replace", path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::tests::blackholed;
    use monitor_judge::Verdict;
    use monitor_model::alert::Alert;
    use std::fs::Permissions;
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    const SECOND: u64 = 1_000_000_000;

    struct Place(tempfile::TempDir);

    impl Place {
        fn new() -> Self {
            Self(tempfile::tempdir().unwrap())
        }

        fn socket(&self) -> PathBuf {
            self.0.path().join("tcplull.sock")
        }

        fn file(&self) -> PathBuf {
            beside(&self.socket())
        }

        /// A daemon's alerts and their file.
        fn starts(&self) -> (Alerts, AlertsFile) {
            AlertsFile::take_up(&self.socket(), Limits::default(), 50 * SECOND)
        }

        /// A daemon starts, pages, and is gone.
        fn pages(&self) -> Vec<Alert> {
            let (mut alerts, file) = self.starts();
            let found = Verdict::Finding(Box::new(blackholed()));
            alerts.apply(&found, 20 * SECOND);
            alerts.tick(40 * SECOND);
            file.keep(&mut alerts, 40 * SECOND);
            drop(file);
            alerts.all().collect()
        }

        fn brings_back(&self) -> usize {
            self.starts().0.all().count()
        }
    }

    #[test]
    fn alerts_come_back_as_they_were_and_only_their_owner_can_read_them() {
        let place = Place::new();
        let before = place.pages();
        assert_eq!(before.len(), 1);
        let mode = fs::metadata(place.file()).unwrap().mode();
        assert_eq!(mode & 0o777, 0o600);
        let (alerts, _file) = place.starts();
        assert_eq!(alerts.all().collect::<Vec<_>>(), before);
        let left = fs::read_dir(place.0.path()).unwrap();
        assert_eq!(left.count(), 1, "nothing else is left behind");
    }

    #[test]
    fn nothing_is_written_where_nothing_changed() {
        let place = Place::new();
        let (mut alerts, file) = place.starts();
        file.keep(&mut alerts, SECOND);
        drop(file);
        assert!(!place.file().exists());
    }

    #[test]
    fn what_is_broken_cut_or_of_another_boot_is_left_aside() {
        let place = Place::new();
        place.pages();
        let whole = fs::read_to_string(place.file()).unwrap();
        let other_boot = whole.replace(&boot_id().unwrap(), "another");
        let cut = &whole[..whole.len() / 2];
        for text in [cut, "", "null", "[]", "{}", "\0", &other_boot] {
            fs::write(place.file(), text).unwrap();
            assert_eq!(place.brings_back(), 0, "{text:?}");
            assert!(read(&place.file(), &boot_id().unwrap()).is_err());
        }
        fs::write(place.file(), whole).unwrap();
        assert_eq!(place.brings_back(), 1);
    }

    #[test]
    fn what_others_can_write_or_read_is_left_aside() {
        let place = Place::new();
        place.pages();
        fs::set_permissions(place.file(), Permissions::from_mode(0o644)).unwrap();
        let refused = read(&place.file(), &boot_id().unwrap());
        assert!(matches!(refused, Err(AlertsFileError::NotOurs { .. })));
        fs::set_permissions(place.file(), Permissions::from_mode(0o600)).unwrap();
        let real = place.0.path().join("real");
        fs::rename(place.file(), &real).unwrap();
        symlink(&real, place.file()).unwrap();
        assert_eq!(place.brings_back(), 0, "no link is followed");
        fs::remove_file(place.file()).unwrap();
        fs::create_dir(place.file()).unwrap();
        assert_eq!(place.brings_back(), 0);
    }

    #[test]
    fn a_file_without_end_is_not_read_to_the_end() {
        let place = Place::new();
        let file = fs::File::create(place.file()).unwrap();
        file.set_len(MOST_BYTES + 1).unwrap();
        fs::set_permissions(place.file(), Permissions::from_mode(0o600)).unwrap();
        let refused = read(&place.file(), &boot_id().unwrap());
        assert!(matches!(refused, Err(AlertsFileError::TooLong { .. })));
    }

    #[test]
    fn a_place_that_takes_nothing_is_counted_and_ends_nothing() {
        let place = Place::new();
        fs::create_dir(own_file::beside(&place.file(), ".new")).unwrap();
        let (mut alerts, file) = place.starts();
        let found = Verdict::Finding(Box::new(blackholed()));
        alerts.apply(&found, 20 * SECOND);
        file.keep(&mut alerts, 40 * SECOND);
        let failures = Arc::clone(&file.failures);
        drop(file);
        assert_eq!(failures.load(Ordering::Relaxed), 1);
    }
}
