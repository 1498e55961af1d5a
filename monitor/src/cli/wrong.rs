//! What counts as wrong among what a command shows, so that it ends with exit code 1. One answer for every command.

use monitor_model::alert::{Alert, AlertState};
use monitor_model::detail::ConnectionDetail;
use monitor_model::finding::{Finding, FindingKind, Severity};
use monitor_model::listing::{ConnectionRow, IdleState};
use monitor_model::path_state::PathState;
use serde::Deserialize;

/// Something that a command shows.
pub(super) trait Shown {
    /// Whether a script that asks "is anything wrong" is to be told yes.
    fn is_wrong(&self) -> bool;
}

impl Shown for Finding {
    /// A ticket, a page, and a silence that is too long for its path or will be; not how a silence ended well.
    fn is_wrong(&self) -> bool {
        let silent = matches!(self.kind, FindingKind::AtRisk | FindingKind::Crossed);
        silent || self.severity != Severity::None
    }
}

impl Shown for Alert {
    /// One that fires: what waits may mend itself, and what is over is over.
    fn is_wrong(&self) -> bool {
        self.state == AlertState::Firing
    }
}

impl Shown for PathState {
    /// One whose stated timeout is contradicted by what its connections lived through.
    fn is_wrong(&self) -> bool {
        self.stated && self.misstated().is_some()
    }
}

impl Shown for ConnectionDetail {
    /// One that is there and wrong, or in an alert; one that is gone, where that was how it ended.
    fn is_wrong(&self) -> bool {
        match &self.row {
            Some(row) => row.is_wrong() || !row.alerts.is_empty(),
            None => self.verdict().is_some_and(Shown::is_wrong),
        }
    }
}

impl<T> Shown for ConnectionRow<T> {
    fn is_wrong(&self) -> bool {
        is_wrong(self.silence)
    }
}

/// The same of a connection as a line of JSON, of which nothing else is read.
pub(super) fn is_told(connection: &str) -> bool {
    #[derive(Deserialize)]
    struct Told {
        silence: IdleState,
    }
    serde_json::from_str(connection).is_ok_and(|told: Told| is_wrong(told.silence))
}

fn is_wrong(silence: IdleState) -> bool {
    silence != IdleState::Ok
}
