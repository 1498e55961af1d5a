//! One finding against the truth that it answers.

use super::{Due, Finding, Observed, Shows, Truth};
use crate::ends::End;
use serde_json::Value;

/// Everything in which `finding` differs from what was due. What is a time in it may be longer than was due by as much
/// as the machine stretched the story, which is `stretched` seconds at most.
pub(super) fn details(due: &Due, finding: &Finding, stretched: f64, found: &mut Vec<String>) {
    let who = format!("{}: {}", due.end.word(), due.conclusion.word());
    let mut must = |holds: bool, what: String| {
        if !holds {
            found.push(format!("{who} {what}"));
        }
    };
    let (severity, certainty) = (due.severity.word(), due.certainty.word());
    must(
        finding.severity == severity,
        format!("has severity {}, {severity} was due", finding.severity),
    );
    must(
        finding.certainty == certainty,
        format!("is {}, {certainty} was due", finding.certainty),
    );
    let [least, greatest] = due.gap_seconds;
    let greatest = greatest + stretched;
    let gap = finding.gap_seconds;
    // Where it ended unseen between two sweeps, it says how long it was at most too.
    let at_most = finding
        .values("gap_at_most_seconds")
        .find_map(Value::as_f64);
    must(
        gap <= greatest && at_most.unwrap_or(gap) >= least,
        format!("has a gap of {gap} s, {least} to {greatest} s was due"),
    );
    let scope = finding.scope.as_deref();
    must(
        scope == due.scope,
        format!("has the scope {scope:?}, {:?} was due", due.scope),
    );
    let advice = finding.advice.as_deref().unwrap_or_default();
    must(
        due.advice.is_none_or(|words| advice.contains(words)),
        format!(
            "does not advise that {}: {advice:?}",
            due.advice.unwrap_or_default()
        ),
    );
    let summary = &finding.summary;
    must(
        due.summary.is_none_or(|words| summary.contains(words)),
        format!(
            "does not say {:?}: {summary:?}",
            due.summary.unwrap_or_default()
        ),
    );
    must(
        due.advice_not_first
            .is_none_or(|words| !advice.starts_with(words)),
        format!("advises that first, and should not: {advice:?}"),
    );
    must(
        due.unsaid.is_none_or(|words| !summary.contains(words)),
        format!(
            "says {:?}, and should not: {summary:?}",
            due.unsaid.unwrap_or_default()
        ),
    );
    for (fact, shows) in &due.evidence {
        let shows = match *shows {
            Shows::Between([least, greatest]) if fact.ends_with("_seconds") => {
                Shows::Between([least, greatest + stretched])
            }
            shows => shows,
        };
        let values: Vec<&Value> = finding.values(fact).collect();
        if shows == Shows::Absent {
            must(
                values.is_empty(),
                format!("rests on {fact}, and should not"),
            );
            continue;
        }
        if values.is_empty() {
            must(false, format!("does not rest on {fact}, as it should"));
            continue;
        }
        let due = match shows {
            Shows::Between([least, greatest]) => format!("{least} to {greatest}"),
            Shows::Word(word) => format!("{word:?}"),
            Shows::Absent => "nothing".to_owned(),
        };
        let shown: Vec<String> = values.iter().map(|value| value.to_string()).collect();
        must(
            values.iter().any(|value| is_shown(value, shows)),
            format!("rests on {fact} = {}, {due} was due", shown.join(", ")),
        );
    }
}

fn is_shown(value: &Value, shows: Shows) -> bool {
    match (shows, value) {
        (Shows::Between([least, greatest]), value) => value
            .as_f64()
            .is_some_and(|value| (least..=greatest).contains(&value)),
        (Shows::Word(word), Value::String(value)) => value == word,
        (Shows::Word(word), Value::Bool(value)) => word == if *value { "true" } else { "false" },
        (Shows::Word(_) | Shows::Absent, _) => false,
    }
}

/// What holds for every finding about the story's connection.
pub(super) fn contract(
    end: End,
    truth: &Truth,
    observed: &Observed,
    finding: &Finding,
    found: &mut Vec<String>,
) {
    let who = format!("{}: {}", end.word(), finding.conclusion());
    let covered = !truth.pathless;
    let path = covered.then_some(truth.path);
    let timeout = covered.then_some(f64::from(truth.timeout_seconds));
    let mut must = |holds: bool, what: String| {
        if !holds {
            found.push(format!("{who} {what}"));
        }
    };
    must(
        finding.path.as_deref() == path,
        format!("is on path {:?}, {path:?} was due", finding.path),
    );
    must(
        finding.timeout_seconds == timeout,
        format!(
            "has a timeout of {:?} s, {timeout:?} was stated",
            finding.timeout_seconds
        ),
    );
    let clock = truth.clock.word();
    must(
        // A stall has no silence before it, and each cause a clock of its own.
        finding.cause.is_some() || finding.clock == clock,
        format!("counts {}, {clock} were due", finding.clock),
    );
    must(!finding.evidence.is_empty(), "has no evidence".to_owned());
    must(!finding.summary.is_empty(), "has no summary".to_owned());
    must(
        finding.certainty != "proven",
        "is said to be proven, which one host alone cannot".to_owned(),
    );
    must(
        finding.connection.role == end.word(),
        format!("has the role {}", finding.connection.role),
    );
    must(
        finding.owner.comm.as_deref() == Some(end.app()),
        format!("is held by {:?}, not {}", finding.owner.comm, end.app()),
    );
    if let Some([client, server]) = observed.holders {
        let holder = match end {
            End::Client => client,
            End::Server => server,
        };
        let pid = finding.owner.pid;
        must(
            pid == Some(holder.pid),
            format!("is held by process {pid:?}, not {}", holder.pid),
        );
        let netns = finding.connection.netns;
        must(
            netns == holder.netns,
            format!("is in the network namespace {netns}, not {}", holder.netns),
        );
    }
    if let (End::Client, Some(cgroup)) = (end, &observed.cgroup) {
        let held = &finding.owner.cgroup;
        must(
            held.as_ref() == Some(cgroup),
            format!("is held by the control group {held:?}, not {cgroup:?}"),
        );
    }
}
