//! `cargo xtask test`: lints, dependencies, every test, every lab scenario, two other kernels, and one closing line.

mod applications;
mod cargo_test;
mod checks;
mod dependencies;
mod plan;
mod room;
mod scenarios;
mod verifier;

use crate::error::Error;
use crate::results::Results;
use crate::{command, fuzz, package, progress, setup, vm, workspace};
use std::env;
use std::process::ExitCode;

/// What is to be tested.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only tests and scenarios whose name contains this, and no lints
    filter: Option<String>,
    /// Before each commit: lints, the tests that need no root, three scenarios; under two minutes once all is built
    #[arg(long, conflicts_with_all = ["slow", "filter"])]
    quick: bool,
    /// Everything: also every supported kernel in a virtual machine, what packages install, and whether each benchmark works
    #[arg(long, conflicts_with = "filter")]
    slow: bool,
}

/// How much is tested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// What a contributor runs before each commit.
    Quick,
    /// What CI runs.
    Usual,
    /// All there is.
    Slow,
}

impl Args {
    fn extent(&self) -> Extent {
        match (self.quick, self.slow) {
            (true, _) => Extent::Quick,
            (_, true) => Extent::Slow,
            _ => Extent::Usual,
        }
    }
}

/// Runs everything, also after a failure, and closes with `N passed, N failed, N skipped`. A failed lint counts as one
/// failure. Under `CI=true` a skipped test is a failure of the whole.
pub fn run(args: &Args) -> Result<ExitCode, Error> {
    let extent = args.extent();
    if args.filter.is_none() {
        plan::say(extent);
        room::ask()?;
    }
    setup::toolchain()?;
    setup::lab_programs()?;
    setup::test_programs()?;
    let filter = args.filter.as_deref();
    let mut results = Results::default();
    if filter.is_none() {
        checks::run(&mut results)?;
        dependencies::run(&mut results)?;
    }
    if extent == Extent::Quick {
        quick(&mut results)?;
        return Ok(close(&results));
    }
    cargo_test::run(filter, &mut results)?;
    fuzz::test(filter, &mut results)?;
    // A workspace that does not build has no lab to run; its error stands above.
    match workspace::build_beside_tests() {
        Ok([tcplull, lab]) => {
            verifier::run(&tcplull, filter, &mut results)?;
            scenarios::run(&lab, &tcplull, filter, &mut results)?;
            applications::run(&lab, &tcplull, filter, &mut results)?;
            if let Err(error) = vm::test(filter, extent == Extent::Slow, &mut results) {
                results.fail(format!("vm: {error}"));
            }
            if extent == Extent::Slow || filter.is_some_and(package::is_named_by) {
                package::test(filter, &mut results)
                    .unwrap_or_else(|error| results.fail(format!("packages: {error}")));
            }
        }
        Err(error) => results.fail(error.to_string()),
    }
    if extent == Extent::Slow {
        cargo_test::at_random(&mut results)?;
        cargo_test::ten_times(&mut results)?;
        benchmarks(&mut results)?;
    }
    Ok(close(&results))
}

/// The scenarios of a quick run: a page, a control, and a stall.
const QUICK: &str = "nat-silent-drop survives peer-stops-reading";

fn quick(results: &mut Results) -> Result<(), Error> {
    cargo_test::without_root(results)?;
    match workspace::build_beside_tests() {
        Ok([tcplull, lab]) => scenarios::named(&lab, &tcplull, QUICK, results),
        Err(error) => {
            results.fail(error.to_string());
            Ok(())
        }
    }
}

/// Whether each benchmark works; what it measures counts for nothing here.
fn benchmarks(results: &mut Results) -> Result<(), Error> {
    let name = "cargo xtask bench --quick";
    progress::step(name);
    let mut command = workspace::cargo();
    command.args(["xtask", "bench", "--quick"]);
    if command::status(&mut command)?.success() {
        results.pass(1);
    } else {
        results.fail(name.to_owned());
    }
    Ok(())
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
    for line in &results.reasons {
        progress::note(line);
    }
    if in_ci && results.skipped > 0 {
        progress::note("CI=true: what was skipped here was not tested, so this run fails");
    }
    for (step, took) in progress::long_steps() {
        progress::note(&format!("{:>4} s: {step}", took.as_secs()));
    }
    if results.is_empty() {
        progress::note("no test has that in its name, so nothing was tested");
    }
    println!("{results}");
    u8::from(!results.are_good(in_ci)).into()
}
