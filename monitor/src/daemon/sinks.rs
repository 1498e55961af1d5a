//! Where what the judge says goes: the alerts, and the surfaces that are told of it.

use super::alerts_file::AlertsFile;
use super::error::DaemonError;
use super::history;
use super::options::Options;
use super::paths::nanos;
use super::remembered::Remembered;
use crate::config::Config;
use crate::rate::ALWAYS;
use crate::surfaces::alert_lines::AlertLines;
use crate::surfaces::alertmanager::Notifier;
use crate::surfaces::api::Feed;
use crate::surfaces::found_in_time::FoundLately;
use crate::surfaces::history::HistoryCounters;
use crate::surfaces::log::Log;
use crate::surfaces::metrics::{Metrics, PathNumbers};
use crate::surfaces::sink::{News, Queued, Sink};
use monitor_judge::alerts::{Alerts, Limits};
use monitor_judge::{Verdict, Verdicts};
use monitor_kernel::Reading;
use monitor_model::agent::AgentEvent;
use monitor_model::alert::AlertChange;
use monitor_model::finding::Finding;
use monitor_model::gaps::GapSummary;
use std::io::stdout;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The alerts and the sinks.
pub(super) struct Sinks {
    pub(super) alerts: Alerts,
    file: AlertsFile,
    pub(super) metrics: Metrics,
    pub(super) lately: FoundLately,
    /// They never wait, so they are told in the loop.
    inline: Vec<Box<dyn Sink>>,
    /// They may wait, each on a thread of its own.
    queued: Vec<Queued>,
    /// Where a history is kept.
    history: Option<HistoryCounters>,
    /// Tells Alertmanager, where one is configured.
    notifier: Option<Notifier>,
    /// An alert has begun to fire, or is over, since it was given them.
    changed: bool,
}

