//! What was found in some time, put together for an incident.

use crate::alert::Alert;
use crate::gaps::GapLength;
use crate::time::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The name under which whatever a report has no room for is counted together. No path is called so.
pub const OTHER: &str = "~other";

/// What the history has of some time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// From this moment on.
    pub from: Timestamp,
    /// To this one.
    pub until: Timestamp,
    /// The first record that there is at all, whatever was asked for; `None` where there is none.
    pub history_begins: Option<Timestamp>,
    /// Findings, all of them.
    pub findings: u64,
    /// Those of them that are pages by themselves.
    pub pages: u64,
    /// Those of them that are tickets.
    pub tickets: u64,
    /// By path, the worst first; what there is no room for is `~other`, at the end.
    pub paths: Vec<PathReport>,
    /// Alerts that were pending, fired or were over then: pages first, those that still fire before those that are over.
    pub alerts: Vec<Alert>,
    /// Further alerts that there is no room for.
    pub alerts_left_out: u64,
    /// Times of which the history knows less, or nothing.
    pub not_seen: Vec<NotSeen>,
    /// Further such times.
    pub not_seen_left_out: u64,
    /// Steps of the wall clock, which make times before them hard to compare.
    pub clock_steps: Vec<ClockStep>,
    /// Further such steps.
    pub clock_steps_left_out: u64,
    /// Findings over time, in parts of one length.
    pub over_time: Vec<TimeSlot>,
    /// Files of the history that could be read in part or not at all.
    pub damaged: u64,
    /// Records that this version does not understand.
    pub unknown: u64,
}

/// What was found on one path.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PathReport {
    /// Its name; `none` for connections without one.
    pub path: String,
    /// Its idle timeout in seconds, as it was stated last; `None` where no finding says.
    pub timeout_seconds: Option<f64>,
    /// Silences that ended, as the kernel side counted them by the hour.
    pub gaps: u64,
    /// How long they were together, in seconds.
    pub gap_seconds: f64,
    /// How many had which length.
    pub lengths: Vec<GapLength>,
    /// Findings on it.
    pub findings: u64,
    /// Those of them that say that a silence was survived.
    pub survived: u64,
    /// Those of them that say that it was not, and by nothing but the silence: siblings were fine.
    pub failed: u64,
    /// The longest silence that was survived, in seconds.
    pub longest_survived_seconds: Option<f64>,
    /// The shortest silence that was not, in seconds.
    pub shortest_failed_seconds: Option<f64>,
    /// Findings by what they conclude, the most frequent first.
    pub found: Vec<Found>,
    /// Who had most findings, those with failures first; the rest is `~other`.
    pub owners: Vec<OwnerReport>,
    /// What was advised, the most frequent first.
    pub advice: Vec<Advised>,
}

/// How often something was concluded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Found {
    /// `at_risk`, `crossed`, or the name of an outcome or a cause.
    pub name: String,
    /// So often.
    pub count: u64,
}

/// What one owner had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OwnerReport {
    /// Workload of the owner's pod, else the name of its container, else its systemd unit, else its process name, else
    /// `unknown`; `~other` for all that come after the worst.
    pub owner: String,
    /// Silences that were not survived.
    pub failed: u64,
    /// Findings, those included.
    pub findings: u64,
}

/// What was advised.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Advised {
    /// In words.
    pub advice: String,
    /// The section of the documentation with the settings; `None` where there is none.
    pub settings: Option<String>,
    /// In so many findings.
    pub count: u64,
}

/// A time of which the history knows less, or nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NotSeen {
    /// Why.
    pub why: Why,
    /// Since when; `None` where that is not known.
    pub since: Option<Timestamp>,
    /// Until when; `None` where it lasts.
    pub until: Option<Timestamp>,
    /// How many facts or records that are, where it is known.
    pub count: Option<u64>,
}

/// Why something was not seen.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// The history begins later.
    BeforeHistory,
    /// The daemon was stopped.
    Stopped,
    /// The daemon was killed, or the host stopped: it ran until the last record before, at the least.
    Killed,
    /// The daemon watched nothing, to keep to its budget.
    Detached,
    /// The daemon watched by sweeps alone, to keep to its budget.
    WatchedLess,
    /// Sweeps failed.
    SweepsFailed,
    /// Facts came faster than they were read.
    FactsLost,
    /// The disk did not take records.
    NotWritten,
}

/// A step of the wall clock.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ClockStep {
    /// When it was noticed, by the clock as it was after it.
    pub time: Timestamp,
    /// By so many seconds; less than 0 where it went back.
    pub seconds: f64,
}

/// Findings of one part of the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TimeSlot {
    /// When it begins; the next one's beginning is its end.
    pub from: Timestamp,
    /// Findings that are pages by themselves.
    pub pages: u64,
    /// Findings that are tickets.
    pub tickets: u64,
    /// Findings that wake nobody.
    pub others: u64,
}
