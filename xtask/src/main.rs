//! `cargo xtask`: sets up, runs and tests this workspace. One file a subcommand.

mod architecture;
mod bench;
mod command;
mod demo;
mod error;
mod files;
mod fleet;
mod fuzz;
mod lab;
mod package;
mod progress;
mod results;
mod rules;
mod run;
mod setup;
mod test;
mod vm;
mod workspace;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

#[derive(Debug, Parser)]
#[command(
    bin_name = "cargo xtask",
    about = "Sets up, runs and tests tcplull. Every command first sets up what it needs"
)]
struct Cli {
    #[command(subcommand)]
    command: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Install what building, testing and the lab need; costs nothing when all is there
    Setup,
    /// Build tcplull and start its daemon
    Run(run::Args),
    /// Check format and lints, run every test and every lab scenario once, and the core ones on other kernels
    Test(test::Args),
    /// Feed everything that reads bytes from outside with what leads somewhere new, by libFuzzer
    Fuzz(fuzz::Args),
    /// Run scenarios in network namespaces and compare what tcplull says with what happened
    Lab(lab::Args),
    /// Boot other kernels in virtual machines, and check and run the core scenarios on each
    Vm(vm::Args),
    /// Measure what tcplull costs on this machine, and write docs/performance.md
    Bench(bench::Args),
    /// Write deploy/prometheus, the rules and their tests, from their one source
    Rules(rules::Args),
    /// Measure what many nodes cost Prometheus and Alertmanager, for docs/fleet.md
    Fleet(fleet::Args),
    /// Write what is installed, for x86-64 and aarch64: a tarball, a Debian package, an RPM and a container image, with checksums and a list of what is in them
    Package(package::Args),
    /// Watch one silence outlive its path, from the first byte to the alert
    Demo(demo::Args),
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Task::Setup => setup::everything(),
        Task::Run(args) => run::run(&args),
        Task::Test(args) => test::run(&args),
        Task::Fuzz(args) => fuzz::run(&args),
        Task::Lab(args) => lab::run(&args),
        Task::Vm(args) => vm::run(&args),
        Task::Bench(args) => bench::run(&args),
        Task::Rules(args) => rules::run(&args),
        Task::Fleet(args) => fleet::run(&args),
        Task::Package(args) => package::run(&args),
        Task::Demo(args) => demo::run(&args),
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
