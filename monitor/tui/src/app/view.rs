//! What is looked at: tabs, and what lies over them.

use monitor_model::detail::ConnectionDetail;
use monitor_model::listing::ConnectionRow;

/// A tab.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tab {
    /// Connections, suspects first.
    #[default]
    Connections,
    /// Alerts, pages first.
    Alerts,
    /// Paths, with their gaps.
    Paths,
    /// The daemon itself.
    Agent,
}

impl Tab {
    /// All, by their numbers.
    pub const ALL: [Self; 4] = [Self::Connections, Self::Alerts, Self::Paths, Self::Agent];

    /// As its heading says it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Connections => "Connections",
            Self::Alerts => "Alerts",
            Self::Paths => "Paths",
            Self::Agent => "Agent",
        }
    }

    pub(super) fn step(self, steps: usize) -> Self {
        Self::ALL[(self as usize + steps) % Self::ALL.len()]
    }
}

/// One thing that was opened, over its tab.
#[derive(Clone, Debug, PartialEq)]
pub enum Opened {
    /// A connection.
    Connection {
        /// Its id.
        id: String,
        /// As it was seen last.
        row: Option<Box<ConnectionRow>>,
        /// All that the daemon told of it last; `None` before it did.
        detail: Option<Box<ConnectionDetail>>,
        /// Why the daemon does not tell of it, if it does not.
        untold: Option<String>,
    },
    /// An alert.
    Alert {
        /// What tells it from others: name, severity, path, owner, and since when.
        key: [String; 5],
    },
}

impl Opened {
    /// A connection of which the daemon was not asked yet.
    pub(super) fn connection(id: String, row: Option<&ConnectionRow>) -> Self {
        Self::Connection {
            id,
            row: row.cloned().map(Box::new),
            detail: None,
            untold: None,
        }
    }
}
