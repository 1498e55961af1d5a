//! All that a judge can be told, as one type: who keeps its inputs and tells them
//! again gets the same findings.

use crate::learn::LearnedBefore;
use crate::local_tables::LocalTable;
use crate::paths::JudgedPath;
use monitor_common::Fact;
use monitor_model::owner::Owner;
use std::net::IpAddr;
use std::sync::Arc;

/// One fact, with what the judge cannot know of itself.
#[derive(Clone, Debug)]
pub struct Observation<'a> {
    /// The fact.
    pub fact: &'a Fact,
    /// Wall-clock time of the fact, in ns since 1970.
    pub wall_unix_ns: i64,
    /// Time that the host slept during the silence that the fact tells of, in
    /// ns. The kernel's clocks stand still meanwhile, a middlebox's does not.
    pub suspended_ns: u64,
    /// Who holds the connection.
    pub owner: Arc<Owner>,
}

/// One thing that the judge is told.
#[derive(Clone, Debug)]
pub enum Input<'a> {
    /// A fact, as it came.
    Fact(Observation<'a>),
    /// Within how much time after a row that follows the next sweep has looked at the connection again, at the latest.
    /// What would cross its timeout before is at risk now. Told before the rows of each sweep; until it is, that is 0.
    NextLook {
        /// So long, in ns.
        within_ns: u64,
    },
    /// Whether an address is on an interface of a network namespace: what [`crate::Judge::asks`] for.
    OwnAddress {
        /// When that was looked up, CLOCK_MONOTONIC in ns.
        now_ns: u64,
        /// Inode of the namespace.
        netns: u32,
        /// The address.
        address: IpAddr,
        /// Whether it is on one there.
        there: bool,
    },
    /// What this host's own tables of connections say of one: what [`crate::Judge::asks_tables`] for.
    LocalTables {
        /// When that was looked up, CLOCK_MONOTONIC in ns.
        now_ns: u64,
        /// Cookie of its socket.
        cookie: u64,
        /// Whether it was in trouble then; else silent.
        in_trouble: bool,
        /// What each says that has to do with it.
        tables: Vec<LocalTable>,
    },
    /// Of so many healthy connections the next sweeps show one as a sample, another each time. Told before the rows of the
    /// first of them; until it is, all are shown.
    Samples {
        /// One in so many; 1 for all.
        one_in: u32,
    },
    /// A row of a sweep. All rows are told before the first is judged, so that what fails together is seen to: the judge
    /// takes up at once how its connection fares, and keeps the row.
    Row {
        /// Its place in the sweep, from 0.
        number: u32,
        /// What the sweep shows.
        row: Observation<'a>,
    },
    /// The rows that are kept are judged, up to this place in the sweep. A sweep is judged in portions: facts that come
    /// meanwhile go between.
    JudgeRows {
        /// The first place that is not judged yet.
        below: u32,
    },
    /// A sweep is over.
    SweepDone {
        /// When it began, CLOCK_MONOTONIC in ns.
        started_ns: u64,
        /// When it ended, likewise.
        now_ns: u64,
        /// Wall-clock time of its end, in ns since 1970.
        wall_unix_ns: i64,
        /// Whether it showed all that it found: what a cut sweep does not show may be as silent as before.
        complete: bool,
    },
    /// A sweep failed: what the judge wanted to see is left to the next regular one.
    SweepFailed,
    /// Time has passed. To be told about every second.
    Tick {
        /// CLOCK_MONOTONIC in ns.
        now_ns: u64,
        /// Wall-clock time, in ns since 1970.
        wall_unix_ns: i64,
    },
    /// What an earlier run of the daemon has learned of one path, prefix and side. Told at the start, after the paths.
    Learned {
        /// CLOCK_MONOTONIC in ns.
        now_ns: u64,
        /// What it has learned.
        before: Box<LearnedBefore>,
    },
    /// New paths are in force. Ids of the paths before them still resolve until the next time.
    Paths(Vec<JudgedPath>),
}
