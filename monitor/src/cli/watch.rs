//! `tcplull watch`: findings of a running daemon as they come.

use super::arguments::{Context, ScopeArguments};
use super::chosen::Chosen;
use super::client;
use super::exit::CliError;
use super::help::Help;
use super::past;
use crate::client::Question;
use crate::text;
use clap::Args;
use monitor_lookback::Asked;
use std::process::ExitCode;

const HELP: Help = Help {
    examples: &[
        ("tcplull watch", "findings as they come, until Ctrl-C"),
        ("tcplull watch --unit postgresql", "those of one service"),
        ("tcplull watch --json | jq -r .summary", "for scripts"),
    ],
    findings: Some("one of those shown is at risk, crossed, a ticket or a page"),
};

/// A scope chooses among what the daemon tells, which has its own.
#[derive(Args, Clone, Debug)]
#[group(skip)]
#[command(after_long_help = HELP.text())]
pub(super) struct Arguments {
    #[command(flatten)]
    client: client::Arguments,
    /// First what was found since then, from the history: "2h", "03:10" (local time), RFC 3339
    #[arg(long, value_name = "TIME", value_parser = past::parse_moment)]
    since: Option<Asked>,
    #[command(flatten)]
    history: past::Arguments,
    #[command(flatten)]
    scope: ScopeArguments,
}

pub(super) fn main(arguments: &Arguments, _: Context) -> Result<ExitCode, CliError> {
    let chosen = Chosen::by(arguments.scope.scope())?;
    let takes = |row: &str| {
        // What cannot be read is shown, as far as that goes.
        serde_json::from_str(row).map_or(true, |finding| chosen.takes(&finding))
    };
    let client = &arguments.client;
    let earlier = arguments.since.as_ref();
    let earlier = earlier
        .map(|since| {
            arguments
                .history
                .earlier(&client.config, &client.host, since)
        })
        .transpose()?;
    let question = Question::stream("/api/v1/findings");
    client.ask_for(&takes, earlier, &question, String::new(), text::watch_lines)
}
