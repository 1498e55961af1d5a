//! What is measured, in the order of the page. To add a benchmark, write its file, after the example of `start`, and
//! its line below: the file's name.

use crate::benchmark::Benchmark;

macro_rules! benchmarks {
    ($($file:ident;)+) => {
        $(mod $file;)+

        /// Every benchmark.
        pub const ALL: &[Benchmark] = &[$($file::BENCHMARK),+];
    };
}

benchmarks! {
    program_run;
    round_trip;
    application;
    sweep;
    silent;
    warned;
    scope;
    memory;
    versus_ss;
    storm;
    judge;
    start;
    history;
    live;
    open_pages;
    listing;
    soak;
}

/// Those that are measured where they are named, and not with all: each takes more than half as long as the others
/// together.
pub const APART: &[&str] = &[soak::BENCHMARK.name];
