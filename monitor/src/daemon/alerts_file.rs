//! The alerts in a [file beside the inspection socket](super::boot_file), so that a daemon that was killed takes them up again.
//! It is written on a thread of its own, and only where something changed.

use super::boot_file::BootFile;
use crate::worker::{Waiting, Worker};
use monitor_judge::alerts::{Alerts, Limits, Saved};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// What its name ends in.
const ENDING: &str = ".alerts";

/// The most bytes that are read: four times what a daemon writes.
const MOST_BYTES: u64 = 4 << 20;

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
        let file = match BootFile::beside(socket, ENDING, MOST_BYTES) {
            Ok(file) => file,
            Err(error) => {
                tracing::warn!("alerts are not kept over a restart: {error}");
                return (Alerts::new(limits), Self::nowhere());
            }
        };
        let alerts = match file.read() {
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
        let file = Self::start(file).unwrap_or_else(|error| {
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

    fn start(file: BootFile) -> io::Result<Self> {
        let failures = Arc::<AtomicU64>::default();
        let counted = Arc::clone(&failures);
        let work = move |saved| write_all(&file, saved, &counted);
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

fn write_all(file: &BootFile, all: Waiting<Saved>, failures: &AtomicU64) {
    let mut failed = false;
    for saved in all {
        let written = file.write(saved);
        if let Err(error) = &written {
            failures.fetch_add(1, Ordering::Relaxed);
            if !failed {
                tracing::warn!("alerts are not kept over a restart: {error}");
            }
        }
        failed = written.is_err();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::own_file;
    use crate::text::tests::blackholed;
    use monitor_judge::Verdict;
    use monitor_model::alert::Alert;
    use std::fs;
    use std::path::PathBuf;

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
            own_file::beside(&self.socket(), ENDING)
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
    fn alerts_come_back_as_they_were() {
        let place = Place::new();
        let before = place.pages();
        assert_eq!(before.len(), 1);
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
    fn what_is_broken_begins_anew() {
        let place = Place::new();
        place.pages();
        let whole = fs::read_to_string(place.file()).unwrap();
        for text in [&whole[..whole.len() / 2], "", "{}"] {
            fs::write(place.file(), text).unwrap();
            assert_eq!(place.brings_back(), 0, "{text:?}");
        }
        fs::write(place.file(), whole).unwrap();
        assert_eq!(place.brings_back(), 1);
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
