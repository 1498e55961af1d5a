//! `cargo xtask lab`: the scenarios, by name or all of them.

use crate::command::become_it;
use crate::error::Error;
use crate::{command as programs, setup, workspace};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// Where monitor's tests look for recordings.
const RECORDINGS: &str = "monitor/tests/recordings";

/// Which scenarios, and how.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only these scenarios, applications or settings
    names: Vec<String>,
    /// Let real applications live, and judge what is said of them
    #[arg(long)]
    apps: bool,
    /// Try the settings of docs/settings.md with real applications behind a box: each once set and once not
    #[arg(long, conflicts_with_all = ["record", "table"])]
    settings: bool,
    /// Print one JSON object a run on stdout, the table last, and nothing else there
    #[arg(long)]
    json: bool,
    /// Run each scenario this often
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    repeat: u32,
    /// Make the recordings anew that the judge is tested with, of each scenario that is right; those of applications go
    /// under the target folder
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
        let list: &[&str] = if args.settings {
            &["apps", "--list", "--settings"]
        } else if args.apps {
            &["apps", "--list"]
        } else {
            &["list"]
        };
        return become_it(Command::new(lab).args(list));
    }
    setup::toolchain()?;
    setup::lab_programs()?;
    let [tcplull, lab] = workspace::build_tcplull_and_lab()?;
    let mut command = if args.apps || args.settings {
        let names = args.names.iter().map(String::as_str);
        let names: Vec<&str> = names.chain(args.settings.then_some("--settings")).collect();
        applications(&lab, &tcplull, &names)?
    } else {
        command(&lab, &tcplull, &args.names)
    };
    if args.record {
        let recordings = if args.apps {
            workspace::target_dir()?.join("applications")
        } else {
            workspace::root().join(RECORDINGS)
        };
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

/// The lab's command that lets these applications live, or all if there are none, once all is there that they are made
/// of. Options of the lab's may stand among the names.
pub fn applications(lab: &Path, tcplull: &Path, names: &[&str]) -> Result<Command, Error> {
    let needs = programs::output(Command::new(lab).args(["apps", "--needs"]).args(names))?;
    if !needs.status.success() {
        return Err(Error::failed("monitor-lab apps --needs", needs.status));
    }
    setup::applications(&String::from_utf8_lossy(&needs.stdout))?;
    let mut command = Command::new(lab);
    command
        .arg("apps")
        .args(names)
        .arg("--tcplull")
        .arg(tcplull);
    setup::find_applications_in(&mut command)?;
    Ok(command)
}
