//! `tcplull snapshot`: what a ticket needs, in one file.

mod config_files;
mod gather;
mod out;

use super::answerer::AskArguments;
use super::arguments::Context;
use super::exit::CliError;
use super::help::Help;
use super::past::{self, When, parse_moment};
use super::remark::remark;
use clap::Args;
use monitor_snapshot::{Part, write};
use std::path::PathBuf;
use std::process::ExitCode;

const HELP: Help = Help {
    examples: &[
        (
            "tcplull snapshot ticket.tar.gz --redact",
            "what a ticket needs, under pseudonyms",
        ),
        (
            "tcplull ls --from ticket.tar.gz",
            "what was in it, on any machine",
        ),
        (
            "tcplull snapshot - | ssh jump 'cat > node-7.tar.gz'",
            "nothing is written here",
        ),
    ],
    findings: None,
};

/// It is a tar archive, compressed by gzip, that every other command opens with --from, on any machine and as anybody. A running
/// daemon is asked; where none runs, this command takes what it can see by itself, and says what that lacks. Without --redact it
/// holds addresses, names of processes and the configuration as they are; passwords it has none of, only names of files with them.
#[derive(Args, Clone, Debug)]
#[command(after_long_help = HELP.text())]
pub(super) struct Arguments {
    /// Where it is written; - is standard output
    file: PathBuf,
    /// Make addresses and names pseudonyms, the same everywhere for the same one; ports, times and what was found stay
    #[arg(long)]
    redact: bool,
    /// Replace the file, if it is there
    #[arg(long)]
    force: bool,
    /// The history from then on: "24h", "03:10" (local time), RFC 3339
    #[arg(long, value_name = "TIME", default_value = "24h", value_parser = parse_moment)]
    since: When,
    #[command(flatten)]
    ask: AskArguments,
    #[command(flatten)]
    history: past::Arguments,
}

pub(super) fn main(arguments: &Arguments, _: Context) -> Result<ExitCode, CliError> {
    let place = out::Place::new(&arguments.file, arguments.force)?;
    let mut snapshot = match arguments.ask.host.opened()? {
        // One that was made before, to be redacted.
        Some(opened) => opened.snapshot().clone(),
        None => gather::gather(arguments)?,
    };
    if arguments.redact {
        snapshot.redact().map_err(|error| CliError::Io {
            what: "nothing is written",
            source: std::io::Error::other(error),
        })?;
    }
    place.write(|out| write(&snapshot, out))?;
    let has = Part::ALL.into_iter().filter_map(|part| {
        let lines = snapshot.part(part).ok()?.len();
        Some(match part {
            Part::Alerts | Part::Connections => format!("{lines} {}", part.name()),
            Part::History => format!("{lines} records of the history"),
            _ => part.name().to_owned(),
        })
    });
    let has = has.collect::<Vec<_>>().join(", ");
    let about = &snapshot.about;
    let lacks = snapshot.lacking().into_iter();
    let lacks = lacks.map(|(parts, why)| format!("tcplull: it lacks {parts}: {why}\n"));
    let as_it_is = match about.redacted {
        true => "addresses and names in it are pseudonyms",
        false => "addresses and names in it are as they are (--redact)",
    };
    remark(&format!(
        "tcplull: {place} has {has}; {as_it_is}\n{}",
        lacks.collect::<String>()
    ));
    Ok(ExitCode::SUCCESS)
}
