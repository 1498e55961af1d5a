//! What one look shows to wait.

use crate::fact_view::FactView;
use crate::peers::habit::Habits;
use crate::peers::reply;
use crate::stalls::snapshot;

/// What one snapshot shows to wait.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pending {
    pub(super) due: bool,
    pub(super) unread: bool,
    pub(super) reply: bool,
    pub(super) loses: bool,
    pub(super) resent: bool,
}

impl Pending {
    pub(super) fn of(view: &FactView<'_>, habits: &Habits) -> Self {
        let due = snapshot::due(view);
        let overdue = view.path.is_some_and(|path| {
            reply::waits_ns(view, habits).is_some_and(|wait| wait >= path.timeout_ns)
        });
        Self {
            due,
            unread: snapshot::unread(view),
            reply: overdue && reply::due(view, habits).is_some(),
            loses: due && view.fact.socket.total_retrans > 0,
            resent: habits.resent(view) > 0,
        }
    }

    /// Whether anything waits.
    pub(super) fn any(&self) -> bool {
        self.due || self.unread || self.reply || self.resent
    }
}
