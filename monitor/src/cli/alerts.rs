use super::client::Arguments;
use super::exit::CliError;
use crate::surfaces::human;
use crate::surfaces::inspect::Command;
use std::process::ExitCode;

pub(super) fn main(arguments: &Arguments) -> Result<ExitCode, CliError> {
    arguments.ask(Command::Alerts, human::alert_header(), human::alert_line)
}
