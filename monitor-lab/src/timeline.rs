//! Everything that happens in one run, in the order in which the testbed learnt
//! of it, and the one place where the testbed waits for things to happen.

use crate::LabError;
use crate::app::Report;
use crate::ends::End;
use crate::interrupt::Interrupt;
use crate::testbed::wait;
use crate::truth::Finding;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// More than any story makes; past it entries are dropped and counted.
const CAPACITY: usize = 100_000;

/// How long a wait goes on before it looks whether the user wants to stop.
const LOOK_UP: Duration = Duration::from_millis(100);

/// Something that happened.
#[derive(Clone, Debug)]
pub enum Happened {
    /// A step of the story, in words.
    Step(String),
    /// What happens to the connections takes a turn here, in words: whatever is
    /// concluded from now on is counted from here.
    Turn(String),
    /// An application was told to send this text on that connection.
    Sent(End, usize, String),
    /// An application reported something.
    App(End, Report),
    /// `tcplull` said something.
    Finding(Box<Finding>),
    /// `tcplull watch` printed a line that is not a finding.
    Unreadable(String),
}

/// Something that happened, and when.
#[derive(Clone, Debug)]
pub struct Entry {
    /// When the testbed learnt of it.
    pub at: Instant,
    /// What.
    pub what: Happened,
}

/// Called with each entry as it is written.
pub type Observer = Arc<dyn Fn(&Entry) + Send + Sync>;

#[derive(Default)]
struct Written {
    entries: Vec<Entry>,
    dropped: u64,
    stretched: Duration,
}

/// A shared handle; clones write to the same timeline.
#[derive(Clone)]
pub struct Timeline {
    written: Arc<(Mutex<Written>, Condvar)>,
    interrupt: Interrupt,
    observer: Option<Observer>,
}

impl Timeline {
    /// An empty timeline whose waits end when `interrupt` is set.
    pub fn new(interrupt: Interrupt, observer: Option<Observer>) -> Self {
        Self {
            written: Arc::default(),
            interrupt,
            observer,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Written> {
        // A panic elsewhere leaves a list that is whole: entries are only pushed.
        self.written
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes down that `what` happened now.
    pub fn note(&self, what: Happened) {
        let entry = Entry {
            at: Instant::now(),
            what,
        };
        if let Some(observer) = &self.observer {
            observer(&entry);
        }
        let mut written = self.lock();
        if written.entries.len() < CAPACITY {
            written.entries.push(entry);
        } else {
            written.dropped += 1;
        }
        drop(written);
        self.written.1.notify_all();
    }

    /// A copy of what has happened so far.
    pub fn entries(&self) -> Vec<Entry> {
        self.lock().entries.clone()
    }

    /// How many entries did not fit.
    pub fn dropped(&self) -> u64 {
        self.lock().dropped
    }

    /// For how long applications took over their orders, and by how much the story came late to what it meant to do at
    /// a moment: by so much at most, what it meant to last is longer on this machine.
    pub fn stretched(&self) -> Duration {
        self.lock().stretched
    }

    /// Something took so long that the story did not mean to last.
    pub fn stretch(&self, by: Duration) {
        self.lock().stretched += by;
    }

    /// The user's wish to stop, which ends every wait.
    pub fn interrupt(&self) -> &Interrupt {
        &self.interrupt
    }

    /// Waits until `pick` finds what it looks for; `None` if `bound` passes first.
    ///
    /// # Errors
    /// [`LabError::Interrupted`], and whatever `pick` returns.
    pub fn wait_for<T>(
        &self,
        bound: Duration,
        mut pick: impl FnMut(&[Entry]) -> Result<Option<T>, LabError>,
    ) -> Result<Option<T>, LabError> {
        let until = Instant::now() + bound;
        let mut written = self.lock();
        loop {
            if self.interrupt.is_set() {
                return Err(LabError::Interrupted);
            }
            if let Some(found) = pick(&written.entries)? {
                return Ok(Some(found));
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(None);
            }
            written = self
                .written
                .1
                .wait_timeout(written, left.min(LOOK_UP))
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    /// Lets real time pass until `moment`.
    ///
    /// # Errors
    /// [`LabError::Interrupted`].
    pub fn pass_until(&self, moment: Instant) -> Result<(), LabError> {
        let bound = moment.saturating_duration_since(Instant::now());
        self.wait_for(bound, |_| Ok(None::<()>))?;
        self.stretch(Instant::now().saturating_duration_since(moment));
        Ok(())
    }

    /// Asks `again` every `pause` until it answers; `None` if `bound` passes first.
    ///
    /// # Errors
    /// [`LabError::Interrupted`], and whatever `again` returns.
    pub fn poll<T>(
        &self,
        bound: Duration,
        pause: Duration,
        mut again: impl FnMut() -> Result<Option<T>, LabError>,
    ) -> Result<Option<T>, LabError> {
        let look = || Ok(again()?.ok_or(()));
        Ok(wait::poll((bound, pause), &self.interrupt, look)?.ok())
    }
}
