//! Asks this host's own tables of connections for the judge: behind a queue, or on the thread of a sweep, and never in the
//! loop, for to enter a namespace takes a thread, and an answer its time.

use crate::rate::Rate;
use crate::worker::Worker;
use monitor_judge::{Input, LocalBackend, LocalEntry, LocalTable, TableQuestion};
use monitor_kernel::{Backend, Conntrack, Flow, TableState};
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// Questions that wait, at most; and answers.
const QUEUE: usize = 64;

/// How long one may take that nobody waits for. The kernel answers within microseconds, and on a busy host a thread waits for
/// its turn much longer than that; a connection that is lost is told a second and a half after it is first asked about.
const EACH: Duration = Duration::from_millis(500);

/// How long those for the rows of one sweep may take together, which its findings wait for.
const OF_A_SWEEP: Duration = Duration::from_millis(250);

/// Questions a second on the average; after a quiet time 400 at once. Each takes up to 1 ms in all.
const RATE: u32 = 20;

/// A question, and a process that was seen to hold the socket; 0 where none is known.
pub(super) type Question = (TableQuestion, u32);

/// What is answered to one.
#[derive(Debug)]
pub(super) struct Answer {
    question: TableQuestion,
    tables: Vec<LocalTable>,
}

/// What became of the questions so far.
#[derive(Debug, Default)]
pub(super) struct Counts {
    answered: AtomicU64,
    dropped: AtomicU64,
    failed: AtomicU64,
}

/// Asks, on a thread that may wait.
#[derive(Debug)]
pub(super) struct Asker {
    conntrack: Conntrack,
    rate: Mutex<Rate>,
    counts: Counts,
    told: AtomicBool,
}

/// The queue before it.
#[derive(Debug)]
pub(super) struct LocalTables {
    asker: Arc<Asker>,
    worker: Worker<Question>,
}

impl LocalTables {
    /// Starts the thread; answers come from the other half.
    ///
    /// # Errors
    /// The system gives no thread.
    pub(super) fn start() -> io::Result<(Self, Receiver<Answer>)> {
        let asker = Arc::new(Asker {
            conntrack: Conntrack::default(),
            rate: Mutex::new(Rate::new(RATE, Instant::now())),
            counts: Counts::default(),
            told: AtomicBool::new(false),
        });
        let (answers, heard) = channel(QUEUE);
        let asks = Arc::clone(&asker);
        let worker = Worker::start("conntrack reader", QUEUE, move |waiting| {
            waiting.for_each(|question| asks.answer(question, &answers));
        })?;
        Ok((Self { asker, worker }, heard))
    }

    /// What asks, for another thread.
    pub(super) fn asker(&self) -> Arc<Asker> {
        Arc::clone(&self.asker)
    }

    /// Queues a question; one that there is no room for is counted.
    pub(super) fn ask(&self, question: Question) {
        if !self.worker.give(question) {
            self.asker.counts.dropped.fetch_add(1, Relaxed);
        }
    }

    /// What became of the questions so far, by name.
    pub(super) fn counts(&self) -> [(&'static str, u64); 3] {
        let counts = &self.asker.counts;
        [
            ("answered", counts.answered.load(Relaxed)),
            ("dropped", counts.dropped.load(Relaxed)),
            ("failed", counts.failed.load(Relaxed)),
        ]
    }
}

impl Asker {
    fn answer(&self, question: Question, answers: &Sender<Answer>) {
        let answer = self.ask(question, Instant::now() + EACH);
        if answer.is_some_and(|answer| answers.try_send(answer).is_err()) {
            self.counts.dropped.fetch_add(1, Relaxed);
        }
    }

    /// Asks all of these; what does not fit into its time is dropped, and counted.
    pub(super) fn ask_all(&self, questions: Vec<Question>) -> Vec<Answer> {
        let until = Instant::now() + OF_A_SWEEP;
        let asked = questions.into_iter().filter_map(|question| {
            if Instant::now() < until {
                return self.ask(question, until);
            }
            self.counts.dropped.fetch_add(1, Relaxed);
            None
        });
        asked.collect()
    }

    fn ask(&self, (question, pid): Question, until: Instant) -> Option<Answer> {
        let mut rate = self.rate.lock().unwrap_or_else(PoisonError::into_inner);
        let admitted = rate.admits(Instant::now());
        drop(rate);
        if !admitted {
            self.counts.dropped.fetch_add(1, Relaxed);
            return None;
        }
        let flow = Flow {
            netns: question.netns,
            pid,
            local: question.local,
            remote: question.remote,
        };
        match self.conntrack.ask(&flow, until) {
            Ok(states) => {
                self.counts.answered.fetch_add(1, Relaxed);
                let tables = states.into_iter().map(told).collect();
                Some(Answer { question, tables })
            }
            Err(error) => {
                self.counts.failed.fetch_add(1, Relaxed);
                if !self.told.swap(true, Relaxed) {
                    tracing::warn!(
                        "this host's own tables of connections cannot be asked: {error}; findings go without \
                         `local_conntrack` then (it takes CAP_NET_ADMIN, and CAP_SYS_ADMIN for other network namespaces)"
                    );
                }
                None
            }
        }
    }
}

impl Answer {
    /// As the judge is told at `now_ns`, CLOCK_MONOTONIC.
    pub(super) fn input(self, now_ns: u64) -> Input<'static> {
        Input::LocalTables {
            now_ns,
            cookie: self.question.cookie,
            in_trouble: self.question.in_trouble,
            tables: self.tables,
        }
    }
}

/// The kernel's answer as the judge knows it.
fn told(state: TableState) -> LocalTable {
    LocalTable {
        host: state.host,
        entry: state.entry.map(|entry| LocalEntry {
            answered: entry.answered,
            left_s: entry.left_s,
            local: entry.local,
            remote: entry.remote,
            backend: match entry.backend {
                Backend::Unknown => LocalBackend::Unknown,
                Backend::NoRoute => LocalBackend::NoRoute,
                Backend::NoNeighbour => LocalBackend::NoNeighbour,
                Backend::Answers => LocalBackend::Answers,
            },
        }),
        passes: state.passes,
        timeout_s: state.timeout_s,
        entries: state.entries,
        most: state.most,
    }
}
