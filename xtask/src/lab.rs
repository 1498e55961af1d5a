//! `cargo xtask lab`: the scenarios, by name or all of them.

use crate::command::become_it;
use crate::error::Error;
use crate::{setup, workspace};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// Where monitor's tests look for recordings.
const RECORDINGS: &str = "monitor/tests/recordings";

/// Which scenarios, and how.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only these scenarios
    names: Vec<String>,
    /// Print one JSON object a run on stdout, the table last, and nothing else there
    #[arg(long)]
    json: bool,
    /// Run each scenario this often
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    repeat: u32,
    /// Make the recordings anew that the judge is tested with, of each scenario that is right
    #[arg(long, conflicts_with = "repeat")]
    record: bool,
    /// Run so many at once; the lab knows how many by default
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
    /// Write a page with the confusion table to this file, as Markdown
    #[arg(long, value_name = "FILE")]
    table: Option<PathBuf>,
    /// Print the names of the scenarios and run none
    #[arg(long, conflicts_with_all = ["names", "json", "repeat", "jobs", "table", "record", "daemon"])]
    list: bool,
    /// Arguments for every `tcplull run`, after `--`
    #[arg(last = true, value_name = "ARGUMENT")]
    daemon: Vec<OsString>,
}

/// Sets up, builds, and becomes the lab.
pub fn run(args: &Args) -> Result<ExitCode, Error> {
    if args.list {
        let lab = workspace::build_lab()?;
        return become_it(Command::new(lab).arg("list"));
    }
    setup::toolchain()?;
    setup::lab_programs()?;
    let [tcplull, lab] = workspace::build_tcplull_and_lab()?;
    let mut command = command(&lab, &tcplull, &args.names);
    if args.record {
        let recordings = workspace::root().join(RECORDINGS);
        command.arg("--record-to").arg(recordings);
    } else {
        command.arg("--repeat").arg(args.repeat.to_string());
    }
    if args.json {
        command.arg("--json");
    }
    if let Some(jobs) = args.jobs {
        command.arg("--jobs").arg(jobs.to_string());
    }
    if let Some(table) = &args.table {
        command.arg("--table").arg(table);
    }
    if !args.daemon.is_empty() {
        command.arg("--").args(&args.daemon);
    }
    become_it(&mut command)
}

/// The lab's command that runs these scenarios, or all if there are none.
pub fn command(lab: &Path, tcplull: &Path, names: &[String]) -> Command {
    let mut command = Command::new(lab);
    command
        .arg("run")
        .args(names)
        .arg("--tcplull")
        .arg(tcplull)
        .env("PATH", setup::search_path());
    command
}
