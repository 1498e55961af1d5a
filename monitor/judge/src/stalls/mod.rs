//! Stalls: something is due to move and does not, without a long gap before it.
//! One file for each cause, one line in [`RULES`].
//!
//! The looks of the sweep tell them: a connection is watched while they show
//! something that waits, and two looks say what stood still meanwhile.

mod awaiting_reply;
mod blackholed;
mod local_reader;
mod look;
mod network_loss;
mod outages;
mod sender_limited;
mod table;
mod unexplained;
mod watched;
mod zero_window;

use super::evidence::EvidenceList;
use super::habit::Habits;
use super::keepalive::Settings;
use super::seen::Seen;
use look::Look;
pub(crate) use look::refused_here;
use monitor_model::finding::{Cause, Certainty, Clock, Severity};
use network_loss::Loss;
pub(crate) use table::Stalls;

/// What a rule judges: the latest look, and since when what stands.
#[derive(Clone, Copy)]
pub(crate) struct Case<'a> {
    pub(crate) seen: &'a Seen<'a>,
    pub(crate) now: Look,
    /// The first look since which something is due from the peer and nothing was
    /// acknowledged; the latest one where it is the first.
    pub(crate) sending: Option<Look>,
    /// The same since which our window is full and the application reads nothing.
    pub(crate) reading: Option<Look>,
    /// The same since which an answer is due and nobody said anything.
    pub(crate) reply: Option<Look>,
    /// The first look since which nothing came at all while something was due.
    pub(crate) unheard: Option<Look>,
    /// The losses of late.
    pub(crate) loss: Option<Loss>,
    /// Segments that were sent again in outages that are over.
    pub(crate) sent_again_in_outages: u32,
    /// Probes were seen at work while nothing was acknowledged.
    pub(crate) probed: bool,
    pub(crate) settings: &'a Settings,
    pub(crate) habits: &'a Habits,
}

/// A rule's conclusion.
#[derive(Debug)]
pub(crate) struct Ruling {
    pub(crate) cause: Cause,
    pub(crate) certainty: Certainty,
    pub(crate) severity: Severity,
    /// The clock by which it stands.
    pub(crate) clock: Clock,
    /// How long nothing has moved, at least, in ns.
    pub(crate) length_ns: u64,
    pub(crate) evidence: EvidenceList,
    pub(crate) advice: Option<String>,
    /// The end of the summary line.
    pub(crate) said: String,
}

type Rule = fn(&Case<'_>) -> Option<Ruling>;

/// Every rule. The first whose cause may follow what was told before wins.
const RULES: &[Rule] = &[
    zero_window::judge,
    blackholed::judge,
    network_loss::judge,
    sender_limited::judge,
    local_reader::judge,
    awaiting_reply::judge,
    unexplained::judge,
];

/// What is to be told of this case, if anything; `told` is the cause that was
/// told of the stall that lasts.
pub(crate) fn judge(case: &Case<'_>, told: Option<Cause>) -> Option<Ruling> {
    RULES
        .iter()
        .filter_map(|rule| rule(case))
        .find(|ruling| told.is_none_or(|told| gravity(ruling.cause) > gravity(told)))
}

/// A cause may only give way to a graver one while its stall lasts.
const fn gravity(cause: Cause) -> u8 {
    match cause {
        Cause::ZeroWindow | Cause::LocalReader | Cause::NetworkLoss | Cause::SenderLimited => 0,
        Cause::AwaitingReply | Cause::Unexplained => 1,
        Cause::Blackholed => 2,
    }
}
