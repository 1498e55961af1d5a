use super::ConfigArguments;
use super::client::{Output, print};
use super::exit::CliError;
use crate::config::Overrides;
use crate::surfaces::human;
use crate::surfaces::inspect::Command;
use clap::Args;
use std::process::ExitCode;

#[derive(Args, Clone, Debug)]
pub(super) struct Arguments {
    #[command(flatten)]
    config: ConfigArguments,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
}

pub(super) fn main(arguments: &Arguments) -> Result<ExitCode, CliError> {
    let config = arguments.config.load(Overrides::default())?;
    let output = Output {
        json: arguments.json,
        header: String::new(),
        line: human::watch_lines,
    };
    print(&config.socket, Command::Watch, &output)?;
    Ok(ExitCode::SUCCESS)
}
