//! The lines of a recording after its header.

use super::fact::{FactMirror, OwnerMirror};
use crate::{Input, JudgedPath, Observation};
use monitor_common::{Fact, FactKind};
use monitor_model::owner::Owner;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// One line after the header.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Entry {
    /// A fact, as [`Observation`].
    Observation(Box<Observed>),
    /// As [`Input::LookAround`]: the rows are those that follow until the sweep is done.
    LookAround,
    /// As [`Input::SweepDone`].
    SweepDone {
        /// When it began, CLOCK_MONOTONIC in ns.
        started_ns: u64,
        /// When it ended, likewise.
        now_ns: u64,
        /// Wall-clock time of its end, in ns since 1970.
        wall_unix_ns: i64,
    },
    /// As [`Input::Tick`].
    Tick {
        /// CLOCK_MONOTONIC in ns.
        now_ns: u64,
        /// Wall-clock time, in ns since 1970.
        wall_unix_ns: i64,
    },
    /// As [`Input::Paths`].
    Paths(Vec<JudgedPath>),
    /// The recorder could not keep up: so many inputs are missing here.
    Lost {
        /// How many.
        inputs: u64,
    },
    /// The recording is over.
    End {
        /// Why.
        reason: EndReason,
    },
}

/// Why a recording ended in good order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// The daemon stopped.
    Stopped,
    /// It had reached the size at which it stops.
    SizeLimit,
}

/// An [`Observation`] that owns its fact.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Observed {
    wall_unix_ns: i64,
    #[serde(default, skip_serializing_if = "is_awake")]
    suspended_ns: u64,
    #[serde(with = "OwnerMirror")]
    owner: Owner,
    #[serde(with = "FactMirror")]
    fact: Fact,
}

fn is_awake(suspended_ns: &u64) -> bool {
    *suspended_ns == 0
}

impl Entry {
    /// The fact, where it is a row of a sweep.
    pub fn row(&self) -> Option<&Fact> {
        match self {
            Self::Observation(observed) if observed.fact.kind() == Some(FactKind::Swept) => {
                Some(&observed.fact)
            }
            _ => None,
        }
    }

    /// The line that says `input`.
    pub fn of(input: &Input<'_>) -> Self {
        match input {
            Input::Observation(observation) => Self::Observation(Box::new(Observed {
                wall_unix_ns: observation.wall_unix_ns,
                suspended_ns: observation.suspended_ns,
                owner: observation.owner.as_ref().clone(),
                fact: *observation.fact,
            })),
            Input::LookAround(_) => Self::LookAround,
            Input::SweepDone {
                started_ns,
                now_ns,
                wall_unix_ns,
            } => Self::SweepDone {
                started_ns: *started_ns,
                now_ns: *now_ns,
                wall_unix_ns: *wall_unix_ns,
            },
            Input::Tick {
                now_ns,
                wall_unix_ns,
            } => Self::Tick {
                now_ns: *now_ns,
                wall_unix_ns: *wall_unix_ns,
            },
            Input::Paths(paths) => Self::Paths(paths.clone()),
        }
    }

    /// Whether no row of a sweep that was looked at before comes after this.
    pub fn ends_rows(&self) -> bool {
        !matches!(self, Self::Observation(_) | Self::Lost { .. })
    }

    /// What the judge is to be told; `None` for a line about the recording itself, and
    /// for one that is about those that follow.
    pub fn input(&self) -> Option<Input<'_>> {
        Some(match self {
            Self::Observation(observed) => Input::Observation(Observation {
                fact: &observed.fact,
                wall_unix_ns: observed.wall_unix_ns,
                suspended_ns: observed.suspended_ns,
                owner: Arc::new(observed.owner.clone()),
            }),
            Self::SweepDone {
                started_ns,
                now_ns,
                wall_unix_ns,
            } => Input::SweepDone {
                started_ns: *started_ns,
                now_ns: *now_ns,
                wall_unix_ns: *wall_unix_ns,
            },
            Self::Tick {
                now_ns,
                wall_unix_ns,
            } => Input::Tick {
                now_ns: *now_ns,
                wall_unix_ns: *wall_unix_ns,
            },
            Self::Paths(paths) => Input::Paths(paths.clone()),
            Self::LookAround | Self::Lost { .. } | Self::End { .. } => return None,
        })
    }

    /// The moment of the input, CLOCK_MONOTONIC in ns, where it has one.
    pub fn moment_ns(&self) -> Option<u64> {
        match self {
            Self::Observation(observed) => Some(observed.fact.time_ns),
            Self::SweepDone { now_ns, .. } | Self::Tick { now_ns, .. } => Some(*now_ns),
            Self::LookAround | Self::Paths(_) | Self::Lost { .. } | Self::End { .. } => None,
        }
    }
}
