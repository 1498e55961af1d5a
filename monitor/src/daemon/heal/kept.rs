//! What sockets had before they were healed, in a [file beside the inspection socket](crate::daemon::boot_file), so that the daemon
//! after one that was killed can give it back. It is noted before anything is set: a socket that was given something without
//! a note would keep it. The file is written on a thread of its own, for a disk may hang.

use super::socket::Ours;
use crate::daemon::boot_file::BootFile;
use crate::worker::{Waiting, Worker};
use monitor_heal::{OnStop, Timers};
use monitor_model::format::printable;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::Duration;

/// What its name ends in.
const ENDING: &str = ".healed";

/// The most bytes that are read: twice what a daemon writes.
const MOST_BYTES: u64 = 16 << 20;

/// How long it is waited until what will be set is noted.
const PATIENCE: Duration = Duration::from_secs(2);

/// SO_KEEPALIVE as 0 or 1, TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT, TCP_USER_TIMEOUT; in the units of [`Timers`].
type Values = [u32; 5];

/// One socket, as it is noted.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Noted {
    cookie: u64,
    netns: u32,
    pid: u32,
    path: String,
    id: String,
    before: Values,
    now: Values,
    keep: bool,
}

/// What is to be written, and who waits for it.
struct Write {
    all: Vec<Noted>,
    /// Told whether it is written.
    done: SyncSender<bool>,
}

/// Where it is noted.
#[derive(Default)]
pub(super) struct Kept {
    worker: Option<Worker<Write>>,
    failures: u64,
    said: bool,
}

impl Noted {
    /// The socket with this cookie, which has or will have the timers `now`.
    pub(super) fn new(cookie: u64, ours: &Ours, now: &Timers) -> Self {
        Self {
            cookie,
            netns: ours.netns,
            pid: ours.pid,
            path: ours.path.clone(),
            id: ours.id.clone(),
            before: values(&ours.before),
            now: values(now),
            keep: ours.on_stop == OnStop::Keep,
        }
    }

    fn ours(self) -> (u64, Ours) {
        let ours = Ours {
            path: printable(&self.path),
            id: printable(&self.id),
            netns: self.netns,
            pid: self.pid,
            before: timers(self.before),
            now: timers(self.now),
            on_stop: match self.keep {
                true => OnStop::Keep,
                false => OnStop::Undo,
            },
            taken_up: true,
            not_found: 0,
        };
        (self.cookie, ours)
    }
}

impl Kept {
    /// What a daemon with this inspection socket left set, `most` sockets at the most, and where more is noted. Whatever is wrong
    /// with the file is said, and is no reason not to heal.
    pub(super) fn take_up(socket: &Path, most: usize) -> (HashMap<u64, Ours>, Self) {
        let file = match BootFile::beside(socket, ENDING, MOST_BYTES) {
            Ok(file) => file,
            Err(error) => {
                tracing::warn!("heal: what sockets had is not noted: {error}");
                return Default::default();
            }
        };
        let noted: Vec<Noted> = match file.read() {
            Ok(noted) => noted.unwrap_or_default(),
            Err(error) => {
                tracing::warn!("heal: what the daemon before has set is not taken up: {error}");
                Vec::new()
            }
        };
        let ours = noted.into_iter().take(most).map(Noted::ours).collect();
        (ours, Self::start(file))
    }

    fn start(file: BootFile) -> Self {
        let worker = Worker::start("file of healed sockets", 1, move |all| write(&file, all));
        let mut kept = Self::default();
        match worker {
            Ok(worker) => kept.worker = Some(worker),
            Err(error) => kept.failed(&error),
        }
        kept
    }

    /// Notes that these sockets, and no others, have or will have what they are said to have. It waits until that is written,
    /// but no longer than [`PATIENCE`].
    pub(super) fn note(&mut self, all: Vec<Noted>) {
        let Some(worker) = &self.worker else {
            return;
        };
        let (done, written) = sync_channel(1);
        let given = worker.give(Write { all, done });
        match given.then(|| written.recv_timeout(PATIENCE)) {
            Some(Ok(true)) => self.said = false,
            // Why, the thread has said.
            Some(Ok(false)) => {
                self.failures += 1;
                self.said = true;
            }
            Some(Err(_)) | None => self.failed(&io::Error::from(io::ErrorKind::TimedOut)),
        }
    }

