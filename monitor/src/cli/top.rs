//! `tcplull top`: connections, alerts, paths and the daemon itself on a terminal, live.

mod numbers;
mod source;

use super::arguments::{ConfigArguments, Context};
use super::exit::{CANNOT_RUN, CliError};
use super::help::Help;
use super::host::HostArguments;
use super::remark::remark;
use crate::config::Overrides;
use clap::Args;
use monitor_tui::draw::Theme;
use monitor_tui::filter::Filter;
use monitor_tui::{RunError, Source, SourceError, Start};
use source::Daemon;
use std::process::ExitCode;
use std::sync::Arc;

const HELP: Help = Help {
    examples: &[
        ("tcplull top", "what is wrong first; ? shows the keys"),
        (
            "tcplull top --host https://node-7.example:9469",
            "the same of another host",
        ),
    ],
    findings: None,
};

/// A running daemon is asked every two seconds, or more seldom where its answers take long. `?` shows the keys.
#[derive(Args, Clone, Debug)]
#[command(after_long_help = HELP.text())]
pub(super) struct Arguments {
    #[command(flatten)]
    config: ConfigArguments,
    // Boxed, for its size: the commands are one enum.
    #[command(flatten)]
    host: Box<HostArguments>,
    /// Show only connections that this takes, such as "state at-risk and not port 22"; / changes it
    #[arg(long, value_name = "WORDS", value_parser = Filter::parse)]
    filter: Option<Filter>,
}

pub(super) fn main(arguments: &Arguments, _: Context) -> Result<ExitCode, CliError> {
    let config = arguments.config.load(Overrides::default())?;
    let host = arguments.host.or(&config.socket);
    let name = match arguments.host.named() {
        Some(host) => host.to_string(),
        None => std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default(),
    };
    let daemon = Daemon::new(host);
    // Where nobody is, that is said where it can be read.
    if let Err(SourceError(reason)) = daemon.agent() {
        return Ok(cannot(&reason));
    }
    let start = Start {
        host: name.trim().to_owned(),
        filter: arguments.filter.clone().unwrap_or_default(),
        theme: Theme::wanted(std::env::var_os("NO_COLOR").as_deref()),
    };
    match monitor_tui::run(Arc::new(daemon), start) {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(error @ RunError::NoTerminal) => Ok(cannot(&error.to_string())),
        Err(error) => Err(CliError::Io {
            what: "top ended",
            source: std::io::Error::other(error),
        }),
    }
}

fn cannot(reason: &str) -> ExitCode {
    remark(&format!("tcplull: {reason}\n"));
    ExitCode::from(CANNOT_RUN)
}
