//! Stalls: something is due to move and does not, without a long gap before it. One file for each cause, its card. To add
//! one: write the card, and its line in `monitor/model/src/cause.rs`, which registers it; then its runbook in
//! `docs/findings.md` and a scenario.
//!
//! The snapshots of the sweep tell them: a connection is watched while they show
//! something that waits, and two snapshots say what stood still meanwhile.

pub(crate) mod card;
pub(crate) mod loss;
pub(crate) mod pauses;
pub(crate) mod snapshot;

use crate::ruling::Ruling;
use card::{Card, Case};
use monitor_model::finding::Cause;

macro_rules! cards {
    ($($(#[doc = $doc:literal])* $cause:ident $file:ident,)*) => {
        $(mod $file;)*

        fn card(cause: Cause) -> &'static Card {
            match cause {
                $(Cause::$cause => &$file::CARD,)*
            }
        }
    };
}

monitor_model::causes!(cards);

pub(crate) use blackholed::given_up;
pub(crate) use close_wait::{Pile, ruling as close_wait};
pub(crate) use fin_unread::{fin_unread, ruling as unread_fin};
pub(crate) use network_loss::lossy;

/// A cause's card.
pub(crate) trait CauseCard {
    /// All that it says of itself.
    fn card(self) -> &'static Card;
}

impl CauseCard for Cause {
    fn card(self) -> &'static Card {
        card(self)
    }
}

/// What is to be told of this case, if anything: the first cause that fits and is graver than `reported`, which was told of the
/// stall that lasts.
pub(crate) fn judge(case: &Case<'_>, reported: Option<Cause>) -> Option<(Cause, Ruling)> {
    let graver = |cause: &&Cause| {
        reported.is_none_or(|reported| cause.card().gravity > reported.card().gravity)
    };
    let mut causes = Cause::ALL.iter().filter(graver);
    causes.find_map(|cause| Some((*cause, (cause.card().rule)(case)?)))
}
