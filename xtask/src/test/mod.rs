//! `cargo xtask test`: lints, dependencies, every test, every lab scenario, two other kernels, and one closing line.

mod cargo_test;
mod checks;
mod dependencies;
mod scenarios;
mod verifier;

use crate::error::Error;
use crate::results::Results;
use crate::{fuzz, progress, setup, vm, workspace};
use std::env;
use std::process::ExitCode;

/// What is to be tested.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only tests and scenarios whose name contains this, and no lints
    filter: Option<String>,
}

/// Runs everything, also after a failure, and closes with `N passed, N failed, N skipped`. A failed lint counts as one
/// failure. Under `CI=true` a skipped test is a failure of the whole.
pub fn run(args: &Args) -> Result<ExitCode, Error> {
    setup::toolchain()?;
    setup::lab_programs()?;
    setup::test_programs()?;
    let filter = args.filter.as_deref();
    let mut results = Results::default();
    if filter.is_none() {
        checks::run(&mut results)?;
        dependencies::run(&mut results)?;
    }
    cargo_test::run(filter, &mut results)?;
    fuzz::test(filter, &mut results)?;
    // A workspace that does not build has no lab to run; its error stands above.
    match workspace::build_tcplull_and_lab() {
        Ok([tcplull, lab]) => {
            verifier::run(&tcplull, filter, &mut results)?;
            scenarios::run(&lab, &tcplull, filter, &mut results)?;
            if let Err(error) = vm::test(filter, &mut results) {
                results.fail(format!("vm: {error}"));
            }
        }
        Err(error) => results.fail(error.to_string()),
    }
    Ok(close(&results))
}

fn close(results: &Results) -> ExitCode {
    let in_ci = env::var_os("CI").is_some_and(|value| value == "true");
    for (title, names) in [
        ("skipped", &results.skipped_names),
        ("FAILED", &results.failed_names),
    ] {
        for name in names {
            progress::note(&format!("{title}: {name}"));
        }
    }
    if in_ci && results.skipped > 0 {
        progress::note("CI=true: what was skipped here was not tested, so this run fails");
    }
    if results.is_empty() {
        progress::note("no test has that in its name, so nothing was tested");
    }
    println!("{results}");
    u8::from(!results.are_good(in_ci)).into()
}
