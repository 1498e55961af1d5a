//! `tcplull show`: one connection with all that is known of it: the verdict, what it rests on, the numbers, and what happened.

mod ask;
mod follow;
mod names;
mod target;

use super::arguments::Context;
use super::client::{self, Wanted, connections};
use super::color::Color;
use super::exit::{self, CliError};
use super::help::Help;
use super::output::{Lines, columns};
use super::remark::remark;
use super::wrong::Shown;
use crate::client::{Answer, ClientError, Host, Question};
use crate::text::sheet;
use ask::{all, detail};
use clap::Args;
use follow::Follower;
use monitor_kernel::Scope;
use monitor_model::finding::{Connection, Finding};
use monitor_model::format::json_shown;
use monitor_model::listing::ConnectionRow;
use monitor_query::Filter;
use monitor_sheet::{Names, connection};
use names::resolved;
use std::process::ExitCode;
use target::{Target, latest_first, worst_first};

const HELP: Help = Help {
    examples: &[
        (
            "tcplull show 10.0.0.4:51234 20.1.2.3:443",
            "one connection, by its two ends; or \"LOCAL→REMOTE\"",
        ),
        (
            "tcplull show 124e07-9fa15591-ae9c2fbd",
            "by its id; or sk:124e07, as ss -e has it",
        ),
        ("tcplull show 1234", "those of a process, the worst first"),
        (
            "tcplull show 1234 --follow",
            "the worst of them, until it ends",
        ),
        (
            "tcplull show sk:124e07 --json | jq .timeline",
            "for scripts",
        ),
    ],
    findings: Some(
        "one of those shown is at risk, crossed or stalled, or in an alert; one that is gone, was found a ticket or page last",
    ),
};

/// Connections that are shown whole, at most.
const MOST: usize = 8;

/// A connection that is gone is shown from what the daemon and its history have found of it.
#[derive(Args, Clone, Debug)]
#[group(skip)]
#[command(after_long_help = HELP.text())]
pub(super) struct Arguments {
    /// Its id, its two ends as LOCAL REMOTE, "LOCAL→REMOTE" or "LOCAL->REMOTE", or the PID of a process
    #[arg(required = true, num_args = 1..=3, value_name = "ID|ENDS|PID")]
    which: Vec<String>,
    #[command(flatten)]
    client: client::Arguments,
    /// Go on telling what happens on it, until it ends
    #[arg(long, short)]
    follow: bool,
    /// Look up the names of its addresses, by this host's resolver, for three seconds at most
    #[arg(long)]
    resolve: bool,
    /// Colours: on a terminal, always, or never; NO_COLOR turns those of a terminal off
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = Color::Auto)]
    color: Color,
}

pub(super) fn main(arguments: &Arguments, _: Context) -> Result<ExitCode, CliError> {
    let target = Target::of(&arguments.which).map_err(CliError::Usage)?;
    let it = match arguments.follow {
        true => "watches by itself, until it ends",
        false => "looks by itself, now and once: what was before it does not know",
    };
    let ask = &arguments.client.ask;
    let answerer = ask.answerer(Scope::default(), false, Some(it))?;
    answerer.look()?;
    let wrong = tell(arguments, &target, answerer.host())?;
    answerer.end()?;
    Ok(exit::code(wrong))
}

/// Shows those that are meant, and answers whether anything is wrong with one.
fn tell(arguments: &Arguments, target: &Target, host: &Host) -> Result<bool, CliError> {
    let ids = ids(host, target)?;
    let shown = if arguments.follow { 1 } else { MOST };
    if ids.len() > shown {
        let left_out = ids.len() - shown;
        remark(&format!(
            "tcplull: the worst {shown} of {} are shown; `tcplull ls` has the other {left_out}\n",
            ids.len()
        ));
    }
    let colour = arguments.color.is_on();
    let mut lines = Lines::new();
    let mut wrong = false;
    for (place, id) in ids.iter().take(shown).enumerate() {
        let found = match detail(host, id, true) {
            // Of several, one may have ended meanwhile.
            Err(CliError::Client(ClientError::NotThere(_))) if ids.len() > 1 => continue,
            found => found?,
        };
        wrong |= found.told.is_wrong();
        if place > 0 && !arguments.client.json {
            lines.write("")?;
        }
        let names = match arguments.resolve && !arguments.client.json {
            true => resolved(&found.told),
            false => Names::new(),
        };
        let reads_on = match arguments.client.json {
            true => lines.write(&json_shown(&found.line))?,
            false => {
                let page = connection(&found.told, &names, columns());
                lines.write(&sheet(&page, colour))?
            }
        };
        if !reads_on {
            return Ok(wrong);
        }
        if arguments.follow {
            lines.end()?;
            let mut follower = Follower::new(&found.told, arguments.client.json, colour);
            return follower.follow(host, id);
        }
    }
    lines.end()?;
    Ok(wrong)
}

/// The ids of the connections that are meant, those that fare worst first; where none is there any more, of those of which
/// something was found, the latest first.
fn ids(host: &Host, target: &Target) -> Result<Vec<String>, CliError> {
    if let Target::Id(id) = target {
        return Ok(vec![id.clone()]);
    }
    let filter = target.filter();
    let filter = filter.ok_or_else(|| CliError::Usage("there is no such process".to_owned()))?;
    let mut rows: Vec<ConnectionRow> = Vec::new();
    connections(host, &Wanted::all(&filter), false, &mut |answer| {
        if let Answer::Row(line) = answer {
            rows.extend(serde_json::from_str(&line));
        }
        Ok(true)
    })?;
    rows.retain(|row| filter.matches(row));
    let mut found = worst_first(rows);
    if found.is_empty() {
        found = gone(host, &filter)?;
    }
    if found.is_empty() {
        return Err(CliError::NotThere(format!(
            "no {} is there, and nothing was found of one: `tcplull ls` has what is there",
            target.named()
        )));
    }
    Ok(found.into_iter().map(|found| found.id).collect())
}

/// Those of which the history has found something. One that is not kept has found nothing.
fn gone(host: &Host, filter: &Filter) -> Result<Vec<Connection>, CliError> {
    let mut findings = match all::<Finding>(host, &Question::list("/api/v1/history?kind=finding")) {
        Err(CliError::Client(ClientError::Refused(_) | ClientError::Lacks { .. })) => Vec::new(),
        findings => findings?,
    };
    findings.retain(|finding| filter.matches(finding));
    Ok(latest_first(&findings))
}
