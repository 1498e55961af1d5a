//! The command `tcplull` as its users meet it: on the real kernel, through the
//! command line, the HTTP endpoints and the findings it writes. What needs root
//! says so in its name where it is skipped; under CI=true nothing is.

mod alerts;
mod bad_input;
mod common;
mod connections;
mod daemon;
mod hostile;
mod memory;
mod metrics;
mod namespaces;
mod recording;
mod reload;
mod ring_full;
mod silence;
mod snapshots;
mod watched_sockets;

use common::trials;
use libtest_mimic::Arguments;
use std::process::ExitCode;

fn main() -> ExitCode {
    let files = [
        // One of these waits a minute: first, so that the others run beside it.
        ("memory", memory::TESTS),
        ("alerts", alerts::TESTS),
        ("bad_input", bad_input::TESTS),
        ("connections", connections::TESTS),
        ("daemon", daemon::TESTS),
        ("hostile", hostile::TESTS),
        ("watched_sockets", watched_sockets::TESTS),
        ("metrics", metrics::TESTS),
        ("namespaces", namespaces::TESTS),
        ("recording", recording::TESTS),
        ("reload", reload::TESTS),
        ("ring_full", ring_full::TESTS),
        ("silence", silence::TESTS),
        ("snapshots", snapshots::TESTS),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials(&files)).exit_code()
}
