//! `tcplull alerts`: those that wait, fire, or are over; or as they stood at another time.

use super::answerer::Answerer;
use super::arguments::Context;
use super::before;
use super::client;
use super::exit::{self, CliError};
use super::filters::{FilterArguments, SeverityArgument, UnitArgument};
use super::help::Help;
use super::listed::{Listed, ListedArguments};
use super::output::{Output, write};
use super::past;
use super::wrong::Shown;
use crate::client::Question;
use crate::text;
use clap::Args;
use clap::builder::PossibleValuesParser;
use monitor_kernel::Scope;
use monitor_model::alert::Alert;
use monitor_model::finding::{Cause, Outcome};
use monitor_query::{Field, Filter, List};
use std::process::ExitCode;

const HELP: Help = Help {
    examples: &[
        ("tcplull alerts", "what waits, fires, or is lately over"),
        (
            "tcplull alerts blackholed",
            "those of this name, and their connections",
        ),
        ("tcplull alerts --severity page", "what wakes somebody"),
        ("tcplull alerts --at 03:10", "what stood then, local time"),
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
    /// Alerts of this name alone, such as "blackholed", how often they fired in the last day, and each connection that is in
    /// one of them now
    #[arg(hide_possible_values = true, value_parser = PossibleValuesParser::new(names()))]
    name: Option<String>,
    #[command(flatten)]
    client: client::Arguments,
    /// As they stood at that time, from the history: "03:10" (local time), "10m ago", RFC 3339
    #[arg(long, value_name = "TIME", conflicts_with = "timeout", value_parser = past::parse_moment)]
    at: Option<past::When>,
    #[command(flatten)]
    history: past::Arguments,
    #[command(flatten)]
    filter: FilterArguments,
    #[command(flatten)]
    severity: SeverityArgument,
    #[command(flatten)]
    unit: UnitArgument,
}

pub(super) fn main(arguments: &Arguments, context: Context) -> Result<ExitCode, CliError> {
    let mut others = arguments.severity.filters()?;
    others.extend(arguments.unit.filters()?);
    let named = arguments.name.as_deref();
    let named = named
        .map(|name| Filter::is(Field::Name, name))
        .transpose()?;
    others.extend(named.clone());
    let filter = arguments.filter.filter(List::Alerts, others)?;
    let client = &arguments.client;
    let Some(at) = &arguments.at else {
        let takes = |row: &str| {
            // What cannot be read is shown, as far as that goes.
            filter.is_all()
                || serde_json::from_str::<Alert>(row).map_or(true, |alert| filter.matches(&alert))
        };
        let question = Question::list("/api/v1/alerts");
        let it = "looks by itself, now and once: what was before it does not know";
        let answerer = client.ask.answerer(Scope::default(), false, Some(it))?;
        answerer.look()?;
        let line = match named {
            Some(_) => text::alert_lines,
            None => text::alert_line,
        };
        let header = text::alert_header();
        let code = client.ask_for(&answerer, &takes, None, &question, header, line)?;
        if let Some(named) = named {
            if !client.json {
                before::tell(answerer.host(), &named)?;
            }
            connections(&answerer, client.json, named, context.verbose)?;
        }
        answerer.end()?;
        return Ok(code);
    };
    let at = &at.asked(&client.ask.host)?;
    let kept = arguments
        .history
        .open(&client.ask.config, &client.ask.host)?;
    let mut stood = kept.alerts_at(at.unix_ns)?;
    stood.alerts.retain(|alert| filter.matches(alert));
    past::tell_moment("as of", at);
    for note in &stood.notes {
        past::note(note);
    }
    let output = Output {
        json: client.json,
        header: text::alert_header(),
        line: text::alert_line,
    };
    output.all(&stood.alerts)?;
    Ok(exit::code(stood.alerts.iter().any(Shown::is_wrong)))
}

/// Each connection that is in an alert of this name.
fn connections(
    answerer: &Answerer,
    json: bool,
    named: Filter,
    verbose: bool,
) -> Result<(), CliError> {
    if !json {
        write("")?;
    }
    let mut listed = Listed::new(&ListedArguments::usual(json), named);
    listed.ask(answerer.host(), verbose)?;
    listed.end()?;
    Ok(())
}

/// What alerts may be named.
pub(super) fn names() -> Vec<&'static str> {
    let outcomes = Outcome::ALL.iter().map(|outcome| outcome.name());
    let causes = Cause::ALL.iter().map(|cause| cause.name());
    let others = ["crossed", "unreachable", "interrupted", "misstated", "more"];
    let mut names: Vec<&str> = outcomes.chain(causes).chain(others).collect();
    names.sort_unstable();
    names.dedup();
    names
}
