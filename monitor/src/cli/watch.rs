use super::client::Arguments;
use super::exit::CliError;
use crate::surfaces::inspect::Command;
use crate::text;
use std::process::ExitCode;

pub(super) fn main(arguments: &Arguments) -> Result<ExitCode, CliError> {
    arguments.ask(Command::Watch, String::new(), text::watch_lines)
}
