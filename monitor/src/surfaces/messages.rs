//! What the daemon says of itself, on standard error. Whoever reads that may stop reading: then lines are left out and
//! counted, and nothing waits.

use crate::rate::{ALWAYS, Rate};
use crate::text;
use crate::worker::{Waiting, Worker};
use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use tracing::Metadata;
use tracing_subscriber::fmt::MakeWriter;

/// Lines that wait to be written, at most: some 800 KB.
const QUEUE: usize = 4096;

/// Lines a second before the configuration is read: the daemon says a dozen at its start.
const AT_START: u32 = 50;

/// Takes lines from anywhere, and writes them on a thread of its own. All clones are the same.
#[derive(Clone, Debug)]
pub struct Messages {
    /// None once it has ended. Held for as long as a line takes to be queued.
    worker: Arc<Mutex<Option<Worker<String>>>>,
    dropped: Arc<AtomicU64>,
    rate: Arc<Mutex<Rate>>,
}

/// Takes one line.
#[derive(Debug)]
pub struct Line {
    messages: Messages,
    always: bool,
}

impl Messages {
    /// Starts the thread that writes to `out`.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn start(out: impl Write + Send + 'static) -> io::Result<Self> {
        let messages = Self::held(out);
        messages.begin()?;
        Ok(messages)
    }

    /// The same without its thread: lines wait until it is told to [begin](Self::begin), or to [end](Self::end).
    pub fn held(out: impl Write + Send + 'static) -> Self {
        Self::with_capacity(QUEUE, out)
    }

    /// Starts the thread, if it is held.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn begin(&self) -> io::Result<()> {
        self.lock().as_mut().map_or(Ok(()), Worker::begin)
    }

    fn with_capacity(queue: usize, mut out: impl Write + Send + 'static) -> Self {
        let dropped = Arc::<AtomicU64>::default();
        let counted = Arc::clone(&dropped);
        let worker = Worker::held("messages", queue, move |lines: Waiting<String>| {
            let mut told = 0;
            for line in lines {
                if write(&mut out, &line).is_err() {
                    counted.fetch_add(1, Ordering::Relaxed);
                    continue;
                }
                let dropped = counted.load(Ordering::Relaxed);
                if dropped > told {
                    tracing::warn!("{} lines are left out here: nobody read", dropped - told);
                    told = dropped;
                }
            }
        });
        Self {
            worker: Arc::new(Mutex::new(Some(worker))),
            dropped,
            rate: Arc::new(Mutex::new(Rate::new(AT_START, Instant::now()))),
        }
    }

    /// Bounds them to so many lines a second.
    pub fn limit(&self, per_second: u32) {
        self.rate().set(per_second);
    }

    /// Lines beyond that rate.
    pub fn left_out(&self) -> u64 {
        self.rate().left_out()
    }

    /// Says now and then how many lines are left out.
    pub fn tell_left_out(&self) {
        let untold = self.rate().untold(Instant::now());
        self.say_left_out(untold);
    }

    /// The same at the end.
    pub fn tell_left_out_at_last(&self) {
        let untold = self.rate().rest();
        self.say_left_out(untold);
    }

    /// The rate is held by nobody now: the line asks it.
    fn say_left_out(&self, untold: Option<u64>) {
        if let Some(untold) = untold {
            tracing::warn!(target: ALWAYS, "{untold} lines are left out here: they came faster than log_rate");
        }
    }

    fn rate(&self) -> MutexGuard<'_, Rate> {
        self.rate.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lines that nobody has read or will.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Waits until all is written, but no longer than to `bound`. What is said afterwards is left out.
    pub fn end(&self, bound: Instant) {
        let worker = self.lock().take();
        if let Some(mut worker) = worker {
            worker.end(bound);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Worker<String>>> {
        self.worker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<'a> MakeWriter<'a> for Messages {
    type Writer = Line;

    fn make_writer(&'a self) -> Line {
        Line {
            messages: self.clone(),
            always: false,
        }
    }

    fn make_writer_for(&'a self, said: &Metadata<'_>) -> Line {
        Line {
            messages: self.clone(),
            always: said.target() == ALWAYS,
        }
    }
}

impl Write for Line {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.always || self.messages.rate().admits(Instant::now()) {
            return self.messages.write(line);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// As what writes log lines needs it: each is written by one call.
impl Write for Messages {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = text::log_line(&String::from_utf8_lossy(line));
        let taken = self.lock().as_ref().is_some_and(|worker| worker.give(text));
        if !taken {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn write(out: &mut impl Write, line: &str) -> io::Result<()> {
    out.write_all(line.as_bytes())?;
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::{Receiver, Sender, channel};
    use std::time::Duration;

    /// Takes nothing until it is let; let once, it is let for ever.
    struct Reader(Receiver<()>, Sender<String>);

    impl Write for Reader {
        fn write(&mut self, line: &[u8]) -> io::Result<usize> {
            let _ = self.0.recv();
            let _ = self.1.send(String::from_utf8_lossy(line).into_owned());
            Ok(line.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_that_stops_holds_up_nobody_and_what_it_misses_is_counted() {
        let ((go, may), (told, heard)) = (channel(), channel());
        let mut messages = Messages::with_capacity(8, Reader(may, told));
        messages.begin().unwrap();
        let begun = Instant::now();
        for line in 0..100 {
            messages.write_all(format!("{line}\n").as_bytes()).unwrap();
        }
        // Eight wait, and the thread may hold one.
        let dropped = messages.dropped();
        assert!((91..=92).contains(&dropped), "{dropped}");
        messages
            .clone()
            .end(Instant::now() + Duration::from_millis(20));
        assert!(begun.elapsed() < Duration::from_secs(1));
        drop(go);
        assert_eq!(heard.iter().count() as u64, 100 - dropped);
    }

    #[test]
    fn beyond_the_rate_only_what_is_always_said_is_written_and_the_rest_counted() {
        let ((go, may), (told, heard)) = (channel(), channel());
        drop(go);
        let messages = Messages::with_capacity(100, Reader(may, told));
        messages.begin().unwrap();
        messages.limit(1);
        let log = tracing_subscriber::fmt().with_writer(messages.clone());
        tracing::subscriber::with_default(log.finish(), || {
            for number in 0..30 {
                tracing::info!("line {number}");
            }
            tracing::info!(target: ALWAYS, "a page");
            messages.tell_left_out();
        });
        assert_eq!(messages.left_out(), 10);
        messages.end(Instant::now() + Duration::from_secs(60));
        let lines: Vec<String> = heard.iter().collect();
        assert_eq!(lines.len(), 22, "{lines:?}");
        assert!(lines[20].contains("a page"), "{lines:?}");
        assert!(lines[21].contains("10 lines are left out"), "{lines:?}");
    }

    #[test]
    fn at_the_end_all_is_written_and_then_nothing_more_is_taken() {
        let ((go, may), (told, heard)) = (channel(), channel());
        drop(go);
        let mut messages = Messages::with_capacity(8, Reader(may, told));
        messages.begin().unwrap();
        messages.write_all(b"one\n").unwrap();
        messages.end(Instant::now() + Duration::from_secs(60));
        messages.write_all(b"two\n").unwrap();
        assert_eq!(heard.iter().collect::<Vec<_>>(), ["one\n"]);
        assert_eq!(messages.dropped(), 1);
    }
}
