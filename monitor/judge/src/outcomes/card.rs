//! What an outcome says of itself, and what its rule judges.

use crate::fact_view::FactView;
use crate::keepalive::Settings;
use crate::ruling::Ruling;
use crate::tracked::gap::Gap;
use monitor_model::finding::{Certainty, Outcome, Role};

/// What gives a rule the occasion to judge.
#[derive(Clone, Copy)]
pub(crate) enum Event<'a> {
    /// A fact, already noted in the gap.
    Fact(&'a FactView<'a>),
    /// Time passed.
    Time,
    /// The next gap ended: this one has had its time.
    Superseded,
}

/// What a rule judges.
#[derive(Clone, Copy)]
pub(crate) struct Case<'a> {
    pub(crate) gap: &'a Gap,
    pub(crate) event: Event<'a>,
    pub(crate) now_ns: u64,
    pub(crate) settings: &'a Settings,
    /// Whether the process that holds it is known.
    pub(crate) held_by_known: bool,
    /// Which side of the connection this host is.
    pub(crate) role: Role,
    /// Segments that were sent again in outages that are over.
    pub(crate) sent_again_in_outages: u32,
    /// When the judge began, CLOCK_MONOTONIC in ns.
    pub(crate) began_ns: u64,
}

/// All that an outcome says of itself.
pub(crate) struct Card {
    /// Whether it is to be told of a case, and how.
    pub(crate) rule: fn(&Case<'_>) -> Option<Ruling>,
    pub(crate) certainty: Certainty,
    /// What was told last of the gap where this may be told: most are the first word, or follow an ACK.
    pub(crate) follows: &'static [Option<Outcome>],
    /// Whether nothing comes back: what a dead peer or network looks like.
    pub(crate) is_loss: bool,
    /// Whether it is worth telling of a gap that need not have passed its threshold.
    pub(crate) even_if_doubtful: bool,
    /// Whether a stall says no more until payload comes from the peer.
    pub(crate) outlives_gap: bool,
    /// Whether nothing is awaited any more, so that alerts on stalls are over.
    pub(crate) ends_stalls: bool,
    /// From when on a sibling that is heard is a contrast to it, in ns, at this moment; `None` where none is wanted.
    pub(crate) siblings_since: fn(&Gap, u64) -> Option<u64>,
}

impl Card {
    /// What most outcomes say of themselves.
    pub(super) const fn new(rule: fn(&Case<'_>) -> Option<Ruling>) -> Self {
        Self {
            rule,
            certainty: Certainty::Observed,
            follows: &[None, Some(Outcome::Acknowledged)],
            is_loss: false,
            even_if_doubtful: false,
            outlives_gap: false,
            ends_stalls: false,
            siblings_since: |_, _| None,
        }
    }
}
