//! The lines of a recording after its header.

use super::fact::{FactMirror, OwnerMirror, is_zero};
use crate::{Input, JudgedPath, LearnedBefore, LocalTable, Observation};
use monitor_common::Fact;
use monitor_model::owner::Owner;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use std::sync::Arc;

/// One line after the header.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Entry {
    /// As [`Input::Fact`].
    Observation(Box<Observed>),
    /// As [`Input::NextLook`].
    NextLook {
        /// So long, in ns.
        within_ns: u64,
    },
    /// As [`Input::OwnAddress`].
    OwnAddress {
        /// When that was looked up, CLOCK_MONOTONIC in ns.
        now_ns: u64,
        /// Inode of the namespace.
        netns: u32,
        /// The address.
        address: IpAddr,
        /// Whether it is on an interface there.
        there: bool,
    },
    /// As [`Input::LocalTables`].
    LocalTables {
        /// When that was looked up, CLOCK_MONOTONIC in ns.
        now_ns: u64,
        /// Cookie of the socket.
        cookie: u64,
        /// Whether it was in trouble then.
        in_trouble: bool,
        /// What each says that has to do with it.
        tables: Vec<LocalTable>,
    },
    /// As [`Input::Samples`].
    Samples {
        /// One in so many.
        one_in: u32,
    },
    /// As [`Input::Row`].
    Row(Box<Observed>),
    /// As [`Input::JudgeRows`].
    JudgeRows {
        /// The first place that is not judged yet.
        below: u32,
    },
    /// As [`Input::SweepDone`].
    SweepDone {
        /// When it began, CLOCK_MONOTONIC in ns.
        started_ns: u64,
        /// When it ended, likewise.
        now_ns: u64,
        /// Wall-clock time of its end, in ns since 1970.
        wall_unix_ns: i64,
        /// Whether it did not show all that it found.
        #[serde(default, skip_serializing_if = "is_zero")]
        cut: bool,
    },
    /// As [`Input::SweepFailed`].
    SweepFailed,
    /// As [`Input::Tick`].
    Tick {
        /// CLOCK_MONOTONIC in ns.
        now_ns: u64,
        /// Wall-clock time, in ns since 1970.
        wall_unix_ns: i64,
    },
    /// As [`Input::Learned`].
    Learned {
        /// CLOCK_MONOTONIC in ns.
        now_ns: u64,
        /// What an earlier run has learned.
        before: Box<LearnedBefore>,
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
    /// Of a row: its place in the sweep.
    #[serde(default, skip_serializing_if = "is_zero")]
    number: u32,
    wall_unix_ns: i64,
    #[serde(default, skip_serializing_if = "is_zero")]
    suspended_ns: u64,
    #[serde(with = "OwnerMirror")]
    owner: Owner,
    #[serde(with = "FactMirror")]
    pub(super) fact: Fact,
}

impl Observed {
    fn of(number: u32, observation: &Observation<'_>) -> Box<Self> {
        Box::new(Self {
            number,
            wall_unix_ns: observation.wall_unix_ns,
            suspended_ns: observation.suspended_ns,
            owner: observation.owner.as_ref().clone(),
            fact: *observation.fact,
        })
    }

    fn observation(&self) -> Observation<'_> {
        Observation {
            fact: &self.fact,
            wall_unix_ns: self.wall_unix_ns,
            suspended_ns: self.suspended_ns,
            owner: Arc::new(self.owner.clone()),
        }
    }
}

