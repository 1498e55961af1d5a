//! Gathering what a snapshot has: what a daemon answers, or what can be seen without one.

use super::super::answerer::Answerer;
use super::super::check;
use super::super::client::each;
use super::super::exit::CliError;
use super::super::past;
use super::super::wrong::Shown;
use super::{Arguments, config_files};
use crate::client::{Answer, ClientError, Host, Question};
use monitor_kernel::Scope;
use monitor_model::api::AgentState;
use monitor_model::format::{count, told_line};
use monitor_model::listing::ConnectionRow;
use monitor_model::snapshot::{SnapshotAbout, ToldBy};
use monitor_model::time::Timestamp;
use monitor_snapshot::{Connections, Newest, Part, Snapshot};

/// Room for the lines of connections, and for those of the history, in bytes: with both a snapshot is gathered in 128 MiB, and
/// read well within [`monitor_snapshot::Bounds`]. It is what some 70,000 connections need, and 30,000 findings.
const ROOM: usize = 64 << 20;

/// Room for the lines of any other part.
const SMALL: usize = 8 << 20;

/// What can be had.
pub(super) fn gather(arguments: &Arguments) -> Result<Snapshot, CliError> {
    let ask = &arguments.ask;
    let config = ask.config(Scope::default())?;
    let named = ask.host.named()?;
    let it = "takes the snapshot by itself, of what it sees now";
    let answerer = match ask.answerer(Scope::default(), false, Some(it)) {
        Ok(answerer) => Ok(answerer),
        Err(error @ (CliError::Alone { .. } | CliError::Kernel(_))) => Err(error.to_string()),
        Err(error) => return Err(error),
    };
    let looked = answerer.and_then(|answerer| match answerer.look() {
        Ok(()) => Ok(answerer),
        Err(error) => Err(error.to_string()),
    });
    let by_itself = looked.as_ref().map_or(true, Answerer::is_itself);
    let mut snapshot = Snapshot::new(SnapshotAbout {
        made: Timestamp::of(past::now()?.wall_unix_ns),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        host: match &named {
            Some(host) => host.to_string(),
            None => past::hostname(),
        },
        kernel: named.is_none().then(monitor_kernel::release),
        told_by: match by_itself {
            true => ToldBy::Command,
            false => ToldBy::Daemon,
        },
        redacted: false,
        lacks: Vec::new(),
    });
    match looked {
        Ok(answerer) => {
            ask_for_all(&mut snapshot, answerer.host())?;
            answerer.end()?;
        }
        Err(why) => {
            for part in [
                Part::Agent,
                Part::Alerts,
                Part::Connections,
                Part::Paths,
                Part::Metrics,
            ] {
                snapshot.lacks(part, why.clone());
            }
        }
    }
    history(&mut snapshot, arguments);
    if named.is_some() {
        snapshot.lacks(Part::Config, "it is on the host that was asked".to_owned());
        return Ok(snapshot);
    }
    match config_files::lines(&ask.config) {
        Ok(lines) => snapshot.put(Part::Config, lines),
        Err(why) => snapshot.lacks(Part::Config, why),
    }
    // A daemon says itself what works for it.
    if by_itself {
        let rows = check::rows_here(&config, &ask.kernel);
        let lines = rows.iter().map(told_line).collect::<Result<_, _>>();
        snapshot.put(Part::Check, lines.map_err(CliError::unwritten)?);
    }
    Ok(snapshot)
}

/// What the API has, but for the history.
fn ask_for_all(snapshot: &mut Snapshot, host: &Host) -> Result<(), CliError> {
    for (part, paths) in [
        (Part::Agent, &["/api/v1/agent"][..]),
        (Part::Check, &["/api/v1/check"]),
        (Part::Alerts, &["/api/v1/alerts"]),
        (Part::Paths, &["/api/v1/paths", "/api/v1/found"]),
        (Part::Metrics, &["/metrics"]),
    ] {
        let mut lines = Newest::new(SMALL);
        let mut take = |answer| {
            if let Answer::Row(line) = answer {
                lines.push(line);
            }
            Ok(true)
        };
        let mut paths = paths.iter();
        let asked = paths.try_for_each(|path| each(host, &Question::list(*path), &mut take));
        keep(snapshot, part, asked, lines.finish())?;
    }
    let agent = snapshot.part(Part::Agent).ok().and_then(<[_]>::first);
    let agent = agent.and_then(|line| serde_json::from_str::<AgentState>(line).ok());
    if let Some(agent) = agent {
        snapshot.about.kernel = Some(agent.kernel);
    }
    let mut rows = Connections::new(ROOM);
    let question = Question::list("/api/v1/connections");
    let asked = each(host, &question, &mut |answer| {
        if let Answer::Row(line) = answer {
            let row = serde_json::from_str::<ConnectionRow>(&line);
            let is_wrong = row.is_ok_and(|row| row.is_wrong());
            rows.push(line, is_wrong);
        }
        Ok(true)
    });
    keep(snapshot, Part::Connections, asked, rows.finish())
}

/// What was answered, and what is lacking of it. Who does not answer at all answers nothing else either.
fn keep(
    snapshot: &mut Snapshot,
    part: Part,
    asked: Result<(), CliError>,
    (lines, left_out): (Vec<String>, u64),
) -> Result<(), CliError> {
    match asked {
        Err(CliError::Client(error @ (ClientError::Refused(_) | ClientError::Lacks { .. }))) => {
            snapshot.lacks(part, why(&error.into()));
            if lines.is_empty() {
                return Ok(());
            }
        }
        asked => asked?,
    }
    if left_out > 0 {
        let left_out = count(left_out, "line");
        snapshot.lacks(part, format!("{left_out} that there was no room for"));
    }
    snapshot.put(part, lines);
    Ok(())
}

/// Why something is lacking: what a daemon says is its own reason.
fn why(error: &CliError) -> String {
    match error {
        CliError::Client(ClientError::Refused(reason)) => reason.error.clone(),
        error => error.to_string(),
    }
}

/// The history, of files or as a daemon tells it. A host may have none.
fn history(snapshot: &mut Snapshot, arguments: &Arguments) {
    let mut lines = Newest::new(ROOM);
    let ask = &arguments.ask;
    let kept = arguments.history.open(&ask.config, &ask.host);
    let read = kept.and_then(|kept| {
        let since = arguments.since.asked(&ask.host)?;
        kept.each(since.unix_ns, &mut |line| lines.push(line))
    });
    let (lines, left_out) = lines.finish();
    if let Err(error) = read {
        snapshot.lacks(Part::History, why(&error));
        if lines.is_empty() {
            return;
        }
    }
    if left_out > 0 {
        let why = format!(
            "the {} before the first one here",
            count(left_out, "record")
        );
        snapshot.lacks(Part::History, why);
    }
    snapshot.put(Part::History, lines);
}
