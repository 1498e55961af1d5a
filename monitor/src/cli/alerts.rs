//! `tcplull alerts`: the alerts of a running daemon, those that wait, fire, or are over.

use super::arguments::Context;
pub(super) use super::client::Arguments;
use super::exit::CliError;
use crate::daemon::Question;
use crate::text;
use std::process::ExitCode;

pub(super) const QUESTION: Question = Question {
    name: "alerts",
    answer: |daemon| daemon.rows(|core| core.alerts().all().collect()),
};

pub(super) fn main(arguments: &Arguments, _: Context) -> Result<ExitCode, CliError> {
    arguments.ask(QUESTION.name, text::alert_header(), text::alert_line)
}
