//! `tcplull top`: connections, alerts, paths and the daemon itself on a terminal, live.

mod numbers;
mod past;
mod source;

use super::answerer::AskArguments;
use super::arguments::{Context, ScopeArguments};
use super::exit::{CANNOT_RUN, CliError};
use super::help::Help;
use super::past as looking;
use super::remark::remark;
use clap::Args;
use monitor_tui::draw::Theme;
use monitor_tui::filter::Filter;
use monitor_tui::{RunError, Source, SourceError, Start};
use source::Daemon;
use std::process::ExitCode;
use std::sync::Arc;

const HELP: Help = Help {
    examples: &[
        ("tcplull top", "what is wrong first; ? shows the keys"),
        ("tcplull top --at 03:10", "what was found by then"),
        (
            "tcplull top --timeout 4m",
            "by itself, against a NAT of 4 minutes",
        ),
        (
            "tcplull top --host https://node-7.example:9469",
            "the same of another host",
        ),
    ],
    findings: None,
};

#[derive(Args, Clone, Debug)]
#[command(after_long_help = HELP.text())]
pub(super) struct Arguments {
    #[command(flatten)]
    ask: AskArguments,
    /// Show only connections that this takes, such as "state at-risk and not port 22"; / changes it
    #[arg(long, value_name = "WORDS", value_parser = Filter::parse)]
    filter: Option<Filter>,
    #[command(flatten)]
    scope: ScopeArguments,
    /// What had been found by that time, from the history: "03:10" (local time), "10m ago", RFC 3339
    #[arg(long, value_name = "TIME", value_parser = looking::parse_moment, conflicts_with_all = ["timeout", "cgroup", "netns", "unit", "pid"])]
    at: Option<looking::When>,
    #[command(flatten)]
    history: looking::Arguments,
}

/// What the screen says where no daemon is asked.
const NOTICE: &str = "without a daemon";

pub(super) fn main(arguments: &Arguments, _: Context) -> Result<ExitCode, CliError> {
    let past = match &arguments.at {
        Some(at) => {
            let ask = &arguments.ask;
            let kept = arguments.history.open(&ask.config, &ask.host)?;
            Some(past::look(&kept, &at.asked(&ask.host)?)?)
        }
        None => None,
    };
    let answerer = match past {
        // What was kept needs nobody who watches.
        Some(_) => arguments.ask.daemon()?,
        None => {
            let scope = arguments.scope.scope();
            let stated = !scope.is_all();
            arguments.ask.answerer(scope, stated, None)?
        }
    };
    let notice = answerer.is_itself().then(|| NOTICE.to_owned());
    let (name, notice) = match (arguments.ask.host.opened()?, arguments.ask.host.named()?) {
        (Some(opened), _) => {
            let about = &opened.snapshot().about;
            let notice = format!("a snapshot, made at {}", about.made);
            (about.host.clone(), Some(notice))
        }
        (None, Some(host)) => (host.to_string(), notice),
        (None, None) => (looking::hostname(), notice),
    };
    let daemon = Daemon::new(answerer);
    // Where nobody is, that is said where it can be read.
    if past.is_none()
        && let Err(SourceError(reason)) = daemon.agent()
    {
        return Ok(cannot(&reason));
    }
    let start = Start {
        host: name,
        notice,
        filter: arguments.filter.clone().unwrap_or_default(),
        past,
        theme: Theme::wanted(std::env::var_os("NO_COLOR").as_deref()),
    };
    match monitor_tui::run(Arc::new(daemon), start) {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(error @ RunError::NoTerminal) => Ok(cannot(&error.to_string())),
        Err(error) => Err(CliError::Io {
            what: "top ended",
            source: std::io::Error::other(error),
        }),
    }
}

fn cannot(reason: &str) -> ExitCode {
    remark(&format!("tcplull: {reason}\n"));
    ExitCode::from(CANNOT_RUN)
}
