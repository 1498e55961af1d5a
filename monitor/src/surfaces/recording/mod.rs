//! Writes down what the judge is told. The daemon only puts a copy into a bounded
//! queue: a disk that is slow, full or gone costs the recording, never the daemon.

#[cfg(test)]
mod tests;

use crate::worker::{Waiting, Worker};
use monitor_judge::recording::{EndReason, Entry, Header, Over, Writer};
use monitor_judge::{Input, JudgedPath, Limits};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

/// A recording stops at this size unless another is asked for, in MiB: some hours
/// of a host with a few hundred connections, and no disk's end.
pub const DEFAULT_MAX_MIB: u32 = 1024;

/// Inputs that wait to be written, at most: a sweep hands over all its rows at
/// once. The queue itself takes some 3 MB; full of facts, 45 MB.
const QUEUE: usize = 65_536;

/// Addresses and names of processes are nobody else's business.
const MODE: u32 = 0o600;

/// Where a recording goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The file, which must not be there yet.
    pub path: PathBuf,
    /// The size in bytes at which it stops.
    pub max_bytes: u64,
}

/// Why there is no recording.
#[derive(Debug, thiserror::Error)]
pub enum RecorderError {
    /// A file of that name is there: it may be what somebody waits for.
    #[error("cannot record to {path}: the file exists; remove it, or name another", path = path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be made, or takes nothing.
    #[error("cannot record to {path}: {source}", path = path.display())]
    Create {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: io::Error,
    },
}

/// What the recorder and its thread both know.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    /// Inputs that the recording lacks.
    pub(crate) dropped: AtomicU64,
    /// Nothing more is written.
    over: AtomicBool,
    /// Inputs lost since the queue last had room, as the recorder knows it when it ends.
    last_gap: AtomicU64,
}

/// Takes down what the judge is told. Dropping it ends the recording and waits
/// a while until it is written.
#[derive(Debug)]
pub struct Recorder {
    worker: Worker<Entry>,
    pub(crate) shared: Arc<Shared>,
    /// Inputs lost since the queue last had room, which the recording is to say.
    gap: u64,
}

impl Recorder {
    /// Makes the file, writes the header and starts the thread. A judge of `limits`
    /// and `paths` must be told of nothing yet.
    ///
    /// # Errors
    /// If the file is there already, cannot be made, or does not take the header.
    pub fn start(
        target: &Target,
        limits: Limits,
        paths: &[JudgedPath],
    ) -> Result<Self, RecorderError> {
        let path = &target.path;
        let failed = |source| RecorderError::Create {
            path: path.clone(),
            source,
        };
        let file = create(path).map_err(|source| match source.kind() {
            io::ErrorKind::AlreadyExists => RecorderError::Exists { path: path.clone() },
            _ => failed(source),
        })?;
        let mut writer = Writer::new(file, target.max_bytes);
        let begun = writer.write(&Header::new(limits, paths));
        if let Err(over) = begun.and_then(|()| writer.flush()) {
            // What was just made holds nothing. If it cannot go, it stays, empty.
            let _ = fs::remove_file(path);
            return Err(failed(match over {
                Over::Failed(source, _) => source,
                Over::SizeLimit => io::Error::other("its size limit is too small for a header"),
            }));
        }
        Self::over(writer, path.display().to_string(), QUEUE).map_err(failed)
    }

    /// Starts the thread that writes to `writer`, which already has its header.
    pub(crate) fn over<W: Write + Send + 'static>(
        writer: Writer<W>,
        name: String,
        capacity: usize,
    ) -> io::Result<Self> {
        let shared = Arc::<Shared>::default();
        let known = Arc::clone(&shared);
        let work = move |entries| write_all(writer, &name, entries, &known);
        Ok(Self {
            worker: Worker::start("recording", capacity, work)?,
            shared,
            gap: 0,
        })
    }

    /// Takes down one input. It never waits.
    pub fn take(&mut self, input: &Input<'_>) {
        let taken = !self.shared.over.load(Ordering::Relaxed) && self.send(input);
        if !taken {
            self.gap += 1;
            self.shared.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Inputs that the recording lacks: the queue or the disk was full, or it has
    /// reached its size.
    pub fn dropped(&self) -> u64 {
        self.shared.dropped.load(Ordering::Relaxed)
    }

    fn send(&mut self, input: &Input<'_>) -> bool {
        if self.gap > 0 {
            if !self.worker.give(Entry::Lost { inputs: self.gap }) {
                return false;
            }
            self.gap = 0;
        }
        self.worker.give(Entry::of(input))
    }

    /// Nothing more comes: the thread writes the end below what is queued.
    pub fn close(&mut self) {
        self.shared.last_gap.store(self.gap, Ordering::Release);
        self.worker.close();
    }

    /// Ends the recording, and waits until it is written, but no longer than to `bound`.
    pub fn end(&mut self, bound: Instant) {
        self.close();
        self.worker.end(bound);
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.close();
    }
}

fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(MODE)
        .open(path)
}

fn write_all<W: Write>(
    mut writer: Writer<W>,
    name: &str,
    mut entries: Waiting<Entry>,
    shared: &Shared,
) {
    let Err(over) = write_until_over(&mut writer, &mut entries, shared) else {
        return;
    };
    shared.over.store(true, Ordering::Relaxed);
    let lost = match over {
        Over::SizeLimit => {
            tracing::warn!("the recording {name} has reached its size and stops");
            1
        }
        Over::Failed(error, lines) => {
            tracing::warn!("the recording {name} stops: {error}");
            lines
        }
    };
    shared.dropped.fetch_add(lost, Ordering::Relaxed);
    // What was on its way.
    for entry in entries {
        let lost = u64::from(entry.input().is_some());
        shared.dropped.fetch_add(lost, Ordering::Relaxed);
    }
}

fn write_until_over<W: Write>(
    writer: &mut Writer<W>,
    entries: &mut Waiting<Entry>,
    shared: &Shared,
) -> Result<(), Over> {
    while let Some(first) = entries.next() {
        writer.write(&first)?;
        while let Some(entry) = entries.next_at_hand() {
            writer.write(&entry)?;
        }
        // Whoever is killed now leaves all that it knew.
        writer.flush()?;
    }
    match shared.last_gap.load(Ordering::Acquire) {
        0 => {}
        inputs => writer.write(&Entry::Lost { inputs })?,
    }
    writer.end(EndReason::Stopped)
}
