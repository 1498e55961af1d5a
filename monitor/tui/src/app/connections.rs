//! The connections as the screen has them: those that came last, those that closed lately, and how they are grouped.

use super::findings::Findings;
use crate::event::{Batch, Counts};
use crate::order::{Order, used};
use monitor_model::listing::{ConnectionRow, IdleState};
use monitor_model::workload::workload;
use std::collections::{BTreeMap, HashSet, VecDeque};
use std::time::Duration;

/// So many connections are kept at most; the rest is counted.
pub const MOST: usize = 10_000;

/// So many are asked after by their id.
const MOST_FOLLOWED: usize = 1_000;

/// A connection that closed is shown for so long.
const CLOSED_FOR: Duration = Duration::from_secs(60);

/// So many that closed are kept; the oldest go first.
const MOST_CLOSED: usize = 200;

/// How connections are grouped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Grouping {
    /// Not at all.
    #[default]
    None,
    /// By what holds them.
    Owner,
    /// By path.
    Path,
}

impl Grouping {
    pub(super) const fn next(self) -> Self {
        match self {
            Self::None => Self::Owner,
            Self::Owner => Self::Path,
            Self::Path => Self::None,
        }
    }

    /// The group of a connection.
    pub fn of(self, row: &ConnectionRow) -> String {
        match self {
            Self::None => String::new(),
            Self::Owner => workload(&row.owner),
            Self::Path => row.path.clone().unwrap_or_else(|| "none".to_owned()),
        }
    }
}

/// A connection that is not there any more.
#[derive(Clone, Debug)]
pub struct Closed {
    /// As it was seen last.
    pub row: ConnectionRow,
    /// When it was missed.
    pub at: Duration,
}

/// One line of the list.
#[derive(Clone, Debug, PartialEq)]
pub enum Entry {
    /// A connection, by its place in [`Connections::rows`].
    Row(usize),
    /// One that closed, by its place in [`Connections::closed`].
    Closed(usize),
    /// A group.
    Group(Group),
}

/// Connections that have something in common.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Group {
    /// What they have in common.
    pub name: String,
    /// How many they are.
    pub counts: Counts,
    /// The largest part of a timeout that one of them has used.
    pub used: f64,
}

/// All of that.
#[derive(Debug, Default)]
pub struct Connections {
    /// Those that came last, in order.
    pub rows: Vec<ConnectionRow>,
    /// Of all that the filter takes.
    pub counts: Counts,
    /// All that there are.
    pub all: u64,
    /// Those that closed lately, the newest first.
    pub closed: VecDeque<Closed>,
    /// What the list shows.
    pub entries: Vec<Entry>,
    /// How it is grouped.
    pub grouping: Grouping,
    /// The one group that is shown.
    pub within: Option<(Grouping, String)>,
}

impl Connections {
    pub(super) fn take(&mut self, batch: Batch, now: Duration) {
        let known = self.rows.iter();
        let gone = known.filter(|row| batch.gone.contains(&row.connection.id));
        for row in gone {
            let row = row.clone();
            self.closed.push_front(Closed { row, at: now });
        }
        self.closed.truncate(MOST_CLOSED);
        self.rows = batch.rows;
        self.counts = batch.counts;
        self.all = batch.all;
    }

    /// Forgets those that closed long ago; whether there were any.
    pub(super) fn forget(&mut self, now: Duration) -> bool {
        let before = self.closed.len();
        let fresh = |closed: &Closed| now.saturating_sub(closed.at) < CLOSED_FOR;
        self.closed.retain(fresh);
        self.closed.len() != before
    }

    /// Ids of those whose end is to be told: something is or was wrong with them, or somebody looks at them.
    pub(super) fn followed(&self, findings: &Findings, opened: Option<&str>) -> HashSet<String> {
        let suspect = |row: &&ConnectionRow| {
            row.silence != IdleState::Ok || findings.latest(&row.connection.id).is_some()
        };
        let suspects = self.rows.iter().filter(suspect).take(MOST_FOLLOWED);
        let ids = suspects.map(|row| row.connection.id.as_str());
        ids.chain(opened).map(str::to_owned).collect()
    }

    pub(super) fn sort(&mut self, order: Order, told: &HashSet<String>) {
        self.rows.sort_by(|a, b| order.compare(a, b, told));
    }

    /// Makes the list anew from what it is made of.
    pub(super) fn list(&mut self, findings: &Findings) {
        let within = |row: &ConnectionRow| {
            let group = self.within.as_ref();
            group.is_none_or(|(grouping, name)| grouping.of(row) == *name)
        };
        if self.grouping != Grouping::None {
            self.entries = groups(self.rows.iter().filter(|row| within(row)), self.grouping);
            return;
        }
        // One that closed with something told of it stands where suspects do; the others are over.
        let (told, quiet): (Vec<usize>, Vec<usize>) = (0..self.closed.len())
            .filter(|at| within(&self.closed[*at].row))
            .partition(|at| {
                let id = &self.closed[*at].row.connection.id;
                findings.latest(id).is_some()
            });
        let rows = self.rows.iter().enumerate().filter(|(_, row)| within(row));
        let entries = told.into_iter().map(Entry::Closed);
        let entries = entries.chain(rows.map(|(at, _)| Entry::Row(at)));
        self.entries = entries
            .chain(quiet.into_iter().map(Entry::Closed))
            .collect();
    }

    /// The connection of an entry, and when it closed; `None` for a group.
    pub fn connection(&self, entry: &Entry) -> Option<(&ConnectionRow, Option<Duration>)> {
        match entry {
            Entry::Row(at) => self.rows.get(*at).map(|row| (row, None)),
            Entry::Closed(at) => self
                .closed
                .get(*at)
                .map(|closed| (&closed.row, Some(closed.at))),
            Entry::Group(_) => None,
        }
    }

    /// The connection with an id, and when it closed.
    pub fn with_id(&self, id: &str) -> Option<(&ConnectionRow, Option<Duration>)> {
        let row = self.rows.iter().find(|row| row.connection.id == id);
        let closed = || {
            let mut closed = self.closed.iter();
            closed.find(|closed| closed.row.connection.id == id)
        };
        row.map(|row| (row, None))
            .or_else(|| closed().map(|closed| (&closed.row, Some(closed.at))))
    }

    /// What tells an entry from the others.
    pub(super) fn identity(&self, at: usize) -> Option<String> {
        let entry = self.entries.get(at)?;
        match entry {
            Entry::Group(group) => Some(group.name.clone()),
            entry => Some(self.connection(entry)?.0.connection.id.clone()),
        }
    }
}

/// The groups of these connections, those with suspects first.
fn groups<'a>(rows: impl Iterator<Item = &'a ConnectionRow>, grouping: Grouping) -> Vec<Entry> {
    let mut groups: BTreeMap<String, Group> = BTreeMap::new();
    for row in rows {
        let name = grouping.of(row);
        let group = groups.entry(name.clone()).or_default();
        group.name = name;
        group.counts.add(row.silence);
        group.used = group.used.max(used(row));
    }
    let mut groups: Vec<Group> = groups.into_values().collect();
    let bad = |group: &Group| {
        let counts = group.counts;
        (counts.stalled, counts.crossed, counts.at_risk)
    };
    groups.sort_by(|a, b| bad(b).cmp(&bad(a)).then(b.used.total_cmp(&a.used)));
    groups.into_iter().map(Entry::Group).collect()
}
