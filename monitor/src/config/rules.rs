//! The rules of a path, as they are written: `ignore`, `ignore_until`, `severity` and `owner`.

use super::alertmanager;
use super::error::{Fault, Problem};
use super::table::{Lined, Section};
use monitor_judge::{Ignore, PathRules};
use monitor_model::finding::Severity;
use monitor_model::time::Timestamp;

/// The keys of a path that are about its rules.
pub(super) const KEYS: [&str; 4] = ["ignore", "ignore_until", "severity", "owner"];

/// Reads them.
pub(super) fn parse(section: &mut Section<'_>) -> Result<PathRules, Fault> {
    let ignore = section.flag("ignore")?;
    let until = section
        .moment("ignore_until", "a date such as 2026-12-24")?
        .map(|found| found.try_map(until))
        .transpose()?;
    let severity = section
        .string("severity", "\"ticket\", \"none\" or \"page\"")?
        .map(|found| found.try_map(severity))
        .transpose()?;
    let owner = section
        .string("owner", "a name in quotes such as \"team-payments\"")?
        .map(|found| found.try_map(|text| alertmanager::value("owner", text)))
        .transpose()?;
    if let (Some(Lined { value: false, .. }), Some(until)) = (&ignore, &until) {
        return Err(until.fault(Problem::IgnoreNot));
    }
    Ok(PathRules {
        ignore: match (ignore, until) {
            (_, Some(until)) => Some(Ignore::Until(until.value)),
            (Some(Lined { value: true, .. }), None) => Some(Ignore::Always),
            _ => None,
        },
        severity: severity.map(|found| found.value),
        owner: owner.map(|found| found.value),
    })
}

/// A date is the moment at which it begins, in UTC; a time says how far from UTC it is, for a fleet has many time zones.
fn until(text: String) -> Result<Timestamp, Problem> {
    const DATE: usize = "2026-12-24".len();
    let whole = if text.len() == DATE {
        format!("{text}T00:00:00Z")
    } else {
        text.clone()
    };
    whole.parse().map_err(|_| Problem::IgnoreUntil { text })
}

fn severity(text: String) -> Result<Severity, Problem> {
    match text.as_str() {
        "none" => Ok(Severity::None),
        "ticket" => Ok(Severity::Ticket),
        "page" => Ok(Severity::Page),
        _ => Err(Problem::PathSeverity { text }),
    }
}

/// What is to be said of the rules of the path `name`, which stands at `place`: whom nobody is told of, and until when.
pub(super) fn note(
    name: &str,
    place: &str,
    rules: &PathRules,
    wall_unix_ns: i64,
) -> Option<String> {
    const SO: &str = "what is found there is told, and alerts nobody";
    Some(match rules.ignore? {
        Ignore::Always => format!("path {name:?} is ignored: {SO} ({place})"),
        until @ Ignore::Until(end) if until.holds_at(wall_unix_ns) => {
            format!("path {name:?} is ignored until {end}: {SO} ({place})")
        }
        Ignore::Until(end) => format!(
            "path {name:?} was ignored until {end} and is no more: take ignore_until out, or give it a later date \
             ({place})"
        ),
    })
}
