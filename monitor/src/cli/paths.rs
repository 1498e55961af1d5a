//! `tcplull paths`: each path's timeout as it is stated, as it was learned, and its preset's, beside each other.

use super::arguments::{ConfigArguments, Context};
use super::client::each;
use super::exit::{self, CliError};
use super::help::Help;
use super::host::HostArguments;
use super::output::Output;
use super::wrong::Shown;
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
}

pub(super) fn main(arguments: &Arguments, _: Context) -> Result<ExitCode, CliError> {
    // Where a snapshot is shown, what is configured on this machine has nothing to do with it.
    let host = match arguments.host.named()? {
        Some(host) => host,
        None => Host::Socket(arguments.config.load(Overrides::default())?.socket),
    };
    let mut paths: Vec<PathState> = Vec::new();
    each(&host, &Question::list("/api/v1/paths"), &mut |answer| {
        if let Answer::Row(row) = answer
            && let Ok(path) = serde_json::from_str(&row)
        {
            paths.push(path);
        }
        Ok(true)
    })?;
    if let Some(name) = &arguments.name {
        paths.retain(|path| path.path == *name);
        if paths.is_empty() {
            return Err(CliError::NotThere(format!(
                "no path has the name {name:?}: `tcplull paths` shows those that there are"
            )));
        }
    }
    let output = Output {
        json: arguments.json,
        header: text::paths_header(),
        line: text::path_lines,
    };
    output.all(&paths)?;
    Ok(exit::code(paths.iter().any(Shown::is_wrong)))
}
