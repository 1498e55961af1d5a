//! `tcplull watch`: findings of a running daemon as they come.

use super::arguments::Context;
pub(super) use super::client::Arguments;
use super::exit::CliError;
use crate::surfaces::inspect::WATCH;
use crate::text;
use std::process::ExitCode;

pub(super) fn main(arguments: &Arguments, _: Context) -> Result<ExitCode, CliError> {
    arguments.ask(WATCH, String::new(), text::watch_lines)
}
