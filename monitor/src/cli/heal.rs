//! `tcplull heal`: what `[path.heal]` would set on which sockets, and how all of it is undone. The daemon sets it.

use super::arguments::{ConfigArguments, Context, KernelArguments};
use super::client::each;
use super::exit::{self, CliError};
use super::help::Help;
use super::output::write;
use crate::client::{Answer, Host, Question};
use crate::config::Overrides;
use crate::daemon::{DryRun, heal_dry_run};
use clap::Args;
use monitor_model::agent::{AgentChange, AgentEvent};
use monitor_model::api::HealStop;
use monitor_model::format::{count, json_line};
use std::process::ExitCode;

const HELP: Help = Help {
    examples: &[
        (
            "tcplull heal --dry-run",
            "what would be set on which sockets; sets nothing",
        ),
        (
            "tcplull heal --dry-run --config new.toml",
            "the same by a file that is not in force yet",
        ),
        (
            "tcplull heal --stop",
            "all sockets get back what they had; no others are set",
        ),
    ],
    findings: Some("sockets keep what was set, for they could not be reached"),
};

/// What `[path.heal]` says, the daemon sets by itself on sockets of that path, once they have been silent for long or something is
/// due on them. A dry run looks for itself, by the configuration as it is written, and takes what `ls` does; to stop takes root, or
/// the daemon's own user, and lasts until the daemon's next start or reload.
#[derive(Args, Clone, Debug)]
#[group(skip)]
#[command(after_long_help = HELP.text())]
pub(super) struct Arguments {
    #[command(flatten)]
    config: ConfigArguments,
    #[command(flatten)]
    kernel: KernelArguments,
    /// Show which sockets would be given which timers, and set nothing
    #[arg(long)]
    dry_run: bool,
    /// Undo all that was set, at once
    #[arg(long, conflicts_with = "dry_run")]
    stop: bool,
}

pub(super) fn main(arguments: &Arguments, _: Context) -> Result<ExitCode, CliError> {
    if !arguments.dry_run && !arguments.stop {
        return Err(CliError::Usage(
            "give --dry-run, to see what would be set, or --stop, to undo what was: the daemon sets it".to_owned(),
        ));
    }
    let config = arguments.config.load(Overrides::default())?;
    if arguments.stop {
        return stop(&Host::Socket(config.socket));
    }
    if config.paths.iter().all(|path| path.heal.is_none()) {
        return Err(CliError::NotThere(
            "no path is to be healed: write [path.heal] with keepalive = \"auto\" below the [[path]] that is meant".to_owned(),
        ));
    }
    let mut lines = Vec::new();
    let DryRun { set, left } = heal_dry_run(&config, &arguments.kernel.btf, |line| {
        lines.push(line);
    })?;
    for line in lines {
        if !write(&line)? {
            return Ok(ExitCode::SUCCESS);
        }
    }
    write(&format!(
        "{} would be set, {} left alone; this is a dry run, and none is",
        count(set, "socket"),
        left
    ))?;
    Ok(ExitCode::SUCCESS)
}

fn stop(host: &Host) -> Result<ExitCode, CliError> {
    let json = json_line(&HealStop {}).map_err(CliError::unwritten)?;
    let question = Question::telling("/api/v1/heal/stop", json);
    let mut keeps = false;
    each(host, &question, &mut |answer| {
        let Answer::Row(text) = answer else {
            return Ok(true);
        };
        let event = serde_json::from_str::<AgentEvent>(&text);
        if let Ok(AgentEvent {
            change: AgentChange::HealUndone { back, left, .. },
            ..
        }) = event
        {
            keeps = left > 0;
            let keep = match left {
                0 => String::new(),
                left => format!("; {left} could not be reached, and keep what was set"),
            };
            let back = count(back, "socket");
            write(&format!(
                "stopped until the daemon's next start or reload: {back} set back{keep}"
            ))?;
        }
        Ok(true)
    })?;
    Ok(exit::code(keeps))
}
