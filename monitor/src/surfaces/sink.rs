//! What a surface implements to be told what is concluded, and what runs it: in the
//! daemon's loop, or on a thread of its own behind a bounded queue.

use crate::rate::Rate;
use crate::worker::{Waiting, Worker};
use monitor_model::agent::AgentEvent;
use monitor_model::alert::AlertChange;
use monitor_model::finding::{Finding, Severity};
use monitor_model::gaps::GapSummary;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// News that wait for a sink with a thread, at most.
const QUEUE: usize = 4096;

/// A surface that is told what is concluded, as soon as it is.
pub trait Sink: Send + 'static {
    /// A finding.
    ///
    /// # Errors
    /// What keeps it from its reader: it counts as dropped.
    fn on_finding(&mut self, _finding: &Finding) -> io::Result<()> {
        Ok(())
    }

    /// A finding that several sinks are told of, for one that keeps it as it is.
    ///
    /// # Errors
    /// As [`Self::on_finding`], which it is for all others.
    fn on_shared(&mut self, finding: &Arc<Finding>) -> io::Result<()> {
        self.on_finding(finding)
    }

    /// Whether it is to be told of alerts: one that is not drops none either.
    fn hears_alerts(&self) -> bool {
        false
    }

    /// An alert that begins, fires, or is over.
    ///
    /// # Errors
    /// What keeps it from its reader: it counts as dropped.
    fn on_alert(&mut self, _change: &AlertChange) -> io::Result<()> {
        Ok(())
    }

    /// Whether it is to be told how long gaps were.
    fn hears_gaps(&self) -> bool {
        false
    }

    /// How long the gaps of each path were since this was told last; of paths that had some. Also where none had, once an
    /// hour and at the end.
    ///
    /// # Errors
    /// What keeps it from its reader: it counts as dropped.
    fn on_gaps(&mut self, _summaries: &[GapSummary]) -> io::Result<()> {
        Ok(())
    }

    /// Whether it is to be told of what happens to the daemon itself.
    fn hears_the_agent(&self) -> bool {
        false
    }

    /// Something happened to the daemon itself.
    ///
    /// # Errors
    /// What keeps it from its reader: it counts as dropped.
    fn on_agent(&mut self, _event: &AgentEvent) -> io::Result<()> {
        Ok(())
    }

    /// Whether it keeps to the log's rate.
    fn keeps_to_log_rate(&self) -> bool {
        false
    }

    /// What it does before it is told anything, on the thread that it has for itself.
    fn begin(&mut self) {}

    /// What it does there when nothing more comes.
    fn end(&mut self) {}
}

/// What sinks are told. It waits in several queues at once, so it is shared.
#[derive(Clone, Debug)]
pub enum News {
    /// See [`Sink::on_finding`].
    Finding(Arc<Finding>),
    /// See [`Sink::on_alert`].
    Alert(Arc<AlertChange>),
    /// See [`Sink::on_gaps`].
    Gaps(Arc<[GapSummary]>),
    /// See [`Sink::on_agent`].
    Agent(Arc<AgentEvent>),
}

impl News {
    /// Tells a sink.
    ///
    /// # Errors
    /// Why the sink drops it.
    pub fn tell(&self, sink: &mut dyn Sink) -> io::Result<()> {
        match self {
            Self::Finding(finding) => sink.on_shared(finding),
            Self::Alert(change) => sink.on_alert(change),
            Self::Gaps(summaries) => sink.on_gaps(summaries),
            Self::Agent(event) => sink.on_agent(event),
        }
    }
}

/// Runs a sink that may have to wait, on a thread of its own: a reader that blocks must
/// hold up neither the facts nor the end. Dropping it waits a while until what is queued is told.
#[derive(Debug)]
pub struct Queued {
    hears_alerts: bool,
    hears_gaps: bool,
    hears_the_agent: bool,
    keeps_to_log_rate: bool,
    dropped: Arc<AtomicU64>,
    rate: Option<Rate>,
    worker: Worker<News>,
}

