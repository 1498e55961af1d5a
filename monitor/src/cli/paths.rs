//! `tcplull paths`: each path's timeout as it is stated, as it was learned, and its preset's, beside each other.

use super::arguments::{ConfigArguments, Context};
use super::client::each;
use super::exit::{self, CliError};
use super::help::Help;
use super::host::HostArguments;
use super::output::{Output, write};
use crate::client::{Answer, Host, Question};
use crate::config::Overrides;
use crate::text;
use clap::Args;
use monitor_model::path_state::PathState;
use std::process::ExitCode;

const HELP: Help = Help {
    examples: &[
        (
            "tcplull paths",
            "each timeout: stated, learned, and its preset's",
        ),
        (
            "tcplull paths --json | jq .learned",
            "for scripts, with since when",
        ),
        (
            "tcplull paths --write > learned.toml",
            "what was learned, for the configuration",
        ),
    ],
    findings: Some("a stated timeout and what connections lived through cannot both be right"),
};

#[derive(Args, Clone, Debug)]
#[group(skip)]
#[command(after_long_help = HELP.text())]
pub(super) struct Arguments {
    /// The path of this name alone
    name: Option<String>,
    #[command(flatten)]
    config: ConfigArguments,
    // Boxed, for its size: the commands are one enum.
    #[command(flatten)]
    host: Box<HostArguments>,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
    /// What was learned, as [[path]] blocks to paste into the configuration
    #[arg(long, conflicts_with = "json")]
    write: bool,
}

pub(super) fn main(arguments: &Arguments, _: Context) -> Result<ExitCode, CliError> {
    // Where a snapshot is shown, what is configured on this machine has nothing to do with it.
    let host = match arguments.host.named()? {
        Some(host) => host,
        None => Host::Socket(arguments.config.load(Overrides::default())?.socket),
    };
    let output = Output {
        json: arguments.json,
        header: match arguments.write {
            true => String::new(),
            false => text::paths_header(),
        },
        line: match arguments.write {
            true => text::path_blocks,
            false => text::path_lines,
        },
    };
    let takes = |row: &str| match &arguments.name {
        Some(name) => serde_json::from_str(row).is_ok_and(|row: PathState| row.path == *name),
        None => true,
    };
    let (mut begun, mut wrong) = (false, false);
    each(&host, &Question::list("/api/v1/paths"), &mut |answer| {
        let Answer::Row(row) = answer else {
            return Ok(true);
        };
        if !takes(&row) {
            return Ok(true);
        }
        let reads_on = std::mem::replace(&mut begun, true) || output.begin()?;
        Ok(reads_on && write(&output.laid_out(&row, &mut wrong))?)
    })?;
    match &arguments.name {
        Some(name) if !begun => Err(CliError::NotThere(format!(
            "no path has the name {name:?}: `tcplull paths` shows those that there are"
        ))),
        _ => Ok(exit::code(wrong)),
    }
}
