//! Prometheus metrics, all under `tcplull_`. Each is one entry of the table in [`table`], from which its help, its
//! series, its values and the check of the documentation follow.
//!
//! Every path and every outcome has its series from the start, so that `rate()`
//! sees the first event. Connections without a path count under the path `none`.

mod exposition;
mod numbers;
mod table;

#[cfg(test)]
mod tests;

pub use numbers::{HistoryShown, Metrics, SilentCounts, SweepNumbers};
