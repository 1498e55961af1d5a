//! What is true in a story, declared before it is told, and what `tcplull`
//! said about it: two plain values that [`compare`] holds against each other.

pub mod alerts;
pub mod compare;
mod conclusion;
mod finding;
mod said;
#[cfg(test)]
mod tests;

pub use conclusion::{Certainty, Conclusion, Severity};
pub use finding::{Alert, Finding, Keepalive, Listed};
pub use said::{Heard, Reading, Said};

use crate::app::End;
use serde::Serialize;
use std::ops::RangeInclusive;

/// A finding that must be said, exactly once.
#[derive(Clone, Debug, Serialize)]
pub struct Due {
    /// Whose connection.
    pub end: End,
    /// What must be concluded.
    pub conclusion: Conclusion,
    /// Whom it must wake.
    pub severity: Severity,
    /// How sure it must be.
    pub certainty: Certainty,
    /// The least and the greatest right length of the silence, in seconds.
    pub gap_seconds: [f64; 2],
    /// Facts that its evidence must hold, with their least and greatest right value.
    pub evidence: Vec<(&'static str, [f64; 2])>,
}

/// An alert that must be firing.
#[derive(Clone, Debug, Serialize)]
pub struct AlertDue {
    /// Its name.
    pub conclusion: Conclusion,
    /// Whom it must wake.
    pub severity: Severity,
    /// Whose connection it is about.
    pub end: End,
}

/// A series that must have reached a value while the story runs.
#[derive(Clone, Debug, Serialize)]
pub struct MetricDue {
    /// Its name.
    pub name: &'static str,
    /// Labels that it must carry, among others perhaps.
    pub labels: Vec<(&'static str, &'static str)>,
    /// Its least right value.
    pub at_least: f64,
}

/// How `tcplull ls` must list a connection.
#[derive(Clone, Debug, Serialize)]
pub struct ListingDue {
    /// Whose connection.
    pub end: End,
    /// Payload must have been idle for longer than this, in seconds.
    pub payload_idle_over: f64,
    /// Packets must have been idle for less than this, in seconds.
    pub packet_idle_under: f64,
    /// The socket's keepalive: seconds before the first probe and between
    /// probes. `None` if it has none.
    pub keepalive: Option<[u32; 2]>,
}

/// The finding whose time since the send that provoked it is reported. It fails
/// nothing: how soon a busy machine speaks is no truth about the product; which
/// timeouts it rests on is.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Verdict {
    /// Whose connection.
    pub end: End,
    /// The conclusion that is the verdict.
    pub conclusion: Conclusion,
}

/// All that is true in one story.
#[derive(Clone, Debug, Serialize)]
pub struct Truth {
    /// The path that covers both ends.
    pub path: &'static str,
    /// Its stated timeout, in seconds.
    pub timeout_seconds: u32,
    /// What must be said, in this order at each end.
    pub due: Vec<Due>,
    /// What may be said besides, once. It must wake nobody.
    pub allowed: Vec<(End, Conclusion)>,
    /// The verdict, if the story has one.
    pub verdict: Option<Verdict>,
    /// The alerts that fire, and no others, once the silence has crossed the timeout.
    pub alerts_in_silence: Vec<AlertDue>,
    /// The alerts that fire, and no others, at the end.
    pub alerts: Vec<AlertDue>,
    /// What `/metrics` shows while the story runs.
    pub metrics: Vec<MetricDue>,
    /// What `tcplull ls` shows in the silence.
    pub listing: Vec<ListingDue>,
}

impl Truth {
    /// A truth in which nothing is ever said.
    #[must_use]
    pub fn of_path(path: &'static str, timeout_seconds: u32) -> Self {
        Self {
            path,
            timeout_seconds,
            due: Vec::new(),
            allowed: Vec::new(),
            verdict: None,
            alerts_in_silence: Vec::new(),
            alerts: Vec::new(),
            metrics: Vec::new(),
            listing: Vec::new(),
        }
    }

    /// Adds that `end` crosses its timeout in silence: a finding for somebody to read
    /// within one sweep or two, an alert as long as the silence lasts, and a warning
    /// before, perhaps.
    #[must_use]
    pub fn crosses(mut self, end: End) -> Self {
        self.allowed.push((end, Conclusion::AtRisk));
        let timeout = f64::from(self.timeout_seconds);
        let sweeps = 2.0;
        self.alerts_in_silence.push(AlertDue {
            conclusion: Conclusion::Crossed,
            severity: Severity::Ticket,
            end,
        });
        self.due(
            end,
            Conclusion::Crossed,
            Severity::Ticket,
            timeout..=timeout + sweeps,
        )
    }

    /// Adds a finding that must be said.
    #[must_use]
    pub fn due(
        mut self,
        end: End,
        conclusion: Conclusion,
        severity: Severity,
        gap_seconds: RangeInclusive<f64>,
    ) -> Self {
        self.due.push(Due {
            end,
            conclusion,
            severity,
            certainty: Certainty::Observed,
            gap_seconds: [*gap_seconds.start(), *gap_seconds.end()],
            evidence: Vec::new(),
        });
        self
    }

    /// Makes the finding named last a suspicion: one host alone cannot prove it.
    #[must_use]
    pub fn suspected(mut self) -> Self {
        if let Some(last) = self.due.last_mut() {
            last.certainty = Certainty::Suspected;
        }
        self
    }

    /// Adds a fact that the finding named last must rest on.
    #[must_use]
    pub fn resting_on(mut self, fact: &'static str, value: RangeInclusive<f64>) -> Self {
        if let Some(last) = self.due.last_mut() {
            last.evidence.push((fact, [*value.start(), *value.end()]));
        }
        self
    }

    /// Makes the finding named last the verdict, whose time is reported.
    #[must_use]
    pub fn timed(mut self) -> Self {
        self.verdict = self.due.last().map(|last| Verdict {
            end: last.end,
            conclusion: last.conclusion,
        });
        self
    }

    /// Adds something that may be said, or not.
    #[must_use]
    pub fn allows(mut self, end: End, conclusion: Conclusion) -> Self {
        self.allowed.push((end, conclusion));
        self
    }

    /// Adds an alert that fires at the end.
    #[must_use]
    pub fn leaves_firing(mut self, conclusion: Conclusion, severity: Severity, end: End) -> Self {
        self.alerts.push(AlertDue {
            conclusion,
            severity,
            end,
        });
        self
    }

    /// Adds a counter of this path that has reached 1 while the story runs.
    #[must_use]
    pub fn counts(mut self, name: &'static str, labels: &[(&'static str, &'static str)]) -> Self {
        let mut labels = labels.to_vec();
        labels.push(("path", self.path));
        self.metrics.push(MetricDue {
            name,
            labels,
            at_least: 1.0,
        });
        self
    }

    /// Adds that, in the silence, `ls` shows `end` with payload idle beyond the
    /// timeout, packets idle below it, and the keepalive that its socket has.
    #[must_use]
    pub fn lists_kept_alive(mut self, end: End, keepalive: Option<[u32; 2]>) -> Self {
        let timeout = f64::from(self.timeout_seconds);
        self.listing.push(ListingDue {
            end,
            payload_idle_over: timeout,
            packet_idle_under: timeout,
            keepalive,
        });
        self
    }
}
