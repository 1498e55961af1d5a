//! The lists whose rows are chosen.

/// Which rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum List {
    /// Of `ls` and `top`.
    Connections,
    /// Of `watch`.
    Findings,
    /// Of `alerts`.
    Alerts,
}

impl List {
    /// In words.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Connections => "connections",
            Self::Findings => "findings",
            Self::Alerts => "alerts",
        }
    }
}