impl Entry {
    /// The line that says `input`.
    pub fn of(input: &Input<'_>) -> Self {
        match input {
            Input::Fact(observation) => Self::Observation(Observed::of(0, observation)),
            Input::NextLook { within_ns } => Self::NextLook {
                within_ns: *within_ns,
            },
            Input::OwnAddress {
                now_ns,
                netns,
                address,
                there,
            } => Self::OwnAddress {
                now_ns: *now_ns,
                netns: *netns,
                address: *address,
                there: *there,
            },
            Input::LocalTables {
                now_ns,
                cookie,
                in_trouble,
                tables,
            } => Self::LocalTables {
                now_ns: *now_ns,
                cookie: *cookie,
                in_trouble: *in_trouble,
                tables: tables.clone(),
            },
            Input::Samples { one_in } => Self::Samples { one_in: *one_in },
            Input::Row { number, row } => Self::Row(Observed::of(*number, row)),
            Input::JudgeRows { below } => Self::JudgeRows { below: *below },
            Input::SweepDone {
                started_ns,
                now_ns,
                wall_unix_ns,
                complete,
            } => Self::SweepDone {
                started_ns: *started_ns,
                now_ns: *now_ns,
                wall_unix_ns: *wall_unix_ns,
                cut: !complete,
            },
            Input::SweepFailed => Self::SweepFailed,
            Input::Tick {
                now_ns,
                wall_unix_ns,
            } => Self::Tick {
                now_ns: *now_ns,
                wall_unix_ns: *wall_unix_ns,
            },
            Input::Learned { now_ns, before } => Self::Learned {
                now_ns: *now_ns,
                before: before.clone(),
            },
            Input::Paths(paths) => Self::Paths(paths.clone()),
        }
    }

    /// What the judge is to be told; `None` for a line about the recording itself.
    pub fn input(&self) -> Option<Input<'_>> {
        Some(match self {
            Self::Observation(observed) => Input::Fact(observed.observation()),
            Self::NextLook { within_ns } => Input::NextLook {
                within_ns: *within_ns,
            },
            Self::OwnAddress {
                now_ns,
                netns,
                address,
                there,
            } => Input::OwnAddress {
                now_ns: *now_ns,
                netns: *netns,
                address: *address,
                there: *there,
            },
            Self::LocalTables {
                now_ns,
                cookie,
                in_trouble,
                tables,
            } => Input::LocalTables {
                now_ns: *now_ns,
                cookie: *cookie,
                in_trouble: *in_trouble,
                tables: tables.clone(),
            },
            Self::Samples { one_in } => Input::Samples { one_in: *one_in },
            Self::Row(observed) => Input::Row {
                number: observed.number,
                row: observed.observation(),
            },
            Self::JudgeRows { below } => Input::JudgeRows { below: *below },
            Self::SweepDone {
                started_ns,
                now_ns,
                wall_unix_ns,
                cut,
            } => Input::SweepDone {
                started_ns: *started_ns,
                now_ns: *now_ns,
                wall_unix_ns: *wall_unix_ns,
                complete: !cut,
            },
            Self::SweepFailed => Input::SweepFailed,
            Self::Tick {
                now_ns,
                wall_unix_ns,
            } => Input::Tick {
                now_ns: *now_ns,
                wall_unix_ns: *wall_unix_ns,
            },
            Self::Learned { now_ns, before } => Input::Learned {
                now_ns: *now_ns,
                before: before.clone(),
            },
            Self::Paths(paths) => Input::Paths(paths.clone()),
            Self::Lost { .. } | Self::End { .. } => return None,
        })
    }

    /// The moment of the input, CLOCK_MONOTONIC in ns, where it has one.
    pub fn moment_ns(&self) -> Option<u64> {
        match self {
            Self::Observation(observed) | Self::Row(observed) => Some(observed.fact.time_ns),
            Self::SweepDone { now_ns, .. }
            | Self::Tick { now_ns, .. }
            | Self::Learned { now_ns, .. }
            | Self::OwnAddress { now_ns, .. }
            | Self::LocalTables { now_ns, .. } => Some(*now_ns),
            Self::NextLook { .. }
            | Self::Samples { .. }
            | Self::JudgeRows { .. }
            | Self::SweepFailed
            | Self::Paths(_)
            | Self::Lost { .. }
            | Self::End { .. } => None,
        }
    }
}
