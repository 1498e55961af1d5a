//! In which order connections are shown.

use monitor_model::listing::{ConnectionRow, IdleState};
use std::cmp::Ordering;
use std::collections::HashSet;

/// What connections are sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    /// Suspects first: the worst state, and of the same state who has used up more of its timeout.
    State,
    /// Time left until the path's timeout.
    Left,
    /// Silence on the path's clock, the longest first.
    Idle,
    /// Remote address.
    Remote,
    /// Who holds it.
    Owner,
    /// Path.
    Path,
    /// Local address.
    Local,
}

impl Column {
    /// All, in the order in which `s` goes through them.
    pub const ALL: [Self; 7] = [
        Self::State,
        Self::Left,
        Self::Idle,
        Self::Remote,
        Self::Owner,
        Self::Path,
        Self::Local,
    ];

    /// As its heading says it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::State => "STATE",
            Self::Left => "LEFT",
            Self::Idle => "IDLE",
            Self::Remote => "REMOTE",
            Self::Owner => "OWNER",
            Self::Path => "PATH",
            Self::Local => "LOCAL",
        }
    }

    /// The one after it.
    pub fn next(self) -> Self {
        let all = Self::ALL.iter().cycle();
        let after = all.skip_while(|column| **column != self).nth(1);
        *after.unwrap_or(&Self::State)
    }
}

/// An order of connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// By what.
    pub column: Column,
    /// The last first.
    pub reversed: bool,
}

impl Default for Order {
    fn default() -> Self {
        Self {
            column: Column::State,
            reversed: false,
        }
    }
}

impl Order {
    /// Which of two comes first. `told` has the ids of connections of which something was told lately: they are suspects.
    pub fn compare(self, a: &ConnectionRow, b: &ConnectionRow, told: &HashSet<String>) -> Ordering {
        let by = match self.column {
            Column::State => rank(b, told)
                .cmp(&rank(a, told))
                .then(used(b).total_cmp(&used(a))),
            Column::Left => left(a).total_cmp(&left(b)),
            Column::Idle => idle(b).total_cmp(&idle(a)),
            Column::Remote => a.connection.remote.cmp(&b.connection.remote),
            Column::Local => a.connection.local.cmp(&b.connection.local),
            Column::Owner => (&a.owner.comm, &a.owner.pid).cmp(&(&b.owner.comm, &b.owner.pid)),
            Column::Path => a.path.cmp(&b.path),
        };
        let by = if self.reversed { by.reverse() } else { by };
        // So that rows that are alike do not change places with each answer.
        by.then_with(|| a.connection.id.cmp(&b.connection.id))
    }
}

fn rank(row: &ConnectionRow, told: &HashSet<String>) -> u8 {
    match row.silence {
        IdleState::Stalled => 4,
        IdleState::Crossed => 3,
        _ if told.contains(&row.connection.id) => 2,
        IdleState::AtRisk => 1,
        IdleState::Ok => 0,
    }
}

/// Silence on the path's clock, in seconds; without a path that of any segment.
pub fn idle(row: &ConnectionRow) -> f64 {
    row.idle_seconds()
}

/// Which part of its timeout a connection has been silent for: 1 at the timeout, and more beyond; 0 without one.
pub fn used(row: &ConnectionRow) -> f64 {
    match row.timeout_seconds {
        Some(timeout) if timeout > 0.0 => idle(row) / timeout,
        _ => 0.0,
    }
}

/// Seconds until the timeout, below 0 beyond it; without end where there is no timeout.
pub fn left(row: &ConnectionRow) -> f64 {
    row.left_seconds().unwrap_or(f64::INFINITY)
}
