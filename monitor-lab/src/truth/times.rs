//! How soon each conclusion came. Reported, never failed on: how soon a busy
//! machine speaks is no truth about the product.

use super::{Conclusion, Observed, Pair, Truth, align};
use crate::app::Report;
use crate::ends::End;
use crate::timeline::{Entry, Happened};
use serde::Serialize;
use std::time::Instant;

/// How soon one conclusion that was due was said.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Time {
    /// Whose connection it is about.
    pub end: End,
    /// What was concluded.
    pub conclusion: Conclusion,
    /// Seconds since the send, or the turn of events, that provoked it; of what comes
    /// with the timeout (a warning, a crossing, a FIN) since the timeout, so that a
    /// warning in time is below 0.
    pub seconds: f64,
}

/// The time of every conclusion that was due and said. `start` is the moment that
/// the seconds in `said` count from.
pub fn times(truth: &Truth, observed: &Observed, entries: &[Entry], start: Instant) -> Vec<Time> {
    let mut times = Vec::new();
    for aligned in align(truth, observed) {
        for pair in aligned.pairs {
            let Pair::Observed(due, observation) = pair else {
                continue;
            };
            if !due.provoked {
                continue;
            }
            let (end, on, conclusion) = (aligned.end, aligned.connection, due.conclusion);
            let last = |happened: &dyn Fn(&Happened) -> bool| {
                last(entries, start, observation.at_seconds, happened)
            };
            let (provoked, wait) = match conclusion {
                Conclusion::AtRisk | Conclusion::Crossed | Conclusion::Closed => (
                    last(&|what| moves(what, on)),
                    f64::from(truth.timeout_seconds),
                ),
                // Payload from the other end is what was waited for.
                Conclusion::Survived => (last(&|what| provokes(what, end.other(), on)), 0.0),
                _ => (last(&|what| provokes(what, end, on)), 0.0),
            };
            if let Some(provoked) = provoked {
                let seconds = observation.at_seconds - provoked - wait;
                times.push(Time {
                    end,
                    conclusion,
                    seconds,
                });
            }
        }
    }
    times
}

/// Whether payload moves on that connection.
fn moves(what: &Happened, connection: usize) -> bool {
    match what {
        Happened::Sent(_, on, _) | Happened::App(_, Report::Received { on, .. }) => {
            *on == connection
        }
        _ => false,
    }
}

/// Whether this provokes a verdict about `end`.
fn provokes(what: &Happened, end: End, connection: usize) -> bool {
    match what {
        Happened::Turn(_) => true,
        Happened::Sent(from, on, _) => (*from, *on) == (end, connection),
        _ => false,
    }
}

/// When that happened last before the second `before`, in seconds since `start`.
fn last(
    entries: &[Entry],
    start: Instant,
    before: f64,
    happened: impl Fn(&Happened) -> bool,
) -> Option<f64> {
    entries
        .iter()
        .filter(|entry| happened(&entry.what))
        .map(|entry| entry.at.saturating_duration_since(start).as_secs_f64())
        .rfind(|at| *at <= before)
}
