//! Prometheus metrics, all under `tcplull_` but the process's own. Each is one entry of the table in [`table`], which has a
//! file for each part; its help, its series, its values and the check of the documentation follow from it.
//!
//! Every path and every outcome has its series from the start, so that `rate()`
//! sees the first event; a series that comes later is shown as 0 at first. Connections without a path count under the path
//! `none`.

mod by_path;
mod by_workload;
mod exposition;
mod labelled;
mod new_series;
mod numbers;
mod table;

#[cfg(test)]
mod tests;

pub use by_workload::ByWorkload;
pub use numbers::{HealNumbers, HistoryShown, Metrics, PathNumbers, SilentCounts, SweepNumbers};
