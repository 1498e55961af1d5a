//! What every test of the real testbed needs: root, or to be skipped by name.

use libtest_mimic::{Arguments, Failed, Trial};
use monitor_lab::LabError;
use nix::unistd::geteuid;
use std::process::ExitCode;

/// A test on the real kernel.
pub type Test = (&'static str, fn() -> Result<(), LabError>);

/// Runs them. Without root each is reported as ignored; under CI=true it runs
/// all the same, and fails.
pub fn run(tests: &[Test]) -> ExitCode {
    let ignored = !geteuid().is_root() && std::env::var_os("CI").is_none_or(|ci| ci != "true");
    let trial = |(name, test): &Test| {
        let test = *test;
        Trial::test(*name, move || test().map_err(Failed::from)).with_ignored_flag(ignored)
    };
    libtest_mimic::run(&Arguments::from_args(), tests.iter().map(trial).collect()).exit_code()
}
