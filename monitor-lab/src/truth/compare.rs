//! Truth against verdict. A pure function: what was true and what was said in,
//! the differences out, each a line for people.

use super::alerts::{self, Owners};
use super::details::{contract, details};
use super::{
    Conclusion, Finding, Listed, ListingDue, Observed, ObservedFinding, Pair, Severity, Truth,
    align,
};
use crate::ends::End;

/// Everything in which `said` differs from `truth`; empty where they agree.
pub fn differences(truth: &Truth, observed: &Observed) -> Vec<String> {
    let mut found = Vec::new();
    for line in &observed.unreadable {
        found.push(format!("watch printed a line that is no finding: {line}"));
    }
    for finding in observed.strangers() {
        found.push(format!(
            "said {} about {} → {}, which is no connection of this story",
            finding.conclusion(),
            finding.connection.local,
            finding.connection.remote
        ));
    }
    for aligned in align(truth, observed) {
        for pair in &aligned.pairs {
            let mut here = Vec::new();
            one(aligned.end, *pair, truth, observed, &mut here);
            let which = aligned.connection;
            found.extend(here.into_iter().map(|how| match truth.connections {
                0 | 1 => how,
                _ => format!("connection {which}: {how}"),
            }));
        }
    }
    noise(truth, observed, &mut found);
    same_flow(observed, &mut found);
    let findings = observed.findings.iter();
    let owners = Owners::of(findings.map(|one| (one.end, &one.finding)));
    let in_silence = (&truth.alerts_in_silence, &observed.alerts_in_silence);
    let at_end = (&truth.alerts, &observed.alerts);
    for (when, (due, firing)) in [("in the silence", in_silence), ("at the end", at_end)] {
        if let Some(firing) = firing {
            let firing = alerts::looked_at(truth, &owners, firing.clone());
            let differ = alerts::differences(truth, due, &owners, &firing);
            found.extend(differ.into_iter().map(|how| format!("{when} {how}")));
        }
    }
    for (due, reading) in truth.metrics.iter().zip(observed.metrics.iter().flatten()) {
        if reading.value.is_none_or(|value| value < due.at_least) {
            let value = reading
                .value
                .map_or("absent".to_owned(), |value| value.to_string());
            found.push(format!(
                "metrics: {} is {value}, at least {} was due",
                reading.series, due.at_least
            ));
        }
    }
    for due in &truth.listing {
        for (end, listed) in observed.listing.iter().flatten() {
            if *end == due.end {
                listing(truth, due, listed.as_ref(), &mut found);
            }
        }
    }
    found
}

/// What is due and was not looked at, although the story could have: such a truth would
/// hold whatever `tcplull` said.
pub fn unread(truth: &Truth, observed: &Observed) -> Vec<String> {
    let kinds = [
        ("alerts", truth.alerts.is_empty(), observed.alerts.is_none()),
        (
            "metrics",
            truth.metrics.is_empty(),
            observed.metrics.is_none(),
        ),
        (
            "the listing",
            truth.listing.is_empty(),
            observed.listing.is_none(),
        ),
    ];
    let missed = kinds
        .into_iter()
        .filter(|(_, nothing, unread)| !nothing && *unread);
    missed
        .map(|(what, ..)| format!("the truth is about {what}, and the story never read them"))
        .collect()
}

fn one(end: End, pair: Pair<'_>, truth: &Truth, observed: &Observed, found: &mut Vec<String>) {
    let who = end.word();
    match pair {
        Pair::Observed(due, observation) => {
            contract(end, truth, observed, &observation.finding, found);
            details(due, &observation.finding, observed.stretched_seconds, found);
        }
        Pair::Missed(due) => found.push(format!(
            "{who}: {} was due and was not said",
            due.conclusion.word()
        )),
        Pair::Allowed(ObservedFinding { finding, .. }) => {
            contract(end, truth, observed, finding, found);
            if finding.severity != Severity::None.word() {
                found.push(format!(
                    "{who}: {} wakes somebody ({}), it must not",
                    finding.conclusion(),
                    finding.severity
                ));
            }
        }
        Pair::False(ObservedFinding { finding, .. }) => found.push(format!(
            "{who}: said {} ({}), which the truth does not hold here: {}",
            finding.conclusion(),
            finding.severity,
            finding.summary
        )),
    }
}

/// Where the truth is quiet: whatever else agrees, a page is one too many, and so is
/// a ticket that is not due.
fn noise(truth: &Truth, observed: &Observed, found: &mut Vec<String>) {
    if !truth.quiet {
        return;
    }
    for ObservedFinding { end, finding, .. } in &observed.findings {
        let severity = finding.severity.as_str();
        let due = truth.due.iter().any(|due| {
            Some(due.end) == *end
                && due.severity == Severity::Ticket
                && due.conclusion.word() == finding.conclusion()
        });
        let ignored = end.is_some() && *end == truth.unwatched;
        let wakes = severity != Severity::None.word();
        if wakes && !ignored && !(due && severity == Severity::Ticket.word()) {
            found.push(format!(
                "nobody may be woken here, and {} is a {severity}: {}",
                finding.conclusion(),
                finding.summary
            ));
        }
    }
    if observed.alerts.is_none() {
        found.push("the story must end quiet, and nobody looked at its alerts".to_owned());
    }
}

fn same_flow(observed: &Observed, found: &mut Vec<String>) {
    let mut flows: Vec<(usize, &str)> = observed
        .findings
        .iter()
        .filter(|one| one.end.is_some())
        .map(|one| (one.on, one.finding.connection.flow_id.as_str()))
        .collect();
    flows.sort_unstable();
    flows.dedup();
    for same in flows.chunk_by(|one, other| one.0 == other.0) {
        if same.len() > 1 {
            let ids: Vec<&str> = same.iter().map(|(_, id)| *id).collect();
            found.push(format!(
                "one connection has several flow ids: {}",
                ids.join(", ")
            ));
        }
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

/// The word that the testbed looks for when it waits for `conclusion`.
pub fn concludes(finding: &Finding, conclusion: Conclusion) -> bool {
    finding.conclusion() == conclusion.word()
}
