//! A moment that is over, as `top` shows it: from the history.

use crate::cli::exit::CliError;
use crate::cli::past::{Kept, told_moment};
use monitor_lookback::{Asked, Found};
use monitor_model::agent::{AgentChange, AgentEvent};
use monitor_model::finding::Finding;
use monitor_model::format::count;
use monitor_model::time::Timestamp;
use monitor_tui::past::Past;
use monitor_tui::source::{AgentSheet, PathSheet};
use std::collections::BTreeMap;

/// What the history has of that moment.
pub(super) fn look(kept: &Kept, at: &Asked) -> Result<Past, CliError> {
    let stood = kept.alerts_at(at.unix_ns)?;
    let since = Found::since(at.unix_ns, &stood.alerts);
    let found = kept.found_until(since, at.unix_ns)?;
    let mut notes: Vec<String> = at.note.iter().cloned().chain(stood.notes).collect();
    if found.left_out > 0 {
        let left_out = count(found.left_out, "older record");
        notes.push(format!("{left_out} had no room here"));
    }
    let agent = agent(&notes, &found);
    let paths = paths(&found);
    Ok(Past {
        at: Timestamp::of(at.unix_ns),
        said: told_moment(at),
        since: Timestamp::of(since),
        notes,
        alerts: stood.alerts,
        findings: found.findings.into(),
        paths,
        agent,
    })
}

/// The paths of findings and of gaps.
fn paths(found: &Found) -> Vec<PathSheet> {
    let of_gaps = found.gaps.keys().map(|name| (name.as_str(), None));
    let findings = found.findings.iter();
    let of_findings =
        findings.filter_map(|finding| Some((finding.path.as_deref()?, Some(finding))));
    // Of each path the last finding, where it has one.
    let paths: BTreeMap<&str, Option<&Finding>> = of_gaps.chain(of_findings).collect();
    let sheet = |(name, finding): (&str, Option<&Finding>)| PathSheet {
        name: name.to_owned(),
        timeout_seconds: finding.and_then(|finding| finding.timeout_seconds),
        clock: finding.map(|finding| finding.clock),
        gaps: found.gaps.get(name).cloned(),
    };
    paths.into_iter().map(sheet).collect()
}

/// What happened to the daemon.
fn agent(notes: &[String], found: &Found) -> AgentSheet {
    let note = |note: &String| (String::new(), note.clone());
    let event = |event: &AgentEvent| (event.time.to_string(), happened(&event.change));
    let notes: Vec<_> = notes.iter().map(note).collect();
    let events: Vec<_> = found.agent.iter().map(event).collect();
    let sections = [("To know", notes), ("What happened to the daemon", events)];
    let sections = sections.into_iter().filter(|(_, lines)| !lines.is_empty());
    AgentSheet {
        ready: None,
        sections: sections
            .map(|(heading, lines)| (heading.to_owned(), lines))
            .collect(),
    }
}

fn happened(change: &AgentChange) -> String {
    match change {
        AgentChange::Started { version } => format!("it started, version {version}"),
        AgentChange::Stopped => "it stopped".to_owned(),
        AgentChange::HistoryResumed { lacks } => {
            format!("the history lacks {} before", count(*lacks, "record"))
        }
        AgentChange::Watching { level, less } => {
            let how = if *less { "less than" } else { "again as" };
            format!("it watches {how} at its start: {level}")
        }
        AgentChange::Reloaded { paths } => {
            format!("it took a new configuration, of {}", count(*paths, "path"))
        }
        AgentChange::ReloadFailed => "it could not take a new configuration".to_owned(),
        AgentChange::ConnectionsCut { uid, ended, .. } => {
            format!("uid {uid} cut {}", count(*ended, "connection"))
        }
        AgentChange::SocketsHealed { path, set, .. } => {
            format!("it set timers of {} on path {path}", count(*set, "socket"))
        }
        AgentChange::HealUndone { back, .. } => {
            format!("it gave {} back what they had", count(*back, "socket"))
        }
        AgentChange::FactsLost { facts } => format!("{} were lost", count(*facts, "fact")),
        AgentChange::SweepsFail => "its sweeps fail: silences are not seen".to_owned(),
        AgentChange::SweepsWork { since } => format!("its sweeps work again, not since {since}"),
    }
}
