//! Keeps what is told on disk, within a bound: for whoever asks later what happened before. A disk that is slow, full or
//! gone costs records of the history, which are counted, and nothing else.

mod counters;
#[cfg(test)]
mod tests;

pub use counters::{HistoryCounters, HistoryNumbers};

use crate::surfaces::sink::Sink;
use monitor_model::agent::{AgentChange, AgentEvent};
use monitor_model::alert::AlertChange;
use monitor_model::finding::Finding;
use monitor_model::format::{bytes, told_line};
use monitor_model::gaps::GapSummary;
use monitor_model::time::Timestamp;
use monitor_store::{AppendError, Kind, Moment, OpenError, Settings, Writer};
use std::io;

/// How long nothing is tried after the disk refused, in ns: what a full disk refuses a thousand times costs a thousand
/// times, and helps nobody.
const PAUSE_NS: u64 = 10_000_000_000;

/// Tells the time; `None` where the system does not.
pub type Clock = Box<dyn Fn() -> Option<Moment> + Send>;

/// The history, as a surface.
pub struct History {
    settings: Settings,
    clock: Clock,
    counters: HistoryCounters,
    /// None while the disk refuses.
    writer: Option<Writer>,
    refused: Option<Refused>,
}

/// The disk refused.
#[derive(Clone, Copy, Debug)]
struct Refused {
    /// Clock of this boot, in ns, at the last try.
    at_ns: u64,
    /// Records that are not written since.
    lacks: u64,
}

/// Why a record is not in the history.
#[derive(Debug, thiserror::Error)]
enum HistoryError {
    #[error("the clock cannot be read")]
    Clock,
    #[error("the disk refused a moment ago")]
    Pause,
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Append(#[from] AppendError),
}

impl History {
    /// One that is kept so. Nothing is opened yet: a disk may hang.
    pub fn new(settings: Settings, clock: Clock, counters: HistoryCounters) -> Self {
        Self {
            settings,
            clock,
            counters,
            writer: None,
            refused: None,
        }
    }

    /// Keeps one more, which is this line of JSON.
    fn keep(&mut self, kind: Kind, line: serde_json::Result<String>) -> io::Result<()> {
        let kept = self.write(kind, line);
        if kept.is_err()
            && let Some(refused) = &mut self.refused
        {
            refused.lacks += 1;
        }
        kept.map_err(io::Error::other)
    }

    fn write(&mut self, kind: Kind, line: serde_json::Result<String>) -> Result<(), HistoryError> {
        let text = line?;
        let now = self.now()?;
        self.with(&now, |writer| writer.append(kind, &text, &now))
    }

    /// Has the writer do something, where there is one or may be one again.
    fn with(
        &mut self,
        now: &Moment,
        work: impl FnOnce(&mut Writer) -> Result<(), AppendError>,
    ) -> Result<(), HistoryError> {
        let done = self.ready(now).and_then(|writer| Ok(work(writer)?));
        match &done {
            // Of one record, not of the disk.
            Ok(())
            | Err(HistoryError::Pause | HistoryError::Append(AppendError::TooLong { .. })) => {}
            Err(error) => self.refuse(now, error),
        }
        self.counters.set(self.writer.as_ref().map(Writer::stats));
        done
    }

    /// The writer, opened where it is not. After a refusal it says first what is missing.
    fn ready(&mut self, now: &Moment) -> Result<&mut Writer, HistoryError> {
        let paused = |refused: Refused| now.boot_ns.saturating_sub(refused.at_ns) < PAUSE_NS;
        if self.refused.is_some_and(paused) {
            return Err(HistoryError::Pause);
        }
        let mut writer = match self.writer.take() {
            Some(writer) => writer,
            None => Writer::open(self.settings.clone(), now)?,
        };
        if let Some(Refused { lacks, .. }) = self.refused {
            let event = event(now, AgentChange::HistoryResumed { lacks });
            writer.append(Kind::Agent, &told_line(&event)?, now)?;
            tracing::info!(
                "the history in {} goes on; it lacks {lacks} records",
                self.settings.dir.display()
            );
            self.refused = None;
        }
        Ok(self.writer.insert(writer))
    }

    /// Says so once, and begins with a new writer later: it takes up what there is, whatever became of it.
    fn refuse(&mut self, now: &Moment, error: &HistoryError) {
        self.counters
            .refused(self.writer.take().map(|writer| writer.stats()));
        let lacks = match self.refused {
            Some(refused) => refused.lacks,
            None => {
                tracing::warn!(
                    "no history is kept: {error}; it is tried again every 10 s, and what is found until then it lacks \
                     ([history] in the configuration says where it lies; max_bytes = 0 turns it off)"
                );
                0
            }
        };
        let at_ns = now.boot_ns;
        self.refused = Some(Refused { at_ns, lacks });
    }

    fn now(&self) -> Result<Moment, HistoryError> {
        (self.clock)().ok_or(HistoryError::Clock)
    }

    /// An event of the daemon. Where it cannot be written, that is said already.
    fn tell(&mut self, change: AgentChange) {
        if let Ok(now) = self.now() {
            let _ = self.keep(Kind::Agent, told_line(&event(&now, change)));
        }
    }
}

fn event(now: &Moment, change: AgentChange) -> AgentEvent {
    AgentEvent {
        time: Timestamp::of(now.wall_unix_ns),
        change,
    }
}

impl Sink for History {
    fn on_finding(&mut self, finding: &Finding) -> io::Result<()> {
        self.keep(Kind::Finding, told_line(finding))
    }

    fn hears_alerts(&self) -> bool {
        true
    }

    fn on_alert(&mut self, change: &AlertChange) -> io::Result<()> {
        self.keep(Kind::Alert, told_line(change))
    }

    fn hears_the_agent(&self) -> bool {
        true
    }

    fn on_agent(&mut self, event: &AgentEvent) -> io::Result<()> {
        self.keep(Kind::Agent, told_line(event))
    }

    fn hears_gaps(&self) -> bool {
        true
    }

    fn on_gaps(&mut self, summaries: &[GapSummary]) -> io::Result<()> {
        let mut kept = Ok(());
        for summary in summaries {
            kept = kept.and(self.keep(Kind::Gaps, told_line(summary)));
        }
        // What is too old goes also where nothing is found.
        let now = self.now().map_err(io::Error::other)?;
        let expired = self.with(&now, |writer| writer.expire(&now));
        kept.and(expired.map_err(io::Error::other))
    }

    fn begin(&mut self) {
        self.tell(AgentChange::Started {
            version: env!("CARGO_PKG_VERSION").to_owned(),
        });
        if self.writer.is_some() {
            tracing::info!(
                "the history is kept in {}, {} at the most",
                self.settings.dir.display(),
                bytes(self.settings.max_bytes)
            );
        }
    }

    fn end(&mut self) {
        self.tell(AgentChange::Stopped);
        if let Some(writer) = &mut self.writer
            && let Err(error) = writer.sync()
        {
            tracing::warn!("the end of the history may be lost where the host stops now: {error}");
        }
    }
}
