//! What the state is told, and what it asks for.

use crate::filter::Filter;
use crate::key::Key;
use crate::order::Order;
use crate::source::{AgentSheet, PathSheet, Watched};
use monitor_model::alert::Alert;
use monitor_model::detail::ConnectionDetail;
use monitor_model::listing::{ConnectionRow, IdleState};
use monitor_model::time::Timestamp;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

/// A moment, on both clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// Since the start, on a clock that nobody sets.
    pub up: Duration,
    /// Of the wall clock.
    pub wall: Timestamp,
}

/// Something happened.
#[derive(Clone, Debug)]
pub enum Event {
    /// A key was pressed.
    Key(Key),
    /// Time went on.
    Tick(Now),
    /// The terminal has so many columns and rows now.
    Resize(u16, u16),
    /// What was asked for is here.
    Answer(Box<Answer>),
    /// It is not, for this reason.
    Lost(String),
    /// A finding, as it came.
    Watched(Watched),
    /// No finding comes any more.
    WatchEnded,
    /// What was to be exported is in the file of this name, or nowhere for this reason.
    Exported(Result<String, String>),
}

/// Something to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// End.
    Quit,
    /// Give the terminal back for a while, as Ctrl-Z does everywhere.
    Suspend,
    /// Ask, and tell the answer by [`Event::Answer`] or [`Event::Lost`].
    Ask(Box<Ask>),
    /// Watch for findings until [`Event::WatchEnded`].
    Watch,
    /// Give this text to the terminal's clipboard.
    Copy(String),
    /// Write these lines into a new file.
    Export(Export),
}

/// What to ask for.
#[derive(Clone, Debug, PartialEq)]
pub struct Ask {
    /// Connections, and which of them.
    pub connections: Option<Wanted>,
    /// What is known of paths.
    pub paths: bool,
    /// What the daemon says of itself.
    pub agent: bool,
    /// All that is known of the connection with this id.
    pub opened: Option<String>,
}

/// Which connections are wanted.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    /// Those that it takes.
    pub filter: Filter,
    /// The first in this order.
    pub order: Order,
    /// So many.
    pub most: usize,
    /// Ids of those of which something was told.
    pub told: Arc<HashSet<String>>,
    /// Ids of those of which it is to be said whether they are still there.
    pub followed: HashSet<String>,
}

/// What was asked for. Alerts come with every answer.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// Connections.
    pub connections: Option<Batch>,
    /// Alerts.
    pub alerts: Vec<Alert>,
    /// Paths.
    pub paths: Option<Vec<PathSheet>>,
    /// The daemon.
    pub agent: Option<AgentSheet>,
    /// The connection that is open.
    pub opened: Option<Looked>,
    /// How long it took.
    pub took: Duration,
}

/// A connection that was looked at.
#[derive(Clone, Debug)]
pub struct Looked {
    /// Its id.
    pub id: String,
    /// All that is known of it, or why that is not told.
    pub told: Result<Box<ConnectionDetail>, String>,
}

/// Connections: the first of those that the filter takes, and how many there are.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// The first, in order.
    pub rows: Vec<ConnectionRow>,
    /// All that the filter takes, by what their silence comes to.
    pub counts: Counts,
    /// All that there are.
    pub all: u64,
    /// Ids of followed ones that are not there any more.
    pub gone: HashSet<String>,
}

/// How many connections there are, by what their silence comes to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Nothing is wrong with them.
    pub ok: u64,
    /// They will cross.
    pub at_risk: u64,
    /// They have.
    pub crossed: u64,
    /// Something is out, and no answer is in.
    pub stalled: u64,
}

impl Counts {
    /// One more.
    pub fn add(&mut self, silence: IdleState) {
        *match silence {
            IdleState::Ok => &mut self.ok,
            IdleState::AtRisk => &mut self.at_risk,
            IdleState::Crossed => &mut self.crossed,
            IdleState::Stalled => &mut self.stalled,
        } += 1;
    }

    /// All of them.
    pub const fn sum(&self) -> u64 {
        self.ok + self.at_risk + self.crossed + self.stalled
    }
}

/// What is to be exported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Export {
    /// What it is: a word of the file's name.
    pub what: &'static str,
    /// When it was shown.
    pub time: Timestamp,
    /// One JSON object each.
    pub lines: Vec<String>,
}
