//! `tcplull report`: what was found in some time, as text for an incident, as a page, or for scripts.

use super::arguments::{ConfigArguments, Context};
use super::exit::CliError;
use super::help::Help;
use super::host::HostArguments;
use super::output::write;
use super::past::{self, When, parse_moment};
use super::past_error::PastError;
use clap::Args;
use monitor_lookback::{html, text};
use monitor_model::format::told_line;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

const HELP: Help = Help {
    examples: &[
        (
            "tcplull report",
            "the last 24 hours, to paste into an incident",
        ),
        (
            "tcplull report --since 03:10 --html incident.html",
            "a page with its plots",
        ),
        ("tcplull report --json | jq .paths", "for scripts"),
    ],
    findings: None,
};

/// It is read from the history, whether or not a daemon runs. Times without an offset are local to this host.
#[derive(Args, Clone, Debug)]
#[command(after_long_help = HELP.text())]
pub(super) struct Arguments {
    #[command(flatten)]
    config: ConfigArguments,
    // Boxed, for its size: the commands are one enum.
    #[command(flatten)]
    host: Box<HostArguments>,
    #[command(flatten)]
    history: past::Arguments,
    /// From then on: "24h", "03:10" (local time), "yesterday 23:00", RFC 3339
    #[arg(long, value_name = "TIME", default_value = "24h", value_parser = parse_moment)]
    since: When,
    /// Until then
    #[arg(long, value_name = "TIME", default_value = "now", value_parser = parse_moment)]
    until: When,
    /// Write it into this file, as a page that needs nothing else
    #[arg(long, value_name = "FILE", conflicts_with = "json")]
    html: Option<PathBuf>,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

pub(super) fn main(arguments: &Arguments, _: Context) -> Result<ExitCode, CliError> {
    let when = [&arguments.since, &arguments.until].map(|when| when.asked(&arguments.host));
    let [since, until] = when;
    let (since, until) = (&since?, &until?);
    if since.unix_ns >= until.unix_ns {
        return Err(PastError::Backwards.into());
    }
    let kept = arguments.history.open(&arguments.config, &arguments.host)?;
    let report = kept.report(since.unix_ns, until.unix_ns)?;
    [since, until].into_iter().for_each(past::tell_note);
    if arguments.json {
        write(&told_line(&report).map_err(CliError::unwritten)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    let host = match arguments.host.opened()? {
        Some(opened) => opened.snapshot().about.host.clone(),
        None => past::hostname(),
    };
    let zone = past::zone();
    match &arguments.html {
        Some(file) => fs::write(file, html(&report, &host, &zone)).map_err(|source| {
            PastError::NotWritten {
                file: file.clone(),
                source,
            }
        })?,
        None => {
            write(&text(&report, &host, &zone))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
