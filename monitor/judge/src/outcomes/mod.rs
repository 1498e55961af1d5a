//! What followed a gap: one file for each outcome, its card. To add one: write the card, and its line in
//! `monitor/model/src/outcome.rs`, which registers it; then its runbook in `docs/findings.md` and a scenario.

mod card;

use crate::ruling::Ruling;
pub(crate) use card::{Card, Case, Event};
use monitor_model::finding::Outcome;

macro_rules! cards {
    ($($(#[doc = $doc:literal])* $outcome:ident $file:ident,)*) => {
        $(mod $file;)*

        fn card(outcome: Outcome) -> &'static Card {
            match outcome {
                $(Outcome::$outcome => &$file::CARD,)*
            }
        }
    };
}

monitor_model::outcomes!(cards);

pub(crate) use closed::{forgotten, held};

/// An outcome's card.
pub(crate) trait OutcomeCard {
    /// All that it says of itself.
    fn card(self) -> &'static Card;

    /// Whether nothing else may follow it within its gap.
    fn ends_gap(self) -> bool;
}

impl OutcomeCard for Outcome {
    fn card(self) -> &'static Card {
        card(self)
    }

    fn ends_gap(self) -> bool {
        !Self::ALL
            .iter()
            .any(|next| *next != self && next.card().follows.contains(&Some(self)))
    }
}

/// What is to be told of this case, if anything: the first outcome that fits and may follow what was told before.
pub(crate) fn judge(case: &Case<'_>) -> Option<(Outcome, Ruling)> {
    let reported = case.gap.outcome();
    let mut next = Outcome::ALL
        .iter()
        .filter(|next| next.card().follows.contains(&reported));
    next.find_map(|outcome| Some((*outcome, (outcome.card().rule)(case)?)))
}
