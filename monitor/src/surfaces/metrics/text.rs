//! Prometheus' text format, version 0.0.4.

use super::Metrics;
use monitor_common::{GAP_BUCKETS, GapHistogram};
use std::fmt::{Display, Write};
use std::time::Duration;

/// One metric: an entry of the table.
pub(super) struct Metric {
    pub(super) name: &'static str,
    pub(super) help: &'static str,
    kind: &'static str,
    labels: &'static [&'static str],
    read: Read,
}

/// The values of a series' labels, in the order of the metric's, and its value.
pub(super) type Sample = (Vec<String>, u64);

/// How a metric is read.
enum Read {
    One(fn(&Metrics) -> u64),
    Seconds(fn(&Metrics) -> Duration),
    Labelled(fn(&Metrics) -> Vec<Sample>),
    ByPath(fn(&Metrics) -> Vec<(&str, &GapHistogram)>),
}

type Text = &'static str;

/// One that only grows.
pub(super) const fn counter(name: Text, help: Text, read: fn(&Metrics) -> u64) -> Metric {
    metric(name, help, "counter", &[], Read::One(read))
}

pub(super) const fn gauge(name: Text, help: Text, read: fn(&Metrics) -> u64) -> Metric {
    metric(name, help, "gauge", &[], Read::One(read))
}

pub(super) const fn seconds(name: Text, help: Text, read: fn(&Metrics) -> Duration) -> Metric {
    metric(name, help, "gauge", &[], Read::Seconds(read))
}

/// Several that only grow, with labels in the order of their names.
pub(super) const fn counters(
    name: Text,
    help: Text,
    labels: &'static [Text],
    read: fn(&Metrics) -> Vec<Sample>,
) -> Metric {
    metric(name, help, "counter", labels, Read::Labelled(read))
}

/// Several, with labels in the order of their names.
pub(super) const fn gauges(
    name: Text,
    help: Text,
    labels: &'static [Text],
    read: fn(&Metrics) -> Vec<Sample>,
) -> Metric {
    metric(name, help, "gauge", labels, Read::Labelled(read))
}

pub(super) const fn histograms(
    name: Text,
    help: Text,
    read: fn(&Metrics) -> Vec<(&str, &GapHistogram)>,
) -> Metric {
    metric(name, help, "histogram", &["path"], Read::ByPath(read))
}

const fn metric(name: Text, help: Text, kind: Text, labels: &'static [Text], read: Read) -> Metric {
    Metric {
        name,
        help,
        kind,
        labels,
        read,
    }
}

/// All metrics that have a series, in the order of their names and labels.
pub(super) fn written(metrics: &[Metric], now: &Metrics) -> String {
    let mut metrics: Vec<&Metric> = metrics.iter().collect();
    metrics.sort_unstable_by_key(|metric| metric.name);
    let mut text = String::new();
    for metric in metrics {
        let series = metric.series(now);
        if !series.is_empty() {
            let Metric {
                name, help, kind, ..
            } = metric;
            text.push_str(&format!(
                "# HELP {name} {help}\n# TYPE {name} {kind}\n{series}"
            ));
        }
    }
    text
}

impl Metric {
    fn series(&self, now: &Metrics) -> String {
        let mut text = String::new();
        let mut line = |suffix: &str, values: &[&str], value: &dyn Display| {
            let names = self.labels.iter().chain(&["le"]);
            let labels: Vec<String> = names
                .zip(values)
                .map(|(name, value)| format!("{name}=\"{}\"", escaped(value)))
                .collect();
            let labels = match labels.join(",") {
                none if none.is_empty() => none,
                labels => format!("{{{labels}}}"),
            };
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{}{suffix}{labels} {value}", self.name);
        };
        match self.read {
            Read::One(read) => line("", &[], &read(now)),
            Read::Seconds(read) => line("", &[], &read(now).as_secs_f64()),
            Read::Labelled(read) => {
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

fn escaped(value: &str) -> String {
    let value = value.replace('\\', "\\\\").replace('"', "\\\"");
    value.replace('\n', "\\n")
}
