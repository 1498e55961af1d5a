//! What every test of the real testbed needs: root, or to be skipped by name.

use libtest_mimic::{Arguments, Failed, Trial};
use nix::unistd::geteuid;
use std::process::ExitCode;

/// The laboratory's own binary.
pub const LAB: &str = env!("CARGO_BIN_EXE_monitor-lab");

/// How a test ends.
pub type Tested = Result<(), Failed>;

/// A test on the real kernel.
pub type Test = (&'static str, fn() -> Tested);

/// Runs them. Without root each is reported as ignored; under CI=true it runs
/// all the same, and fails.
pub fn run(tests: &[Test]) -> ExitCode {
    let ignored = !geteuid().is_root() && std::env::var_os("CI").is_none_or(|ci| ci != "true");
    let trial = |(name, test): &Test| Trial::test(*name, *test).with_ignored_flag(ignored);
    libtest_mimic::run(&Arguments::from_args(), tests.iter().map(trial).collect()).exit_code()
}