impl Queued {
    /// Starts the thread of a sink with this name.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn start(name: &'static str, sink: impl Sink) -> io::Result<Self> {
        Self::with_capacity(QUEUE, name, sink)
    }

    /// The same, behind a queue of this length.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn with_capacity(queue: usize, name: &'static str, sink: impl Sink) -> io::Result<Self> {
        let dropped = Arc::<AtomicU64>::default();
        let counted = Arc::clone(&dropped);
        Ok(Self {
            hears_alerts: sink.hears_alerts(),
            hears_gaps: sink.hears_gaps(),
            hears_the_agent: sink.hears_the_agent(),
            keeps_to_log_rate: sink.keeps_to_log_rate(),
            dropped,
            rate: None,
            worker: Worker::start(name, queue, move |news| tell_all(sink, news, &counted))?,
        })
    }

    /// Bounds it to so many findings a second, pages apart, where it keeps to that rate.
    pub fn limit(&mut self, per_second: u32) {
        if !self.keeps_to_log_rate {
            return;
        }
        match &mut self.rate {
            Some(rate) => rate.set(per_second),
            None => self.rate = Some(Rate::new(per_second, Instant::now())),
        }
    }

    /// Queues news, or counts them as dropped where the queue is full. It never waits.
    pub fn tell(&mut self, news: &News) {
        let hears = match news {
            News::Finding(_) => true,
            News::Alert(_) => self.hears_alerts,
            News::Gaps(_) => self.hears_gaps,
            News::Agent(_) => self.hears_the_agent,
        };
        if !hears {
            return;
        }
        if let News::Finding(finding) = news
            && finding.severity != Severity::Page
            && let Some(rate) = &mut self.rate
            && !rate.admits(Instant::now())
        {
            return;
        }
        if !self.worker.give(news.clone()) {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// See [`Sink::hears_gaps`].
    pub fn hears_gaps(&self) -> bool {
        self.hears_gaps
    }

    /// Nothing more comes, and what is queued is told.
    pub fn close(&mut self) {
        self.worker.close();
    }

    /// Waits until what is queued is told, but no longer than to `bound`.
    pub fn end(&mut self, bound: Instant) {
        self.worker.end(bound);
    }

    /// How many findings its rate has left out so far.
    pub fn left_out(&self) -> u64 {
        self.rate.as_ref().map_or(0, Rate::left_out)
    }

    /// How many of these have not been told yet, where it is time to.
    pub fn untold(&mut self) -> Option<u64> {
        self.rate.as_mut()?.untold(Instant::now())
    }

    /// The same at the end.
    pub fn untold_at_last(&mut self) -> Option<u64> {
        self.rate.as_mut()?.rest()
    }

    /// Its name, and how much it has dropped so far.
    pub fn dropped(&self) -> (&'static str, u64) {
        (self.worker.name(), self.dropped.load(Ordering::Relaxed))
    }
}

fn tell_all(mut sink: impl Sink, news: Waiting<News>, dropped: &AtomicU64) {
    sink.begin();
    for news in news {
        // A sink that fails does not end the daemon: metrics and alerts go on.
        if news.tell(&mut sink).is_err() {
            dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
    sink.end();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::tests::blackholed;
    use std::sync::mpsc::{Receiver, Sender, channel};

    /// Says what it is told once it may, and fails where nobody hears it.
    struct Slow {
        may: Receiver<()>,
        told: Sender<f64>,
    }

    impl Sink for Slow {
        fn keeps_to_log_rate(&self) -> bool {
            true
        }

        fn on_finding(&mut self, finding: &Finding) -> io::Result<()> {
            self.may.recv().map_err(io::Error::other)?;
            self.told
                .send(finding.gap_seconds)
                .map_err(io::Error::other)
        }
    }

    fn slow(queue: usize) -> (Queued, Sender<()>, Receiver<f64>) {
        let ((go, may), (told, heard)) = (channel(), channel());
        let queued = Queued::with_capacity(queue, "slow", Slow { may, told }).unwrap();
        (queued, go, heard)
    }

    fn finding(gap_seconds: f64) -> News {
        News::Finding(Arc::new(Finding {
            gap_seconds,
            ..blackholed()
        }))
    }

    #[test]
    fn a_sink_that_is_stuck_holds_up_nobody_and_what_it_misses_is_counted() {
        let (mut queued, go, heard) = slow(2);
        for number in 0..10 {
            queued.tell(&finding(f64::from(number)));
        }
        // Two wait, and the thread may hold one.
        let (name, dropped) = queued.dropped();
        assert_eq!(name, "slow");
        assert!((7..=8).contains(&dropped), "{dropped} dropped");
        for _ in 0..3 {
            go.send(()).unwrap();
        }
        drop(queued);
        assert_eq!(heard.iter().count() as u64, 10 - dropped);
    }

    #[test]
    fn of_findings_beyond_the_rate_only_pages_are_told() {
        let (mut queued, go, heard) = slow(64);
        queued.limit(1);
        let of = |severity| {
            News::Finding(Arc::new(Finding {
                severity,
                ..blackholed()
            }))
        };
        for _ in 0..30 {
            queued.tell(&of(Severity::Ticket));
            queued.tell(&of(Severity::None));
        }
        // After a quiet time, twenty at once.
        assert_eq!((queued.left_out(), queued.untold()), (40, Some(40)));
        for _ in 0..30 {
            queued.tell(&of(Severity::Page));
        }
        assert_eq!((queued.left_out(), queued.dropped().1), (40, 0));
        for _ in 0..50 {
            go.send(()).unwrap();
        }
        drop(queued);
        assert_eq!(heard.iter().count(), 50);
    }

    #[test]
    fn what_is_queued_at_the_end_is_told_in_its_order() {
        let (mut queued, go, heard) = slow(4);
        for number in 0..4 {
            queued.tell(&finding(f64::from(number)));
            go.send(()).unwrap();
        }
        drop(queued);
        assert_eq!(heard.iter().collect::<Vec<_>>(), [0.0, 1.0, 2.0, 3.0]);
    }

    #[test]
    fn what_a_sink_fails_at_is_counted_and_the_next_is_tried() {
        let (mut queued, go, heard) = slow(4);
        drop(go);
        for number in 0..3 {
            queued.tell(&finding(f64::from(number)));
        }
        let dropped = Arc::clone(&queued.dropped);
        drop(queued);
        assert_eq!(dropped.load(Ordering::Relaxed), 3);
        assert_eq!(heard.iter().count(), 0);
    }
}