    fn failed(&mut self, error: &io::Error) {
        self.failures += 1;
        if !self.said {
            tracing::warn!("heal: what sockets had is not noted: {error}");
        }
        self.said = true;
    }

    /// How often it could not be noted.
    pub(super) fn failures(&self) -> u64 {
        self.failures
    }
}

fn write(file: &BootFile, all: Waiting<Write>) {
    let mut failed = false;
    for Write { all, done } in all {
        let written = match all.is_empty() {
            true => file.remove(),
            false => file.write(all),
        };
        if let Err(error) = &written
            && !failed
        {
            tracing::warn!("heal: what sockets had is not noted: {error}");
        }
        failed = written.is_err();
        // Who asked may have given up.
        let _ = done.send(!failed);
    }
}

fn values(timers: &Timers) -> Values {
    [
        u32::from(timers.keepalive),
        timers.time_s,
        timers.interval_s,
        timers.probes,
        timers.user_timeout_ms,
    ]
}

fn timers([keepalive, time_s, interval_s, probes, user_timeout_ms]: Values) -> Timers {
    Timers {
        keepalive: keepalive != 0,
        time_s,
        interval_s,
        probes,
        user_timeout_ms,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::path::PathBuf;

    const MOST: usize = 3;

    fn before() -> Timers {
        timers([0, 7200, 75, 9, 0])
    }

    fn now() -> Timers {
        timers([1, 120, 15, 9, 255_000])
    }

    fn ours(path: &str) -> Ours {
        Ours {
            path: path.to_owned(),
            id: "1-2-3".to_owned(),
            netns: 7,
            pid: 8,
            before: before(),
            now: before(),
            on_stop: OnStop::Keep,
            taken_up: false,
            not_found: 0,
        }
    }

    struct Place(tempfile::TempDir);

    impl Place {
        fn new() -> Self {
            Self(tempfile::tempdir().unwrap())
        }

        fn takes_up(&self) -> (HashMap<u64, Ours>, Kept) {
            Kept::take_up(&self.0.path().join("tcplull.sock"), MOST)
        }

        fn file(&self) -> PathBuf {
            self.0.path().join("tcplull.sock.healed")
        }
    }

    #[test]
    fn what_is_noted_is_there_at_once_and_taken_up_as_it_was() {
        let place = Place::new();
        let (none, mut kept) = place.takes_up();
        assert!(none.is_empty());
        kept.note(vec![Noted::new(5, &ours("nat"), &now())]);
        assert!(place.file().exists(), "before anything is set");
        let (found, _) = place.takes_up();
        let found = &found[&5];
        assert_eq!((found.before, found.now), (before(), now()));
        assert_eq!((&*found.path, &*found.id), ("nat", "1-2-3"));
        assert_eq!((found.netns, found.pid), (7, 8));
        assert!(found.on_stop == OnStop::Keep && found.taken_up);
        kept.note(Vec::new());
        assert!(
            !place.file().exists(),
            "nothing is left where nothing is set"
        );
        assert_eq!(kept.failures(), 0);
    }

    #[test]
    fn no_more_are_taken_up_than_there_is_room_for_and_none_reaches_a_screen_raw() {
        let place = Place::new();
        let (_, mut kept) = place.takes_up();
        let noted = (0..5).map(|cookie| Noted::new(cookie, &ours("a\u{1b}[2J\u{202e}"), &now()));
        kept.note(noted.collect());
        let (found, _) = place.takes_up();
        assert_eq!(found.len(), MOST);
        let raw = |path: &str| path.contains(['\u{1b}', '\u{202e}']);
        assert!(found.values().all(|ours| !raw(&ours.path)));
    }

    #[test]
    fn a_file_that_is_broken_or_a_place_that_takes_nothing_is_no_end() {
        let place = Place::new();
        for text in ["", "{}", "null", "[1]", "{\"boot_id\":\"x\",\"saved\":[]}"] {
            fs::write(place.file(), text).unwrap();
            assert!(place.takes_up().0.is_empty(), "{text:?}");
        }
        fs::create_dir(place.0.path().join("tcplull.sock.healed.new")).unwrap();
        let (_, mut kept) = place.takes_up();
        for failures in 1..3 {
            kept.note(vec![Noted::new(5, &ours("nat"), &now())]);
            assert_eq!(kept.failures(), failures);
        }
    }
}
