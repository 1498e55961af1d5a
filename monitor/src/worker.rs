//! A thread behind a bounded queue, for what may have to wait for others: a reader, a disk. Nobody waits for the thread
//! without a bound, not even the end of the process.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long the end of the daemon waits for what is queued. A reader that reads takes a full queue in milliseconds; one
/// that does not may never come back, and systemd kills after 90 s.
pub(crate) const LAST_WORDS: Duration = Duration::from_secs(2);

/// The one that gives work to the thread. Dropping it waits until the work is done, for [`LAST_WORDS`] at the most.
#[derive(Debug)]
pub(crate) struct Worker<T> {
    name: &'static str,
    queue: Option<SyncSender<T>>,
    left: Arc<AtomicU64>,
    /// What it will do, until it begins.
    held: Held,
    thread: Option<JoinHandle<()>>,
    /// Its other half goes when the thread has done all.
    done: Receiver<()>,
}

/// The work of a thread that has not begun.
struct Held(Option<Box<dyn FnOnce() + Send>>);

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Held").field(&self.0.is_some()).finish()
    }
}

/// What waits for the thread, in its order; over when nothing more comes.
#[derive(Debug)]
pub(crate) struct Waiting<T> {
    queue: Receiver<T>,
    left: Arc<AtomicU64>,
    /// What was handed out last is still being worked on.
    in_hand: bool,
}

impl<T: Send + 'static> Worker<T> {
    /// Starts the thread of this name; at most `most` wait for it.
    ///
    /// # Errors
    /// The system gives no thread.
    pub(crate) fn start(
        name: &'static str,
        most: usize,
        work: impl FnOnce(Waiting<T>) + Send + 'static,
    ) -> io::Result<Self> {
        let mut held = Self::held(name, most, work);
        held.begin()?;
        Ok(held)
    }

    /// The same, without its thread: what is given to it waits until it is told to [begin](Self::begin), or to end.
    pub(crate) fn held(
        name: &'static str,
        most: usize,
        work: impl FnOnce(Waiting<T>) + Send + 'static,
    ) -> Self {
        let (queue, taken) = sync_channel(most);
        let (at_work, done) = sync_channel::<()>(0);
        let left = Arc::<AtomicU64>::default();
        let waiting = Waiting {
            queue: taken,
            left: Arc::clone(&left),
            in_hand: false,
        };
        let work = move || {
            // Until the thread ends, also by a panic.
            let _at_work = at_work;
            work(waiting);
        };
        Self {
            name,
            queue: Some(queue),
            left,
            held: Held(Some(Box::new(work))),
            thread: None,
            done,
        }
    }
}

impl<T> Worker<T> {
    /// Starts the thread, if it is held.
    ///
    /// # Errors
    /// The system gives no thread.
    pub(crate) fn begin(&mut self) -> io::Result<()> {
        if let Some(work) = self.held.0.take() {
            let thread = std::thread::Builder::new().name(self.name.to_owned());
            self.thread = Some(thread.spawn(work)?);
        }
        Ok(())
    }

    /// Its name.
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// Queues one, or answers that there is no room. It never waits.
    pub(crate) fn give(&self, one: T) -> bool {
        let Some(queue) = &self.queue else {
            return false;
        };
        // Before it is there to be taken: the count never goes below nothing.
        self.left.fetch_add(1, Ordering::Relaxed);
        let given = queue.try_send(one).is_ok();
        if !given {
            self.left.fetch_sub(1, Ordering::Relaxed);
        }
        given
    }

    /// Nothing more comes: the thread ends when it is through with what waits.
    pub(crate) fn close(&mut self) {
        drop(self.queue.take());
    }

