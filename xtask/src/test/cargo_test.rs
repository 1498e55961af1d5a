//! `cargo test`, shown as it runs and counted.

use crate::error::Error;
use crate::results::Results;
use crate::{command, progress, setup, workspace};
use std::process::Command;

const ARGS: &str = "test --workspace --exclude monitor-ebpf --no-fail-fast";

/// Of a quick run: what needs neither root nor time.
// One call for all: for fewer packages cargo would build what they share again, with fewer features.
const WITHOUT_ROOT: &str = "test --workspace --exclude monitor-ebpf --no-fail-fast --lib --bins --test walls --test floors \
    --test golden --test documentation --test prometheus --test recordings";

/// Of a run of all there is: what is done ten times, the whole way of a page.
const TEN_TIMES: &str = "test --package monitor --test command --no-fail-fast -- ten_times";

/// Of a run of all there is: what holds of any life of a connection, tried on lives that nobody has tried before.
const AT_RANDOM: &str =
    "test --workspace --exclude monitor-ebpf --no-fail-fast --lib -- properties lives:: next_look";

/// How many of them, for each property.
const LIVES: &str = "5000";

/// From where an ordinary run draws what properties are tried on: a change is held against the same as the one before
/// it, and no run fails for what it has not touched. What is found at random is found by [`at_random`].
const SEED: (&str, &str) = ("PROPTEST_RNG_SEED", "20261129");

/// What lets slow tests run.
const SLOW: &str = "TCPLULL_SLOW";

/// Runs the tests whose name contains `filter`, or all, with documentation tests.
pub fn run(filter: Option<&str>, results: &mut Results) -> Result<(), Error> {
    cargo(ARGS, filter, results)
}

/// Runs those that need neither root nor time.
pub fn without_root(results: &mut Results) -> Result<(), Error> {
    cargo(WITHOUT_ROOT, None, results)
}

/// Runs the properties of the judge and its alerts on many new lives.
pub fn at_random(results: &mut Results) -> Result<(), Error> {
    let mut command = workspace::cargo();
    command.env("PROPTEST_CASES", LIVES);
    started(command, AT_RANDOM, None, results)
}

/// Runs what is done ten times.
pub fn ten_times(results: &mut Results) -> Result<(), Error> {
    let mut command = workspace::cargo();
    command.env(SLOW, "1");
    started(command, TEN_TIMES, None, results)
}

fn cargo(arguments: &str, filter: Option<&str>, results: &mut Results) -> Result<(), Error> {
    let mut command = workspace::cargo();
    if std::env::var_os(SEED.0).is_none() {
        command.env(SEED.0, SEED.1);
    }
    started(command, arguments, filter, results)
}

fn started(
    mut command: Command,
    arguments: &str,
    filter: Option<&str>,
    results: &mut Results,
) -> Result<(), Error> {
    let name = format!("cargo {arguments}");
    progress::step(&name);
    command
        .args(arguments.split(' '))
        .env("PATH", setup::search_path());
    if let Some(filter) = filter {
        command.arg(filter);
    }
    let failed_before = results.failed;
    let status = command::show_lines(&mut command, |line| results.read_test_line(line))?;
    if !status.success() && results.failed == failed_before {
        // It did not build, or a test program ended without its closing line.
        results.fail(format!("{name} ({status})"));
    }
    Ok(())
}
