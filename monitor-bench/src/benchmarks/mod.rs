//! What is measured: one file a row, with a page of Markdown beside it that says how, and what was tried.

mod application;
mod memory;
mod program_run;
mod round_trip;
mod start;
mod storm;
mod sweep;
mod versus_ss;

use crate::benchmark::Row;

/// All rows, in the order of the page.
pub const ALL: &[Row] = &[
    program_run::ROW,
    round_trip::ROW,
    application::ROW,
    sweep::ROW,
    memory::ROW,
    versus_ss::ROW,
    storm::ROW,
    start::ROW,
];
