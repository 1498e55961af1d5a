//! Every metric: name, help, labels, and how it is read.

mod daemon;
mod found;
mod kernel;
mod told;

use super::exposition::{self, Metric};
use super::numbers::Metrics;

/// In whatever order: they are written in that of their names.
const ALL: [&[Metric]; 4] = [found::ALL, told::ALL, kernel::ALL, daemon::ALL];

impl Metrics {
    /// The name of every metric.
    pub fn names() -> impl Iterator<Item = &'static str> {
        all().map(|Metric(name, ..)| *name)
    }

    /// Everything in Prometheus' text format, version 0.0.4.
    pub fn render(&self) -> String {
        exposition::written(all(), self)
    }
}

fn all() -> impl Iterator<Item = &'static Metric> {
    ALL.into_iter().flatten()
}
