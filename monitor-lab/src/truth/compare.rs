//! Truth against verdict. A pure function: what was true and what was said in,
//! the differences out, each a line for people.

use super::alerts::{self, Owners};
use super::{Conclusion, Due, Finding, Heard, Listed, ListingDue, Said, Truth};
use crate::app::End;

/// Everything in which `said` differs from `truth`; empty where they agree.
#[must_use]
pub fn differences(truth: &Truth, said: &Said) -> Vec<String> {
    let mut found = Vec::new();
    for line in &said.unreadable {
        found.push(format!("watch printed a line that is no finding: {line}"));
    }
    for heard in said.findings.iter().filter(|heard| heard.end.is_none()) {
        let connection = &heard.finding.connection;
        found.push(format!(
            "said {} about {} → {}, which is no connection of this story",
            heard.finding.conclusion(),
            connection.local,
            connection.remote
        ));
    }
    for end in End::BOTH {
        findings_of(end, truth, said, &mut found);
    }
    same_flow(said, &mut found);
    let owners = Owners::of(
        said.findings
            .iter()
            .map(|heard| (heard.end, &heard.finding)),
    );
    for (when, due, firing) in [
        (
            "in the silence",
            &truth.alerts_in_silence,
            &said.alerts_in_silence,
        ),
        ("at the end", &truth.alerts, &said.alerts),
    ] {
        if let Some(firing) = firing {
            let differ = alerts::differences(truth, due, &owners, firing);
            found.extend(differ.into_iter().map(|how| format!("{when} {how}")));
        }
    }
    for (due, reading) in truth.metrics.iter().zip(said.metrics.iter().flatten()) {
        if reading.value.is_none_or(|value| value < due.at_least) {
            found.push(format!(
                "metrics: {} is {}, at least {} was due",
                reading.series,
                reading
                    .value
                    .map_or("absent".to_owned(), |value| value.to_string()),
                due.at_least
            ));
        }
    }
    for due in &truth.listing {
        let listed = said.listing.iter().flatten();
        let listed = listed.filter(|(end, _)| *end == due.end);
        for (_, listed) in listed {
            listing(truth, due, listed.as_ref(), &mut found);
        }
    }
    found
}

fn findings_of(end: End, truth: &Truth, said: &Said, found: &mut Vec<String>) {
    let mut due = truth.due.iter().filter(|due| due.end == end).peekable();
    let heard = said.findings.iter().filter(|heard| heard.end == Some(end));
    // One silence gives each warning once.
    let mut warned = Vec::new();
    for Heard { finding, .. } in heard {
        let conclusion = finding.conclusion();
        contract(end, truth, finding, found);
        if let Some(expected) = due.next_if(|due| due.conclusion.word() == conclusion) {
            details(expected, finding, found);
        } else if allowed(end, truth, &conclusion) && !warned.contains(&conclusion) {
            warned.push(conclusion.clone());
            if finding.severity != "none" {
                found.push(format!(
                    "{}: {conclusion} wakes somebody ({}), it must not",
                    end.word(),
                    finding.severity
                ));
            }
        } else {
            found.push(format!(
                "{}: said {conclusion} ({}), which the truth does not hold here: {}",
                end.word(),
                finding.severity,
                finding.summary
            ));
        }
    }
    for missing in due {
        found.push(format!(
            "{}: {} was due and was not said",
            end.word(),
            missing.conclusion.word()
        ));
    }
}

fn allowed(end: End, truth: &Truth, conclusion: &str) -> bool {
    truth
        .allowed
        .iter()
        .any(|(whose, what)| *whose == end && what.word() == conclusion)
}

