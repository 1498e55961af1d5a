//! Judging a recording again.

use super::entry::Entry;
use super::error::RecordingError;
use super::reader::{Ending, Recording};
use crate::alerts::{self, Alerts};
use crate::{Judge, Verdict};
use monitor_model::alert::Alert;
use monitor_model::finding::Finding;
use std::io::BufRead;

/// What came of a replay besides its findings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// The alerts at its end, in every state.
    pub alerts: Vec<Alert>,
    /// How many findings there were.
    pub findings: u64,
    /// How much the judge was told.
    pub inputs: u64,
    /// How much the recording says that it lacks.
    pub lost: u64,
    /// How it ended.
    pub ending: Ending,
}

/// Judges a recording again. Every finding goes to `say`, in the order in which the
/// daemon said them; its `false` ends the replay. Alerts have these bounds: a recording does not say after how long its
/// daemon paged.
///
/// # Errors
/// The first line that cannot be read, or what `say` fails with. What was said
/// until then holds.
pub fn replay<R: BufRead, E: From<RecordingError>>(
    recording: &mut Recording<R>,
    limits: alerts::Limits,
    mut say: impl FnMut(&Finding) -> Result<bool, E>,
) -> Result<Replayed, E> {
    let mut judge = Judge::new(recording.paths().to_vec(), recording.limits());
    let mut alerts = Alerts::new(limits);
    let mut replayed = Replayed::default();
    let mut verdicts = Vec::new();
    let mut now_ns = 0;
    'lines: while let Some(entry) = recording.entry()? {
        if let Entry::Lost { inputs } = entry {
            replayed.lost = replayed.lost.saturating_add(inputs);
        }
        let Some(input) = entry.input() else {
            continue;
        };
        replayed.inputs += 1;
        // Facts may be told late, but no clock goes back.
        now_ns = now_ns.max(entry.moment_ns().unwrap_or(0));
        judge.take(&input, &mut verdicts);
        for verdict in verdicts.drain(..) {
            alerts.apply(&verdict, now_ns);
            if let Verdict::Finding(finding) = verdict {
                replayed.findings += 1;
                if !say(&finding)? {
                    break 'lines;
                }
            }
        }
        if matches!(entry, Entry::Tick { .. }) {
            alerts.tick(now_ns);
        }
    }
    replayed.alerts = alerts.all().collect();
    replayed.ending = recording.ending();
    Ok(replayed)
}
