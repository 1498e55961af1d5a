//! What followed a gap: one file for each outcome, one line in [`RULES`].

mod acknowledged;
mod blackholed;
pub(crate) mod closed;
mod recovered;
mod reset;
mod survived;
mod undelivered;

use super::evidence::EvidenceList;
use super::gap::Gap;
use super::keepalive::Settings;
use super::seen::Seen;
use monitor_model::finding::{Outcome, Severity};

/// What gives a rule the occasion to judge.
#[derive(Clone, Copy)]
pub(crate) enum Event<'a> {
    /// A fact, already noted in the gap.
    Fact(&'a Seen<'a>),
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
}

/// What a gap's outcome says about gaps of that length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bearing {
    /// They can be survived.
    Survived,
    /// They can be fatal.
    Failed,
    /// Nothing.
    Neutral,
}

/// A rule's conclusion.
#[derive(Debug)]
pub(crate) struct Ruling {
    pub(crate) outcome: Outcome,
    pub(crate) severity: Severity,
    pub(crate) bearing: Bearing,
    pub(crate) evidence: EvidenceList,
    pub(crate) advice: Option<String>,
    /// The end of the summary line.
    pub(crate) said: String,
}

type Rule = fn(&Case<'_>) -> Option<Ruling>;

/// Every rule. The first whose outcome may follow what was told before wins.
const RULES: &[Rule] = &[
    recovered::judge,
    survived::judge,
    reset::judge,
    blackholed::judge,
    closed::judge,
    undelivered::judge,
    acknowledged::judge,
];

/// What is to be told of this case, if anything.
pub(crate) fn judge(case: &Case<'_>) -> Option<Ruling> {
    let told = case.gap.outcome();
    RULES
        .iter()
        .filter_map(|rule| rule(case))
        .find(|ruling| may_follow(told, ruling.outcome))
}

/// Whether `next` may be told of a gap of which `told` was told last: two
/// outcomes are provisional, every other is the last of its gap.
fn may_follow(told: Option<Outcome>, next: Outcome) -> bool {
    match told {
        None => next != Outcome::Recovered,
        Some(Outcome::Acknowledged) => !matches!(next, Outcome::Acknowledged | Outcome::Recovered),
        Some(Outcome::Blackholed) => next == Outcome::Recovered,
        Some(_) => false,
    }
}

/// Whether nothing may follow `outcome` within its gap.
pub(crate) fn is_final(outcome: Outcome) -> bool {
    !matches!(outcome, Outcome::Acknowledged | Outcome::Blackholed)
}
