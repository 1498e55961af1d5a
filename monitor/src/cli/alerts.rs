//! `tcplull alerts`: the alerts of a running daemon, those that wait, fire, or are over.

use super::arguments::Context;
pub(super) use super::client::Arguments;
use super::exit::CliError;
use crate::client::Question;
use crate::text;
use std::process::ExitCode;

pub(super) fn main(arguments: &Arguments, _: Context) -> Result<ExitCode, CliError> {
    let question = Question::list("/api/v1/alerts");
    arguments.ask(&question, text::alert_header(), text::alert_line)
}
