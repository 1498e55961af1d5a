//! Findings on their way to standard output. A reader that blocks must not hold
//! up the facts, so writing has a thread of its own behind a bounded queue.

use crate::surfaces::log::LogFormat;
use monitor_model::finding::Finding;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

/// Findings that wait to be written, at most.
const QUEUE: usize = 4096;

/// Takes findings for the log.
#[derive(Debug)]
pub(super) struct Log {
    queue: SyncSender<Box<Finding>>,
    dropped: Arc<AtomicU64>,
}

impl Log {
    /// Queues a finding, or counts it as dropped where the queue is full.
    pub(super) fn write(&self, finding: Box<Finding>) {
        if self.queue.try_send(finding).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Findings that never reached the log.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

/// The thread that writes.
pub(super) struct LogWriter(JoinHandle<()>);

impl LogWriter {
    pub(super) fn start(format: LogFormat) -> io::Result<(Log, Self)> {
        let (queue, findings) = sync_channel(QUEUE);
        let dropped = Arc::default();
        let log = Log {
            queue,
            dropped: Arc::clone(&dropped),
        };
        let thread = std::thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || write_all(format, &findings, &dropped))?;
        Ok((log, Self(thread)))
    }

    /// Waits for what is queued. The [`Log`] must be gone.
    pub(super) fn finish(self) {
        if self.0.join().is_err() {
            tracing::warn!("the log ended badly");
        }
    }
}

fn write_all(format: LogFormat, findings: &Receiver<Box<Finding>>, dropped: &AtomicU64) {
    for finding in findings {
        // A closed log does not end the daemon: metrics and alerts go on.
        if format.write(&mut io::stdout().lock(), &finding).is_err() {
            dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}