impl Sinks {
    /// With metrics for these paths, and the alerts that the daemon before left here. A further surface is one line in here, and an entry in
    /// the table of metrics for what it drops.
    pub(super) fn new<'a>(
        options: &Options,
        config: &Config,
        feed: Feed,
        paths: impl IntoIterator<Item = PathNumbers<'a>>,
        notifier: Option<Notifier>,
        remembered: Remembered,
        now_ns: u64,
    ) -> Result<Self, DaemonError> {
        let limits = alert_limits(config.page_after);
        let (alerts, file) = match options.keeps_alerts {
            true => AlertsFile::take_up(&config.socket, limits, now_ns),
            false => (Alerts::new(limits), AlertsFile::nowhere()),
        };
        // One line each.
        let log = options.log_format;
        let log = log.map(|format| started("log", Log(format, stdout())));
        let mut queued: Vec<Queued> = log.into_iter().collect::<Result<_, _>>()?;
        let kept = config.history.as_ref();
        let history = kept.map(|_| HistoryCounters::default());
        if let (Some(settings), Some(counters)) = (kept, &history) {
            queued.push(history::start(settings, counters)?);
        }
        queued
            .iter_mut()
            .for_each(|sink| sink.limit(config.log_rate));
        Ok(Self {
            alerts,
            file,
            metrics: Metrics::new(paths),
            lately: FoundLately::default(),
            inline: vec![Box::new(AlertLines), Box::new(feed), Box::new(remembered)],
            queued,
            history,
            notifier,
            changed: false,
        })
    }

    /// Whether anybody wants to know how long gaps were.
    pub(super) fn hear_gaps(&self) -> bool {
        self.queued.iter().any(Queued::hears_gaps)
    }

    /// Tells how long they were.
    pub(super) fn tell_gaps(&mut self, summaries: Vec<GapSummary>) {
        self.tell(&News::Gaps(summaries.into()));
    }

    /// Tells what happened to the daemon itself.
    pub(super) fn tell_of_agent(&mut self, event: AgentEvent) {
        self.tell(&News::Agent(Arc::new(event)));
    }

    /// For what is said at this moment, CLOCK_MONOTONIC in ns.
    pub(super) fn at(&mut self, now_ns: u64) -> impl Verdicts {
        Now {
            sinks: self,
            now_ns,
        }
    }

    /// Tells the alerts that time passes.
    pub(super) fn tick(&mut self, now_ns: u64) {
        let changes = self.alerts.tick(now_ns);
        self.tell_changes(changes);
        self.keep_alerts(now_ns);
        self.notify();
        let queued = self.queued.iter_mut();
        queued.filter_map(Queued::untold).for_each(tell_left_out);
    }

    /// Gives the alerts to who pushes them, where it wants them. It never waits.
    fn notify(&mut self) {
        if let Some(notifier) = &mut self.notifier
            && notifier.wants(self.changed, Instant::now())
        {
            notifier.give(self.alerts.all());
            self.changed = false;
        }
    }

    /// Bounds the log to so many findings a second.
    pub(super) fn limit_log(&mut self, per_second: u32) {
        let queued = self.queued.iter_mut();
        queued.for_each(|sink| sink.limit(per_second));
    }

    /// Has the alerts saved for the next start, where they changed.
    pub(super) fn keep_alerts(&mut self, now_ns: u64) {
        self.file.keep(&mut self.alerts, now_ns);
    }

    /// Brings the metrics up to date with what alerts and sinks count.
    pub(super) fn count(&mut self) {
        self.metrics.count_alerts(self.alerts.all());
        self.metrics.alerts = self.alerts.stats();
        self.metrics.alerts_not_saved = self.file.failures();
        let left_out = self.queued.iter().map(Queued::left_out);
        self.metrics.findings_left_out = left_out.sum();
        self.metrics.history = self.history.as_ref().map(history::shown);
        self.metrics.dropped = self.queued.iter().map(Queued::dropped).collect();
        self.metrics.pushed = self
            .notifier
            .as_ref()
            .map(Notifier::numbers)
            .unwrap_or_default();
    }

    /// Waits until all is told and saved that is on its way, but no longer than to `bound`: some of those who read
    /// or write may never do so again.
    pub(super) fn end(&mut self, bound: Instant) {
        let queued = self.queued.iter_mut();
        queued
            .filter_map(Queued::untold_at_last)
            .for_each(tell_left_out);
        // All end at once, so that one that is stuck takes no time from the others.
        self.queued.iter_mut().for_each(Queued::close);
        if let Some(notifier) = &mut self.notifier {
            notifier.close(self.alerts.all(), bound);
        }
        self.file.end(bound);
        for sink in &mut self.queued {
            sink.end(bound);
        }
        if let Some(notifier) = &mut self.notifier {
            notifier.end(bound);
        }
    }

    /// Notes how long after the fact that settled it a finding is told.
    fn note_delay(&mut self, finding: &Finding) {
        if let Ok(now) = Reading::now() {
            let ns = now.wall_unix_ns.saturating_sub(finding.time.unix_ns());
            // What came while others were told has no delay.
            let delay = Duration::from_nanos(u64::try_from(ns).unwrap_or(0));
            self.metrics.told_after(finding.kind.class(), delay);
        }
    }

    fn tell_changes(&mut self, changes: Vec<AlertChange>) {
        self.changed |= !changes.is_empty();
        for change in changes {
            self.tell(&News::Alert(Arc::new(change)));
        }
    }

    fn tell(&mut self, news: &News) {
        let inline = self.inline.iter_mut().map(Box::as_mut);
        let read: [&mut dyn Sink; 2] = [&mut self.metrics, &mut self.lately];
        for sink in read.into_iter().chain(inline) {
            if let Err(error) = news.tell(sink) {
                tracing::error!("a finding cannot be written: {error}");
            }
        }
        for sink in &mut self.queued {
            sink.tell(news);
        }
    }
}

/// The bounds of alerts that page after so long.
pub fn alert_limits(page_after: Duration) -> Limits {
    Limits {
        page_after_ns: nanos(page_after),
        ..Limits::default()
    }
}

fn tell_left_out(findings: u64) {
    tracing::warn!(
        target: ALWAYS,
        "{findings} findings are left out of the log: they came faster than log_rate; none of them is a page, and /metrics \
         and tcplull watch have them"
    );
}

fn started(name: &'static str, sink: impl Sink) -> Result<Queued, DaemonError> {
    Queued::start(name, sink).map_err(|source| DaemonError::Sink { name, source })
}

/// The sinks at one moment.
struct Now<'a> {
    sinks: &'a mut Sinks,
    now_ns: u64,
}

impl Verdicts for Now<'_> {
    fn push(&mut self, verdict: Verdict) {
        let changes = self.sinks.alerts.apply(&verdict, self.now_ns);
        self.sinks.tell_changes(changes);
        if let Verdict::Finding(finding) = verdict {
            self.sinks.note_delay(&finding);
            self.sinks.tell(&News::Finding(Arc::from(finding)));
        }
    }
}