    /// Closes, and waits until the thread has ended, or until `bound`; then it is left to the end of the process.
    /// Answers how many were not done by then. Asked again, it waits no more.
    pub(crate) fn end(&mut self, bound: Instant) -> u64 {
        self.close();
        if let Err(error) = self.begin() {
            tracing::warn!("the {} has no thread: {error}", self.name);
        }
        let Some(thread) = self.thread.take() else {
            return self.left.load(Ordering::Relaxed);
        };
        let wait = bound.saturating_duration_since(Instant::now());
        if self.done.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
            let left = self.left.load(Ordering::Relaxed);
            tracing::warn!(
                "the {} is stuck, and {left} that wait for it are lost: whoever reads it does not, or a disk hangs",
                self.name
            );
            return left;
        }
        if thread.join().is_err() {
            tracing::warn!("the {} ended badly", self.name);
        }
        self.left.load(Ordering::Relaxed)
    }
}

impl<T> Drop for Worker<T> {
    fn drop(&mut self) {
        self.end(Instant::now() + LAST_WORDS);
    }
}

impl<T> Waiting<T> {
    /// The next one, if it is there already.
    pub(crate) fn next_at_hand(&mut self) -> Option<T> {
        self.put_down();
        let next = self.queue.try_recv().ok();
        self.in_hand = next.is_some();
        next
    }

    fn put_down(&mut self) {
        if std::mem::take(&mut self.in_hand) {
            self.left.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl<T> Iterator for Waiting<T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.put_down();
        let next = self.queue.recv().ok();
        self.in_hand = next.is_some();
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    #[test]
    fn what_waits_at_the_end_is_done_in_its_order() {
        let (done, seen) = channel();
        let mut worker = Worker::start("test", 8, move |waiting| {
            for one in waiting {
                done.send(one).unwrap();
            }
        })
        .unwrap();
        for one in 0..8 {
            assert!(worker.give(one));
        }
        assert_eq!(worker.end(Instant::now() + Duration::from_secs(60)), 0);
        assert_eq!(
            seen.iter().collect::<Vec<_>>(),
            (0..8).collect::<Vec<i32>>()
        );
    }

    #[test]
    fn what_is_given_before_it_begins_waits_and_is_done_at_the_end_at_last() {
        let (done, seen) = channel();
        let mut worker = Worker::held("test", 8, move |waiting| {
            for one in waiting {
                done.send(one).unwrap();
            }
        });
        assert!(worker.give(1));
        assert!(seen.try_recv().is_err());
        assert_eq!(worker.end(Instant::now() + Duration::from_secs(60)), 0);
        assert_eq!(seen.iter().collect::<Vec<_>>(), [1]);
    }

    #[test]
    fn a_thread_that_is_stuck_is_not_waited_for_beyond_the_bound_and_what_it_left_is_told() {
        let (let_go, stuck) = channel::<()>();
        let mut worker = Worker::start("test", 4, move |waiting| {
            for _ in waiting {
                let _ = stuck.recv();
            }
        })
        .unwrap();
        let given = (0..10).filter(|one| worker.give(*one)).count() as u64;
        // Four wait, and the thread may hold one.
        assert!((4..=5).contains(&given), "{given}");
        let begun = Instant::now();
        let bound = Duration::from_millis(50);
        assert_eq!(worker.end(begun + bound), given);
        assert_eq!(worker.end(begun + bound * 1_000), given, "waited again");
        drop(worker);
        let took = begun.elapsed();
        assert!(took >= bound && took < bound * 20, "{took:?}");
        drop(let_go);
    }

    #[test]
    fn after_the_end_nothing_is_taken() {
        let mut worker = Worker::start("test", 4, |waiting| waiting.for_each(drop)).unwrap();
        worker.end(Instant::now() + Duration::from_secs(60));
        assert!(!worker.give(1));
    }

    #[test]
    fn a_thread_that_panics_has_ended() {
        let mut worker = Worker::start("test", 4, |waiting: Waiting<i32>| {
            drop(waiting);
            std::panic::resume_unwind(Box::new("as asked"));
        })
        .unwrap();
        let begun = Instant::now();
        worker.end(begun + Duration::from_secs(60));
        assert!(begun.elapsed() < Duration::from_secs(30));
    }
}
