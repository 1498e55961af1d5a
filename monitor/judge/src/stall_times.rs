//! How long stalls lasted that were told and are over, and how they ended.

use crate::verdict::End;
use monitor_model::finding::Cause;
use monitor_model::histogram::Histogram;
use std::collections::HashMap;

/// Upper bounds in seconds. A minute and below is what people wait for; in some 15 min the kernel gives up what it sends
/// (tcp_retries2), in two hours keepalive looks first by default.
const BOUNDS: &[f64] = &[
    1.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1200.0, 1800.0, 3600.0, 7200.0, 43200.0,
];

/// How a stall ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StallEnd {
    /// What was due moves again.
    Moved,
    /// It goes on for another cause.
    AnotherCause,
    /// By kernel, peer or box, or by its application with data that nobody answered.
    EndedBadly,
    /// The connection ended with nothing lost.
    EndedInPeace,
    /// At a server: by its client's RST.
    LeftByClient,
    /// By this host's operator.
    EndedByOperator,
    /// Its application closed, and nobody waits any more; what it left behind does not move.
    LeftByApplication,
    /// How is not known: no sweep showed it for long, or its socket was found in use for another connection.
    LostSight,
}

impl From<End> for StallEnd {
    fn from(end: End) -> Self {
        match end {
            End::Badly => Self::EndedBadly,
            End::Left => Self::LeftByApplication,
            End::InPeace => Self::EndedInPeace,
            End::ByClient => Self::LeftByClient,
            End::ByOperator => Self::EndedByOperator,
        }
    }
}

/// Lengths of stalls by cause and end: as many histograms as there are pairs of these, at most.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StallTimes(HashMap<(Cause, StallEnd), Histogram>);

impl StallTimes {
    pub(crate) fn note(&mut self, cause: Cause, lasted_ns: u64, end: StallEnd) {
        let times = self.0.entry((cause, end));
        let times = times.or_insert_with(|| Histogram::new(BOUNDS));
        times.add(lasted_ns as f64 / 1e9);
    }

    /// Those that there were, by cause and end.
    pub fn all(&self) -> impl Iterator<Item = ((Cause, StallEnd), Histogram)> {
        self.0.iter().map(|(key, times)| (*key, times.clone()))
    }
}
