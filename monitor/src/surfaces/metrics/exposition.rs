//! The exposition format: Prometheus' text, version 0.0.4.

use super::numbers::{Labels, Metrics, Sample};
use monitor_model::format::printable;
use monitor_model::histogram::Histogram;
use std::fmt::{Display, Write};
use std::time::Duration;

/// One metric, an entry of the table: name, help, and how it is read. One that only grows
/// has a name that ends in `_total`.
pub(super) struct Metric(
    pub(super) &'static str,
    pub(super) &'static str,
    pub(super) Read,
);

/// How a metric is read. Labels are in the order of their names.
pub(super) enum Read {
    One(fn(&Metrics) -> u64),
    /// `None` where it is not known: then there is no series.
    Known(fn(&Metrics) -> Option<f64>),
    Seconds(fn(&Metrics) -> Duration),
    /// A share of one core; infinite where there is no bound.
    Share(fn(&Metrics) -> f64),
    Labelled(&'static [&'static str], fn(&Metrics) -> Vec<Sample>),
    SecondsLabelled(
        &'static [&'static str],
        fn(&Metrics) -> Vec<(Labels, Duration)>,
    ),
    Histograms(
        &'static [&'static str],
        fn(&Metrics) -> Vec<(Labels, Histogram)>,
    ),
}

/// All metrics that have a series, in the order of their names and labels.
pub(super) fn written<'a>(metrics: impl Iterator<Item = &'a Metric>, now: &Metrics) -> String {
    let mut metrics: Vec<&Metric> = metrics.collect();
    metrics.sort_unstable_by_key(|Metric(name, ..)| name);
    let mut text = String::new();
    for metric in metrics {
        let series = metric.series(now);
        if !series.is_empty() {
            let Metric(name, help, _) = metric;
            let kind = metric.kind();
            text.push_str(&format!(
                "# HELP {name} {help}\n# TYPE {name} {kind}\n{series}"
            ));
        }
    }
    text
}

impl Metric {
    fn kind(&self) -> &'static str {
        match self {
            Self(_, _, Read::Histograms(..)) => "histogram",
            Self(name, ..) if name.ends_with("_total") => "counter",
            _ => "gauge",
        }
    }

    fn series(&self, now: &Metrics) -> String {
        let Self(name, _, read) = self;
        let mut series = Series::of(name);
        match read {
            Read::One(read) => series.line("", &[], &[], &read(now)),
            Read::Known(read) => {
                if let Some(value) = read(now) {
                    series.line("", &[], &[], &number(value));
                }
            }
            Read::Seconds(read) => series.line("", &[], &[], &seconds(read(now))),
            Read::Share(read) => series.line("", &[], &[], &number(read(now))),
            Read::Labelled(names, read) => {
                for (labels, value) in sorted(read(now)) {
                    series.line("", names, &labels, &value);
                }
            }
            Read::SecondsLabelled(names, read) => {
                for (labels, value) in sorted(read(now)) {
                    series.line("", names, &labels, &seconds(value));
                }
            }
            Read::Histograms(names, read) => {
                for (labels, histogram) in sorted(read(now)) {
                    series.histogram(names, labels, &histogram);
                }
            }
        }
        series.text
    }
}

/// By their labels.
fn sorted<T>(mut samples: Vec<(Labels, T)>) -> Vec<(Labels, T)> {
    samples.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
    samples
}

/// The lines of one metric.
struct Series<'a> {
    name: &'a str,
    text: String,
}

impl<'a> Series<'a> {
    fn of(name: &'a str) -> Self {
        Self {
            name,
            text: String::new(),
        }
    }

    fn line(&mut self, suffix: &str, names: &[&str], values: &[String], value: &dyn Display) {
        let text = &mut self.text;
        text.push_str(self.name);
        text.push_str(suffix);
        let mut between = '{';
        // To Prometheus a label without a value is none.
        let labels = names
            .iter()
            .zip(values)
            .filter(|(_, value)| !value.is_empty());
        for (name, value) in labels {
            text.push(between);
            text.push_str(name);
            text.push_str("=\"");
            escape(text, value);
            text.push('"');
            between = ',';
        }
        if between == ',' {
            text.push('}');
        }
        // Writing to a string cannot fail.
        let _ = writeln!(text, " {value}");
    }

    fn histogram(&mut self, names: &[&str], mut labels: Labels, histogram: &Histogram) {
        let with_bound = [names, &["le"]].concat();
        for (bound, count) in histogram.cumulative() {
            labels.push(bound.map_or("+Inf".to_owned(), |bound| bound.to_string()));
            self.line("_bucket", &with_bound, &labels, &count);
            labels.pop();
        }
        self.line("_sum", names, &labels, &histogram.sum());
        self.line("_count", names, &labels, &histogram.count());
    }
}

/// A number as Prometheus reads it.
fn number(value: f64) -> String {
    if value == f64::INFINITY {
        "+Inf".to_owned()
    } else {
        value.to_string()
    }
}

/// A label's value. No line ends in it: those are shown as what cannot be.
fn escape(text: &mut String, value: &str) {
    for letter in printable(value).chars() {
        if matches!(letter, '\\' | '"') {
            text.push('\\');
        }
        text.push(letter);
    }
}

/// So many seconds, the nearest number that there is: seconds and their fraction added up may be the one beside it.
fn seconds(duration: Duration) -> f64 {
    duration.as_nanos() as f64 / 1e9
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_shown_as_they_are() {
        // 1 + 0.945 is the number below.
        assert_eq!(seconds(Duration::from_millis(1_945)).to_string(), "1.945");
    }
}
