//! `tcplull ls`: the connections of this host.

use super::answerer::{AskArguments, Who};
use super::arguments::{Context, ScopeArguments};
use super::exit::{self, CliError};
use super::filters::{ConnectionFilterArguments, FilterArguments};
use super::help::Help;
use super::listed::{Listed, ListedArguments};
use super::remark::remark;
use crate::daemon::list_once;
use clap::Args;
use monitor_kernel::HostView;
use monitor_query::List;
use std::process::ExitCode;

const HELP: Help = Help {
    examples: &[
        ("tcplull ls", "all, with a running daemon's paths"),
        (
            "tcplull ls --timeout 4m",
            "against a NAT that forgets after 4 minutes",
        ),
        ("tcplull ls --unit postgresql", "those of one service"),
        (
            "tcplull ls --json | jq 'select(.silence != \"ok\")'",
            "for scripts",
        ),
    ],
    findings: Some("one of those shown is at risk, crossed or stalled"),
};

#[derive(Args, Clone, Debug)]
#[command(after_long_help = HELP.text())]
pub(super) struct Arguments {
    #[command(flatten)]
    ask: AskArguments,
    #[command(flatten)]
    listed: ListedArguments,
    #[command(flatten)]
    filter: FilterArguments,
    #[command(flatten)]
    connection: ConnectionFilterArguments,
    #[command(flatten)]
    scope: ScopeArguments,
}

pub(super) fn main(arguments: &Arguments, context: Context) -> Result<ExitCode, CliError> {
    let scope = arguments.scope.scope();
    let scoped = !scope.is_all();
    let config = arguments.ask.config(scope)?;
    let flags = arguments.connection.filters()?;
    let filter = arguments.filter.filter(List::Connections, flags)?;
    let mut listed = Listed::new(&arguments.listed, filter.clone());
    let who = arguments.ask.who(&config, scoped)?;
    if let Who::Daemon(host) = &who {
        listed.ask(host, context.verbose)?;
        return listed.end().map(exit::code);
    }
    let mut reads_on = Ok(true);
    let found = list_once(&config, &arguments.ask.kernel.btf, &filter, |row| {
        if matches!(reads_on, Ok(true)) {
            reads_on = listed.row(row);
        }
    });
    found.map_err(|source| match &who {
        Who::NoDaemon => CliError::Alone {
            socket: config.socket.clone(),
            source: Box::new(source),
        },
        _ => source.into(),
    })?;
    reads_on?;
    let wrong = listed.end()?;
    if matches!(who, Who::NoDaemon) {
        let socket = config.socket.display();
        remark(&format!(
            "tcplull: no daemon answers on {socket}: this command looked by itself\n"
        ));
    }
    if !HostView::own().processes {
        let (lacks, remedy) = (HostView::LACKS, HostView::REMEDY);
        remark(&format!("tcplull: this lists {lacks}; {remedy}\n"));
    }
    Ok(exit::code(wrong))
}
