//! `monitor-bench`: what tcplull costs on this machine, one file for each benchmark of `docs/performance.md`.
//!
//! Reading order for a newcomer: [`benchmarks`] (what is measured and how), [`page`] and [`results`] (what becomes of
//! it), then the machinery: [`context`], [`world`], [`crowd`], [`load`], [`soak`], [`bpf`], [`sweeping`], [`stats`]; apart from all
//! that [`round_trips`], which a virtual machine runs.

mod benchmark;
mod benchmarks;
mod bpf;
mod cli;
mod context;
mod crowd;
mod earlier;
mod error;
mod load;
mod machine;
mod moved;
mod page;
mod results;
mod round_trips;
mod soak;
mod stats;
mod sweeping;
mod watch;
mod world;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
