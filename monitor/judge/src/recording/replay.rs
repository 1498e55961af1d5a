//! Judging a recording again.

use super::entry::Entry;
use super::error::RecordingError;
use super::reader::{Ending, Recording};
use crate::alerts::{self, Alerts};
use crate::{Judge, Verdict};
use monitor_model::alert::Alert;
use monitor_model::finding::Finding;
use std::collections::VecDeque;
use std::io::BufRead;

/// Lines that are looked at ahead, at most: what a sweep holds, and as much again that
/// waited in the ring.
const MAX_AHEAD: usize = 2 * 65_536;

/// What came of a replay besides its findings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// The alerts that fire at its end.
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
/// daemon said them; its `false` ends the replay.
///
/// # Errors
/// The first line that cannot be read, or what `say` fails with. What was said
/// until then holds.
pub fn replay<R: BufRead, E: From<RecordingError>>(
    recording: &mut Recording<R>,
    mut say: impl FnMut(&Finding) -> Result<bool, E>,
) -> Result<Replayed, E> {
    let mut judge = Judge::new(recording.paths().to_vec(), recording.limits());
    let mut alerts = Alerts::new(alerts::Limits::default());
    let mut replayed = Replayed::default();
    let mut verdicts = Vec::new();
    let mut now_ns = 0;
    let mut lines = Lines::of(recording);
    'lines: while let Some(entry) = lines.next(&mut judge)? {
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
    replayed.alerts = alerts.firing().collect();
    replayed.ending = recording.ending();
    Ok(replayed)
}

/// The lines of a recording, with the rows of a sweep looked at where the daemon did:
/// all together, before the first of them is judged and what came meanwhile.
struct Lines<'a, R> {
    recording: &'a mut Recording<R>,
    /// What was looked at ahead.
    ahead: VecDeque<Result<Option<Entry>, RecordingError>>,
}

impl<'a, R: BufRead> Lines<'a, R> {
    fn of(recording: &'a mut Recording<R>) -> Self {
        Self {
            recording,
            ahead: VecDeque::new(),
        }
    }

    fn next(&mut self, judge: &mut Judge) -> Result<Option<Entry>, RecordingError> {
        let next = match self.ahead.pop_front() {
            Some(next) => next,
            None => self.recording.entry(),
        };
        if matches!(next, Ok(Some(Entry::LookAround))) {
            self.look_ahead(judge);
        }
        next
    }

    fn look_ahead(&mut self, judge: &mut Judge) {
        while self.ahead.len() < MAX_AHEAD {
            let entry = self.recording.entry();
            let over = match &entry {
                Ok(Some(entry)) => {
                    if let Some(row) = entry.row() {
                        judge.look_around(row);
                    }
                    entry.ends_rows()
                }
                _ => true,
            };
            self.ahead.push_back(entry);
            if over {
                break;
            }
        }
    }
}