fn details(due: &Due, finding: &Finding, found: &mut Vec<String>) {
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
    if !(least..=greatest).contains(&finding.gap_seconds) {
        found.push(format!(
            "{who} has a gap of {} s, {least} to {greatest} s was due",
            finding.gap_seconds
        ));
    }
    for (fact, [least, greatest]) in &due.evidence {
        match finding.fact(fact) {
            Some(value) if (*least..=*greatest).contains(&value) => {}
            Some(value) => found.push(format!(
                "{who} rests on {fact} = {value}, {least} to {greatest} was due"
            )),
            None => found.push(format!("{who} does not rest on {fact}, as it should")),
        }
    }
}

/// What holds for every finding about the story's connection.
fn contract(end: End, truth: &Truth, finding: &Finding, found: &mut Vec<String>) {
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
    must(!finding.evidence.is_empty(), "has no evidence".to_owned());
    must(!finding.summary.is_empty(), "has no summary".to_owned());
    must(
        finding.connection.role == end.word(),
        format!("has the role {}", finding.connection.role),
    );
    must(
        finding.owner.comm.as_deref() == Some(end.app()),
        format!("is held by {:?}, not {}", finding.owner.comm, end.app()),
    );
}

fn same_flow(said: &Said, found: &mut Vec<String>) {
    let mut flows: Vec<&str> = said
        .findings
        .iter()
        .filter(|heard| heard.end.is_some())
        .map(|heard| heard.finding.connection.flow_id.as_str())
        .collect();
    flows.sort_unstable();
    flows.dedup();
    if flows.len() > 1 {
        found.push(format!(
            "one connection has several flow ids: {}",
            flows.join(", ")
        ));
    }
}

fn listing(truth: &Truth, due: &ListingDue, listed: Option<&Listed>, found: &mut Vec<String>) {
    let who = due.end.word();
    let Some(listed) = listed else {
        found.push(format!("ls does not show the {who}'s connection"));
        return;
    };
    let mut must = |holds: bool, what: String| {
        if !holds {
            found.push(format!("ls, {who}: {what}"));
        }
    };
    must(
        listed.payload_idle_seconds > due.payload_idle_over,
        format!(
            "payload idle for {} s, more than {} s was due",
            listed.payload_idle_seconds, due.payload_idle_over
        ),
    );
    must(
        listed.packet_idle_seconds < due.packet_idle_under,
        format!(
            "packets idle for {} s, less than {} s was due",
            listed.packet_idle_seconds, due.packet_idle_under
        ),
    );
    let settings = &listed.keepalive;
    let shown = [settings.time_seconds, settings.interval_seconds];
    must(
        match due.keepalive {
            Some(set) => settings.enabled && shown == set.map(|seconds| Some(f64::from(seconds))),
            None => !settings.enabled,
        },
        format!(
            "keepalive is shown as {settings:?}, {:?} was due",
            due.keepalive
        ),
    );
    must(
        listed.path.as_deref() == Some(truth.path),
        format!("on path {:?}", listed.path),
    );
    must(
        listed.timeout_seconds == Some(f64::from(truth.timeout_seconds)),
        format!("timeout {:?} s", listed.timeout_seconds),
    );
    must(
        listed.silence == "ok",
        format!("its silence is shown as {}", listed.silence),
    );
    must(
        listed.owner.comm.as_deref() == Some(due.end.app()),
        format!("held by {:?}", listed.owner.comm),
    );
}

/// Seconds from the send that provoked the verdict until it was said.
#[must_use]
pub fn verdict_seconds(
    truth: &Truth,
    sent_at: impl Fn(End, f64) -> Option<f64>,
    said: &Said,
) -> Option<f64> {
    let verdict = truth.verdict?;
    let word = verdict.conclusion.word();
    let heard = said
        .findings
        .iter()
        .find(|heard| heard.end == Some(verdict.end) && heard.finding.conclusion() == word)?;
    Some(heard.at_seconds - sent_at(verdict.end, heard.at_seconds)?)
}

/// The word that the bench looks for when it waits for `conclusion`.
#[must_use]
pub fn concludes(finding: &Finding, conclusion: Conclusion) -> bool {
    finding.conclusion() == conclusion.word()
}
