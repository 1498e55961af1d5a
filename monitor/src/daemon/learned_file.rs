//! What was learned of timeouts, kept in the folder of the history so that the next daemon begins with it, also after a boot. It
//! is read and written on a thread of its own: a disk may hang. It is written at once where it changes, and then no sooner
//! than a minute later; a daemon that is killed loses what it has learned in that minute.

use crate::worker::{Waiting, Worker};
use monitor_judge::{Judge, LearnedBefore};
use monitor_store::{Settings, State};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

/// From one writing to the next, at least.
const PAUSE: Duration = Duration::from_secs(60);

/// How long the start waits for the disk.
const PATIENCE: Duration = Duration::from_secs(2);

/// What went wrong, as it is counted.
#[derive(Debug, Default)]
struct Counts {
    /// Lines that were left out: damaged, or not understood. 1 for a file that cannot be read.
    unread: AtomicU64,
    not_saved: AtomicU64,
}

/// Where what was learned is kept. Dropping it waits a while until it is written.
#[derive(Debug, Default)]
pub(super) struct LearnedFile {
    worker: Option<Worker<Vec<LearnedBefore>>>,
    counts: Arc<Counts>,
    /// [`Judge::learned_changes`] of what was written last, and when.
    changes: u64,
    written: Option<Instant>,
}

impl LearnedFile {
    /// What an earlier daemon has learned, and where more goes. Whatever is wrong with the file is said and counted, and is no
    /// reason not to run.
    pub(super) fn take_up(history: Option<&Settings>) -> (Vec<LearnedBefore>, Self) {
        let Some(settings) = history else {
            return Default::default();
        };
        Self::start(State::learned(&settings.dir)).unwrap_or_else(|error| {
            tracing::warn!("what is learned of timeouts is not kept: {error}");
            Default::default()
        })
    }

    fn start(state: State) -> io::Result<(Vec<LearnedBefore>, Self)> {
        let counts = Arc::<Counts>::default();
        let counted = Arc::clone(&counts);
        let (found, taken) = sync_channel(1);
        let work = move |all| read_and_write(state, &found, all, &counted);
        // One waits while another is written: what comes then is asked for again.
        let worker = Some(Worker::start("what was learned", 1, work)?);
        let file = Self {
            worker,
            counts,
            ..Self::default()
        };
        match taken.recv_timeout(PATIENCE) {
            Ok(before) => Ok((before, file)),
            // What is there is not overwritten by less.
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => Err(io::Error::new(
                io::ErrorKind::TimedOut,
                "its file is not read in time",
            )),
        }
    }

    /// Has it written where something was learned since. It never waits.
    pub(super) fn keep(&mut self, judge: &Judge) {
        let rests = self.written.is_some_and(|at| at.elapsed() < PAUSE);
        if !rests {
            self.keep_now(judge);
        }
    }

    /// The same, however short ago that was last.
    pub(super) fn keep_now(&mut self, judge: &Judge) {
        let changes = judge.learned_changes();
        let Some(worker) = self.worker.as_ref().filter(|_| changes != self.changes) else {
            return;
        };
        if worker.give(judge.learned_to_keep()) {
            self.changes = changes;
            self.written = Some(Instant::now());
        }
    }

    /// What was taken up is known to be in the file.
    pub(super) fn is_kept(&mut self, judge: &Judge) {
        self.changes = judge.learned_changes();
    }

    /// Waits until it is written, but no longer than to `bound`.
    pub(super) fn end(&mut self, bound: Instant) {
        if let Some(worker) = &mut self.worker {
            worker.end(bound);
        }
    }

    /// How many parts of it could not be read.
    pub(super) fn unread(&self) -> u64 {
        self.counts.unread.load(Ordering::Relaxed)
    }

    /// How often it could not be written.
    pub(super) fn not_saved(&self) -> u64 {
        self.counts.not_saved.load(Ordering::Relaxed)
    }
}

fn read_and_write(
    mut state: State,
    found: &SyncSender<Vec<LearnedBefore>>,
    all: Waiting<Vec<LearnedBefore>>,
    counts: &Counts,
) {
    // Who started it may have given up.
    let _ = found.send(read(&state, counts));
    let mut failed = false;
    for learned in all {
        let lines = learned.iter().filter_map(LearnedBefore::to_line);
        let written = state.write(lines);
        if let Err(error) = &written {
            counts.not_saved.fetch_add(1, Ordering::Relaxed);
            if !failed {
                tracing::warn!("what is learned of timeouts is not kept: {error}");
            }
        }
        failed = written.is_err();
    }
}

fn read(state: &State, counts: &Counts) -> Vec<LearnedBefore> {
    let read = match state.read() {
        Ok(read) => read,
        Err(error) => {
            counts.unread.fetch_add(1, Ordering::Relaxed);
            tracing::warn!("what was learned of timeouts is not taken up: {error}");
            return Vec::new();
        }
    };
    let all = read.lines.len() as u64 + read.damaged;
    let lines = read.lines.iter();
    let before: Vec<LearnedBefore> = lines
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    let unread = all - before.len() as u64;
    counts.unread.fetch_add(unread, Ordering::Relaxed);
    if unread > 0 {
        tracing::warn!(
            "of what was learned of timeouts {unread} of {all} parts are damaged, and left out"
        );
    }
    before
}
