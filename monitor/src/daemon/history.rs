//! The history as the daemon keeps it: the surface with the host's clocks, and its numbers.

use super::boot_file::boot_id;
use super::error::DaemonError;
use crate::surfaces::api::{HistoryKind, HistoryQuery, Rows};
use crate::surfaces::history::{Clock, History, HistoryCounters};
use crate::surfaces::metrics::HistoryShown;
use crate::surfaces::sink::Queued;
use monitor_kernel::Reading;
use monitor_lookback::Past;
use monitor_model::api::ApiError;
use monitor_model::finding::Finding;
use monitor_model::format::told_line;
use monitor_model::time::Timestamp;
use monitor_store::{BootId, Kind, Kinds, Moment, Settings};
use std::collections::VecDeque;
use std::path::Path;

/// Records that wait for the disk, at most: a minute of a thousand findings, some MiB where nobody else holds them.
const QUEUE: usize = 1_024;

/// Starts the thread that keeps it.
pub(super) fn start(
    settings: &Settings,
    counters: &HistoryCounters,
) -> Result<Queued, DaemonError> {
    let name = "history";
    let sink = History::new(settings.clone(), clock(), counters.clone());
    Queued::with_capacity(QUEUE, name, sink).map_err(|source| DaemonError::Sink { name, source })
}

/// The host's clocks.
fn clock() -> Clock {
    let boot_id = boot();
    Box::new(move || moment(boot_id))
}

/// The present moment, for whoever reads the history; `None` where the clocks cannot be read.
pub fn present() -> Option<Moment> {
    moment(boot())
}

/// A boot without a name is one by itself: nothing of another is placed by its clock.
fn boot() -> BootId {
    let id = boot_id().ok().and_then(|id| BootId::parse(&id));
    id.unwrap_or_default()
}

fn moment(boot_id: BootId) -> Option<Moment> {
    let now = Reading::now().ok()?;
    Some(Moment {
        wall_unix_ns: now.wall_unix_ns,
        boot_ns: now.boot_ns,
        boot_id,
    })
}

/// What the history in `dir` has of what is asked for, each line read when it is taken.
pub(super) fn rows(dir: &Path, asked: &HistoryQuery) -> Result<Rows, String> {
    let now = present().ok_or("the clocks cannot be read")?;
    let kinds = match asked.kind {
        None => Kinds::ALL,
        Some(HistoryKind::Finding) => Kinds::of(&[Kind::Finding]),
        Some(HistoryKind::Alert) => Kinds::of(&[Kind::Alert]),
        Some(HistoryKind::Gaps) => Kinds::of(&[Kind::Gaps]),
        Some(HistoryKind::Agent) => Kinds::of(&[Kind::Agent]),
    };
    let from = asked.since.map_or(i64::MIN, Timestamp::unix_ns);
    let until = asked.until.map_or(i64::MAX, Timestamp::unix_ns);
    let lines = Past::new(dir.to_owned(), now).lines(from, until, kinds);
    let lines = lines.map_err(|error| error.to_string())?;
    // A history that cannot be read any more ends with the reason.
    let lines = lines.map(|line| match line {
        Ok(line) => line,
        Err(error) => {
            let error = ApiError::from(error.to_string());
            told_line(&error).unwrap_or_default()
        }
    });
    Ok(Rows::lines(lines).first(asked.limit))
}

/// What the history in `dir` has found of the connection with this id, in order: the last `most`, and how many more there
/// are. Records that cannot be read are left out.
pub(super) fn findings(dir: &Path, id: &str, most: usize) -> Result<(Vec<Finding>, u64), String> {
    let now = present().ok_or("the clocks cannot be read")?;
    let all = Past::new(dir.to_owned(), now).lines(i64::MIN, i64::MAX, Kinds::of(&[Kind::Finding]));
    let (mut findings, mut left_out) = (VecDeque::new(), 0);
    for line in all.map_err(|error| error.to_string())? {
        let line = line.map_err(|error| error.to_string())?;
        // An id is hexadecimal, so it stands in the line as it is: most lines need not be read.
        if line.contains(id)
            && let Ok(finding) = serde_json::from_str::<Finding>(&line)
            && finding.connection.id == id
        {
            if findings.len() >= most {
                findings.pop_front();
                left_out += 1;
            }
            findings.push_back(finding);
        }
    }
    Ok((findings.into(), left_out))
}

/// Its numbers, as they are shown.
pub(super) fn shown(counters: &HistoryCounters) -> HistoryShown {
    let numbers = counters.numbers();
    let stats = numbers.stats;
    let oldest = stats
        .oldest
        .map(|oldest| oldest.wall_unix_ns.max(0).unsigned_abs());
    HistoryShown {
        kept: numbers.kept,
        refused: numbers.refused,
        bytes: stats.bytes,
        segments: stats.segments,
        oldest: oldest.map(|ns| ns / 1_000_000_000),
        written: stats.written,
        let_go: stats.records_dropped,
        cut: stats.cut,
        unread: [stats.damaged, stats.foreign],
    }
}
