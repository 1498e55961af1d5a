//! `tcplull alerts`: the alerts of a running daemon, those that wait, fire, or are over.

use super::arguments::Context;
use super::client;
use super::exit::CliError;
use super::help::Help;
use crate::client::Question;
use crate::text;
use clap::Args;
use std::process::ExitCode;

const HELP: Help = Help {
    examples: &[
        ("tcplull alerts", "what waits, fires, or is lately over"),
        (
            "tcplull alerts --json | jq 'select(.state == \"firing\")'",
            "for scripts",
        ),
    ],
    findings: Some("an alert fires"),
};

#[derive(Args, Clone, Debug)]
#[group(skip)]
#[command(after_long_help = HELP.text())]
pub(super) struct Arguments {
    #[command(flatten)]
    client: client::Arguments,
}

pub(super) fn main(arguments: &Arguments, _: Context) -> Result<ExitCode, CliError> {
    let client = &arguments.client;
    let question = Question::list("/api/v1/alerts");
    client.ask(&question, text::alert_header(), text::alert_line)
}
