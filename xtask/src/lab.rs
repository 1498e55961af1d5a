//! `cargo xtask lab`: the scenarios, by name or all of them.

use std::process::{Command, ExitCode};

use crate::{
    error::Error,
    setup,
    workspace::{self, Program},
};

/// Where monitor's tests look for recordings.
const RECORDINGS: &str = "monitor/tests/recordings";

/// Which scenarios, and how.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only this scenario
    name: Option<String>,
    /// Print one JSON object a run on stdout, and nothing else there
    #[arg(long)]
    json: bool,
    /// Run each scenario this often
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    repeat: u32,
    /// Make the recordings anew that the judge is tested with, of each scenario that is right
    #[arg(long, conflicts_with = "repeat")]
    record: bool,
    /// Print the names of the scenarios and run none
    #[arg(long, conflicts_with_all = ["name", "json", "repeat", "record"])]
    list: bool,
}

/// Sets up, builds, and becomes the lab.
pub fn run(args: &Args) -> Result<ExitCode, Error> {
    if args.list {
        let lab = workspace::build_lab()?;
        return workspace::become_command(Command::new(lab.path).arg("list"));
    }
    setup::toolchain()?;
    setup::lab_programs()?;
    let (tcplull, lab) = workspace::build_tcplull_and_lab()?;
    let mut command = command(&lab, &tcplull, args.name.as_deref());
    if args.json {
        command.arg("--json");
    }
    if args.record {
        let recordings = workspace::root().join(RECORDINGS);
        command.arg("--record-to").arg(recordings);
    } else {
        command.arg("--repeat").arg(args.repeat.to_string());
    }
    workspace::become_command(&mut command)
}

/// The lab's command that runs one scenario, or all.
pub fn command(lab: &Program, tcplull: &Program, name: Option<&str>) -> Command {
    let mut command = Command::new(&lab.path);
    command
        .arg("run")
        .args(name)
        .arg("--tcplull")
        .arg(&tcplull.path)
        .env("PATH", setup::search_path());
    command
}
