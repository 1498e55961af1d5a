//! The exposition format: Prometheus' text, version 0.0.4.

use super::numbers::{Metrics, Sample};
use monitor_common::{GAP_BUCKETS, GapHistogram};
use monitor_model::format::printable;
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
    Seconds(fn(&Metrics) -> Duration),
    /// A share of one core; infinite where there is no bound.
    Share(fn(&Metrics) -> f64),
    Labelled(&'static [&'static str], fn(&Metrics) -> Vec<Sample>),
    ByPath(fn(&Metrics) -> Vec<(&str, &GapHistogram)>),
}

/// All metrics that have a series, in the order of their names and labels.
pub(super) fn written(metrics: &[Metric], now: &Metrics) -> String {
    let mut metrics: Vec<&Metric> = metrics.iter().collect();
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
            Self(_, _, Read::ByPath(_)) => "histogram",
            Self(name, ..) if name.ends_with("_total") => "counter",
            _ => "gauge",
        }
    }

    fn series(&self, now: &Metrics) -> String {
        let Self(name, _, read) = self;
        let names: &[&str] = match read {
            Read::Labelled(labels, _) => labels,
            Read::ByPath(_) => &["path", "le"],
            Read::One(_) | Read::Seconds(_) | Read::Share(_) => &[],
        };
        let mut text = String::new();
        let mut line = |suffix: &str, values: &[&str], value: &dyn Display| {
            let pairs = names.iter().zip(values);
            let labels: Vec<String> = pairs
                .map(|(name, value)| format!("{name}=\"{}\"", escaped(value)))
                .collect();
            let labels = match labels.join(",") {
                none if none.is_empty() => none,
                labels => format!("{{{labels}}}"),
            };
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{name}{suffix}{labels} {value}");
        };
        match read {
            Read::One(read) => line("", &[], &read(now)),
            Read::Seconds(read) => line("", &[], &read(now).as_secs_f64()),
            Read::Share(read) => match read(now) {
                share if share.is_finite() => line("", &[], &share),
                _ => line("", &[], &"+Inf"),
            },
            Read::Labelled(_, read) => {
                let mut samples = read(now);
                samples.sort_unstable();
                for (labels, value) in samples {
                    let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
                    line("", &labels, &value);
                }
            }
            Read::ByPath(read) => {
                for (path, gaps) in read(now) {
                    let mut count = 0;
                    for (power, in_bucket) in (1..).zip(gaps.buckets) {
                        count += in_bucket;
                        // The last bucket has no upper bound.
                        let bound = match power {
                            GAP_BUCKETS => "+Inf".to_owned(),
                            power => (1u64 << power).to_string(),
                        };
                        line("_bucket", &[path, &bound], &count);
                    }
                    line("_sum", &[path], &(gaps.sum_ms as f64 / 1000.0));
                    line("_count", &[path], &count);
                }
            }
        }
        text
    }
}

/// A label's value. No line ends in it: those are shown as what cannot be.
fn escaped(value: &str) -> String {
    printable(value).replace('\\', "\\\\").replace('"', "\\\"")
}
