use super::client::Arguments;
use super::exit::CliError;
use crate::surfaces::inspect::Command;
use crate::text;
use std::process::ExitCode;

pub(super) fn main(arguments: &Arguments) -> Result<ExitCode, CliError> {
    arguments.ask(Command::Alerts, text::alert_header(), text::alert_line)
}
