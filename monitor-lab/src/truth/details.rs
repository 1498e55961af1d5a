//! One finding against the truth that it answers.

use super::{Due, Finding, Observed, Shows, Truth};
use crate::ends::End;
use serde_json::Value;

/// Everything in which `finding` differs from what was due.
pub(super) fn details(due: &Due, finding: &Finding, found: &mut Vec<String>) {
    let who = format!("{}: {}", due.end.word(), due.conclusion.word());
    if finding.severity != due.severity.word() {
        found.push(format!(
            "{who} has severity {}, {} was due",
            finding.severity,
            due.severity.word()
        ));
    }
    if finding.certainty != due.certainty.word() {
        found.push(format!(
            "{who} is {}, {} was due",
            finding.certainty,
            due.certainty.word()
        ));
    }
    let [least, greatest] = due.gap_seconds;
    let gap = finding.gap_seconds;
    // Where it ended unseen between two sweeps, it says how long it was at most too.
    let at_most = finding
        .values("gap_at_most_seconds")
        .find_map(Value::as_f64);
    if gap > greatest || at_most.unwrap_or(gap) < least {
        found.push(format!(
            "{who} has a gap of {gap} s, {least} to {greatest} s was due"
        ));
    }
    if finding.scope.as_deref() != due.scope {
        found.push(format!(
            "{who} has the scope {:?}, {:?} was due",
            finding.scope, due.scope
        ));
    }
    let advice = finding.advice.as_deref().unwrap_or_default();
    if let Some(words) = due.advice
        && !advice.contains(words)
    {
        found.push(format!("{who} does not advise that {words}: {advice:?}"));
    }
    if let Some(words) = due.summary
        && !finding.summary.contains(words)
    {
        found.push(format!(
            "{who} does not say {words:?}: {:?}",
            finding.summary
        ));
    }
    for (fact, shows) in &due.evidence {
        let values: Vec<&Value> = finding.values(fact).collect();
        if values.is_empty() {
            found.push(format!("{who} does not rest on {fact}, as it should"));
        } else if !values.iter().any(|value| is_shown(value, *shows)) {
            let values: Vec<String> = values.into_iter().map(Value::to_string).collect();
            let due = match shows {
                Shows::Between([least, greatest]) => format!("{least} to {greatest}"),
                Shows::Word(word) => format!("{word:?}"),
            };
            let values = values.join(", ");
            found.push(format!("{who} rests on {fact} = {values}, {due} was due"));
        }
    }
}

fn is_shown(value: &Value, shows: Shows) -> bool {
    match (shows, value) {
        (Shows::Between([least, greatest]), value) => value
            .as_f64()
            .is_some_and(|value| (least..=greatest).contains(&value)),
        (Shows::Word(word), Value::String(value)) => value == word,
        (Shows::Word(word), Value::Bool(value)) => word == if *value { "true" } else { "false" },
        (Shows::Word(_), _) => false,
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
    let mut must = |holds: bool, what: String| {
        if !holds {
            found.push(format!("{who} {what}"));
        }
    };
    must(
        finding.path.as_deref() == Some(truth.path),
        format!("is on path {:?}, {:?} was due", finding.path, truth.path),
    );
    must(
        finding.timeout_seconds == Some(f64::from(truth.timeout_seconds)),
        format!(
            "has a timeout of {:?} s, {} was stated",
            finding.timeout_seconds, truth.timeout_seconds
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
