//! Prometheus metrics, all under `tcplull_`. Each is one entry of the table in [`table`], from which its help, its
//! series, its values and the check of the documentation follow.
//!
//! Every path and every outcome has its series from the start, so that `rate()`
//! sees the first event; a series that comes later is shown as 0 at first. Connections without a path count under the path
//! `none`.

mod by_workload;
mod exposition;
mod new_series;
mod numbers;
mod table;

#[cfg(test)]
mod tests;

pub use by_workload::ByWorkload;
pub use numbers::{HistoryShown, Metrics, PathNumbers, SilentCounts, SweepNumbers};
