//! Words of a report that text and page have in common.

use jiff::tz::TimeZone;
use monitor_model::alert::Alert;
use monitor_model::format::{count, duration_of};
use monitor_model::report::{NotSeen, PathReport, Report, Why};
use monitor_model::time::Timestamp;

/// Where times are shown, by its rules.
#[derive(Clone, Debug)]
pub(crate) struct Shown<'a> {
    pub(crate) zone: &'a TimeZone,
}

impl Shown<'_> {
    /// "2026-11-28 03:10:00", local.
    pub(crate) fn time(&self, time: Timestamp) -> String {
        self.local(time).strftime("%F %T").to_string()
    }

    /// The zone by its name, as far as it has one, and its offset at the end of the report.
    pub(crate) fn zone(&self, at: Timestamp) -> String {
        let offset = self.local(at).strftime("%:z").to_string();
        match self.zone.iana_name() {
            Some(name) => format!("{name}, {offset} at the end"),
            None => format!("{offset} at the end"),
        }
    }

    fn local(&self, time: Timestamp) -> jiff::Zoned {
        // Every i64 of nanoseconds is within its years.
        jiff::Timestamp::from_nanosecond(time.unix_ns().into())
            .unwrap_or(jiff::Timestamp::UNIX_EPOCH)
            .to_zoned(self.zone.clone())
    }

    /// A moment, or the word for none.
    pub(crate) fn or(&self, time: Option<Timestamp>, none: &str) -> String {
        time.map_or_else(|| none.to_owned(), |time| self.time(time))
    }

    /// One line for a time that was not seen.
    pub(crate) fn not_seen(&self, not: &NotSeen) -> String {
        let why = match not.why {
            Why::BeforeHistory => "before the history begins".to_owned(),
            Why::Stopped => "the daemon was stopped".to_owned(),
            Why::Killed => {
                "the daemon was killed, or the host stopped; when exactly is not known".to_owned()
            }
            Why::Detached => "the daemon watched nothing, to keep to its CPU budget".to_owned(),
            Why::WatchedLess => {
                "the daemon watched by sweeps alone, to keep to its CPU budget".to_owned()
            }
            Why::SweepsFailed => "sweeps failed: silences were not seen".to_owned(),
            Why::FactsLost => format!(
                "{} lost, which came faster than they were read",
                count(not.count.unwrap_or_default(), "fact")
            ),
            Why::NotWritten => format!(
                "the disk did not take {}",
                count(not.count.unwrap_or_default(), "record")
            ),
        };
        let since = self.or(not.since, "an unknown time");
        match not.until {
            Some(until) => format!("{since} to {}: {why}", self.time(until)),
            None => format!("since {since}: {why}"),
        }
    }
}

/// What stands above all else.
pub(crate) fn headline(report: &Report) -> String {
    let others = report
        .findings
        .saturating_sub(report.pages + report.tickets);
    match report.findings {
        0 => "Nothing was found.".to_owned(),
        _ => format!(
            "{}: {}, {}, {others} that wake nobody.",
            count(report.findings, "finding"),
            count(report.pages, "page"),
            count(report.tickets, "ticket")
        ),
    }
}

/// What is missing for good, one line each.
pub(crate) fn missing(report: &Report) -> Vec<String> {
    let mut lines = Vec::new();
    if report.not_seen_left_out > 0 {
        lines.push(format!("and {} more such times", report.not_seen_left_out));
    }
    if report.damaged > 0 {
        lines.push(format!(
            "{} of the history could not be read to the end: what stood there is missing",
            count(report.damaged, "file")
        ));
    }
    if report.unknown > 0 {
        lines.push(format!(
            "{} not understood: another version wrote them",
            count(report.unknown, "record")
        ));
    }
    lines
}

/// Steps of the clock, one line each.
pub(crate) fn steps(report: &Report, shown: &Shown<'_>) -> Vec<String> {
    let step = |step: &monitor_model::report::ClockStep| {
        let way = if step.seconds < 0.0 {
            "back"
        } else {
            "forward"
        };
        format!(
            "{}: the wall clock was set {way} by {}",
            shown.time(step.time),
            duration_of(step.seconds.abs())
        )
    };
    let mut lines: Vec<String> = report.clock_steps.iter().map(step).collect();
    if report.clock_steps_left_out > 0 {
        lines.push(format!("and {} more steps", report.clock_steps_left_out));
    }
    lines
}

/// A length of time, or a dash.
pub(crate) fn length(seconds: Option<f64>) -> String {
    seconds.map_or_else(|| "-".to_owned(), duration_of)
}

/// What survived and failed silences say of the stated timeout.
pub(crate) fn reading(path: &PathReport) -> Option<String> {
    let timeout = path.timeout_seconds?;
    let stated = duration_of(timeout);
    let (longest, shortest) = (path.longest_survived_seconds, path.shortest_failed_seconds);
    if let Some(shortest) = shortest.filter(|shortest| *shortest < timeout) {
        return Some(format!(
            "A silence of {} failed below the stated {stated}: the box may forget sooner. See whether a shorter timeout is to be stated.",
            duration_of(shortest)
        ));
    }
    match (longest, shortest) {
        (Some(longest), Some(shortest)) if longest > shortest => Some(format!(
            "A silence of {} was survived and one of {} was not: the box does not treat all alike, or something else failed.",
            duration_of(longest),
            duration_of(shortest)
        )),
        (Some(longest), _) if longest > timeout => Some(format!(
            "A silence of {} was survived beyond the stated {stated}: the box may keep entries for longer than that.{}",
            duration_of(longest),
            shortest.map_or_else(String::new, |shortest| format!(
                " The shortest that failed was {}.",
                duration_of(shortest)
            ))
        )),
        (_, Some(shortest)) => Some(format!(
            "The shortest silence that failed, {}, is beyond the stated {stated}: that fits.",
            duration_of(shortest)
        )),
        _ => None,
    }
}

/// Connections of an alert: those that were in trouble at its last change, and of how many.
pub(crate) fn connections(alert: &Alert) -> String {
    if alert.connections >= alert.count {
        alert.count.to_string()
    } else {
        format!("{} of {}", alert.connections, alert.count)
    }
}
