//! `tcplull ls`: the connections of this host.

use super::arguments::{
    ConfigArguments, Context, KernelArguments, ScopeArguments, TimeoutArgument,
};
use super::client::each;
use super::exit::{self, CliError};
use super::filters::{ConnectionFilterArguments, FilterArguments};
use super::help::Help;
use super::host::HostArguments;
use super::listed::{Listed, ListedArguments};
use super::remark::remark;
use crate::client::{ClientError, Host, Question};
use crate::config::Overrides;
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

/// A running daemon is asked, so that its paths apply. Where none runs, or a
/// timeout or a scope is stated here, this command looks for itself.
#[derive(Args, Clone, Debug)]
#[command(after_long_help = HELP.text())]
pub(super) struct Arguments {
    #[command(flatten)]
    config: ConfigArguments,
    // Boxed, for its size: the commands are one enum.
    #[command(flatten)]
    host: Box<HostArguments>,
    #[command(flatten)]
    timeout: TimeoutArgument,
    #[command(flatten)]
    listed: ListedArguments,
    #[command(flatten)]
    filter: FilterArguments,
    #[command(flatten)]
    connection: ConnectionFilterArguments,
    #[command(flatten)]
    scope: ScopeArguments,
    #[command(flatten)]
    kernel: KernelArguments,
}

pub(super) fn main(arguments: &Arguments, _: Context) -> Result<ExitCode, CliError> {
    let config = arguments.config.load(Overrides {
        timeout: arguments.timeout.timeout,
        scope: arguments.scope.scope(),
        ..Overrides::default()
    })?;
    let flags = arguments.connection.filters()?;
    let filter = arguments.filter.filter(List::Connections, flags)?;
    let mut listed = Listed::new(&arguments.listed, filter);
    let question = Question::list("/api/v1/connections");
    let mut ask = |host: &Host| each(host, &question, &mut |answer| listed.answer(answer));
    let looks_itself = arguments.timeout.timeout.is_some() || !arguments.scope.scope().is_all();
    if let Some(host) = arguments.host.named() {
        if looks_itself {
            return Err(CliError::Usage(
                "a timeout or a scope is for connections of this host, which `tcplull ls` looks at itself: leave it out, or --host"
                    .to_owned(),
            ));
        }
        ask(&host)?;
        return listed.end().map(exit::code);
    }
    if !looks_itself {
        match ask(&Host::Socket(config.socket.clone())) {
            Ok(()) => return listed.end().map(exit::code),
            // Who names a socket means the daemon on it.
            Err(CliError::Client(ClientError::NobodyAnswers { .. }))
                if arguments.config.socket.is_none() => {}
            Err(error) => return Err(error),
        }
    }
    let mut reads_on = Ok(true);
    let found = list_once(&config, &arguments.kernel.btf, |row| {
        if matches!(reads_on, Ok(true)) {
            reads_on = listed.row(row.clone());
        }
    });
    found.map_err(|source| match looks_itself {
        true => source.into(),
        false => CliError::Alone {
            socket: config.socket.clone(),
            source: Box::new(source),
        },
    })?;
    reads_on?;
    let wrong = listed.end()?;
    if !HostView::own().processes {
        let (lacks, remedy) = (HostView::LACKS, HostView::REMEDY);
        remark(&format!("tcplull: this lists {lacks}; {remedy}\n"));
    }
    Ok(exit::code(wrong))
}
