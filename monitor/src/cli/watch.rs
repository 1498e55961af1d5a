//! `tcplull watch`: findings as they come.

use super::arguments::{Context, ScopeArguments};
use super::client;
use super::exit::CliError;
use super::filters::{ConnectionFilterArguments, FilterArguments, SeverityArgument, inode};
use super::help::Help;
use super::past;
use crate::client::Question;
use crate::text;
use clap::Args;
use monitor_model::finding::Finding;
use monitor_query::{Field, Filter, List};
use std::io;
use std::process::ExitCode;

const HELP: Help = Help {
    examples: &[
        ("tcplull watch", "findings as they come, until Ctrl-C"),
        (
            "tcplull watch --timeout 4m",
            "by itself, against a NAT of 4 minutes",
        ),
        ("tcplull watch --unit postgresql", "those of one service"),
        ("tcplull watch --json | jq -r .summary", "for scripts"),
    ],
    findings: Some("one of those shown is at risk, crossed, a ticket or a page"),
};

#[derive(Args, Clone, Debug)]
#[group(skip)]
#[command(after_long_help = HELP.text())]
pub(super) struct Arguments {
    #[command(flatten)]
    client: client::Arguments,
    /// First what was found since then, from the history: "2h", "03:10" (local time), RFC 3339
    #[arg(long, value_name = "TIME", value_parser = past::parse_moment)]
    since: Option<past::When>,
    #[command(flatten)]
    history: past::Arguments,
    #[command(flatten)]
    filter: FilterArguments,
    #[command(flatten)]
    connection: ConnectionFilterArguments,
    #[command(flatten)]
    severity: SeverityArgument,
    #[command(flatten)]
    scope: ScopeArguments,
}

pub(super) fn main(arguments: &Arguments, _: Context) -> Result<ExitCode, CliError> {
    let mut others = arguments.connection.filters()?;
    others.extend(arguments.severity.filters()?);
    let filter = arguments.filter.filter(List::Findings, others)?;
    let mut scoped = scope(&arguments.scope)?.into_iter();
    let scoped = scoped.try_fold(filter.clone(), Filter::and)?;
    let client = &arguments.client;
    let host = &client.ask.host;
    let since = arguments.since.as_ref();
    let since = since.map(|since| since.asked(host)).transpose()?;
    // Of a snapshot, all that was found is earlier.
    let earlier = (since.is_some() || host.is_from_file())
        .then(|| {
            let config = &client.ask.config;
            arguments.history.earlier(config, host, since.as_ref())
        })
        .transpose()?;
    let answerer = match earlier.is_some() && client.ask.timeout.timeout.is_none() {
        // Where no daemon answers, the history is what there is.
        true => client.ask.daemon()?,
        false => {
            let it = "watches by itself, until it ends";
            let scope = arguments.scope.scope();
            client.ask.answerer(scope, false, Some(it))?
        }
    };
    let filter = match answerer.is_itself() {
        // It watches nothing else.
        true => filter,
        false => scoped,
    };
    let takes = |row: &str| {
        // What cannot be read is shown, as far as that goes.
        filter.is_all()
            || serde_json::from_str::<Finding>(row).map_or(true, |finding| filter.matches(&finding))
    };
    let question = Question::stream("/api/v1/findings");
    let (header, line) = (String::new(), text::watch_lines);
    let code = client.ask_for(&answerer, &takes, earlier, &question, header, line)?;
    answerer.end()?;
    Ok(code)
}

/// What the kernel said of connection and owner, as it is in a finding. One whose owner is not known is of no cgroup, unit
/// or process.
fn scope(arguments: &ScopeArguments) -> Result<Vec<Filter>, CliError> {
    let scope = arguments.scope();
    let netns = scope.netns.as_ref().map(|netns| {
        inode(netns).ok_or_else(|| CliError::Io {
            what: "--netns: there is no such network namespace",
            source: io::ErrorKind::NotFound.into(),
        })
    });
    let values = [
        (
            Field::Cgroup,
            scope.cgroup.map(|path| path.display().to_string()),
        ),
        (Field::Unit, scope.unit),
        (Field::Pid, scope.pid.map(|pid| pid.to_string())),
        (
            Field::Netns,
            netns.transpose()?.map(|inode| inode.to_string()),
        ),
    ];
    let given = values
        .into_iter()
        .filter_map(|(field, value)| Some((field, value?)));
    let filters = given.map(|(field, value)| Filter::is(field, &value));
    Ok(filters.collect::<Result<_, _>>()?)
}
