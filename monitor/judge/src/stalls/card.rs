//! What a cause says of itself, and what its rule judges.

use super::loss::Loss;
use super::pauses::Pauses;
use super::snapshot::Snapshot;
use crate::fact_view::FactView;
use crate::keepalive::Settings;
use crate::peers::habit::Habits;
use crate::ruling::Ruling;
use monitor_model::finding::{Certainty, Clock};

/// What a rule judges: the latest snapshot, and since when what stands.
#[derive(Clone, Copy)]
pub(crate) struct Case<'a> {
    pub(crate) view: &'a FactView<'a>,
    pub(crate) now: Snapshot,
    /// The first snapshot since which something is due from the peer and nothing was
    /// acknowledged; the latest one where it is the first.
    pub(crate) sending: Option<Snapshot>,
    /// The same since which our window is full and the application reads nothing.
    pub(crate) reading: Option<Snapshot>,
    /// The same since which an answer is due and nobody said anything.
    pub(crate) reply: Option<Snapshot>,
    /// The same since which what the peer sends brings nothing new.
    pub(crate) resent: Option<Snapshot>,
    /// The first snapshot since which nothing came at all while something was due.
    pub(crate) unheard: Option<Snapshot>,
    /// How long it paused of late, and went on.
    pub(crate) pauses: Pauses,
    /// The losses of late.
    pub(crate) loss: Option<Loss>,
    /// Segments that were sent again in outages that are over.
    pub(crate) sent_again_in_outages: u32,
    /// Probes were seen at work while nothing was acknowledged.
    pub(crate) probed: bool,
    /// What is due was sent well before the application closed.
    pub(crate) sent_before_close: bool,
    /// That the kernel made segments smaller after timeouts, and what was due is acknowledged since.
    pub(crate) mss_fell: Option<Fell>,
    /// When the judge began, CLOCK_MONOTONIC in ns.
    pub(crate) began_ns: u64,
    pub(crate) settings: &'a Settings,
    pub(crate) habits: &'a Habits,
}

/// Segments became smaller, and went through.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fell {
    /// Payload of a full one before, in bytes.
    pub(crate) before: u32,
    /// The same now.
    pub(crate) now: u32,
    /// How long nothing was acknowledged before, in ns.
    pub(crate) lasted_ns: u64,
}

/// All that a cause says of itself.
pub(crate) struct Card {
    /// Whether it is to be told of a case, and how.
    pub(crate) rule: fn(&Case<'_>) -> Option<Ruling>,
    pub(crate) certainty: Certainty,
    /// The clock by which it stands.
    pub(crate) clock: Clock,
    /// What it is about: its stall lasts as long as that stands.
    pub(crate) stands: Stands,
    /// While its stall lasts it gives way to a graver cause, and to no other.
    pub(crate) gravity: u8,
    /// Whether nothing comes back: what a dead peer or network looks like.
    pub(crate) is_loss: bool,
    /// Whether it moves all the same, only slowly.
    pub(crate) moves: bool,
}

/// What of a connection a cause is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stands {
    /// What this host sends; or what the peer sends again, because it hears no ACK of ours.
    Sending,
    /// What this host's application reads.
    Reading,
    /// Both of these.
    BothWays,
    /// The answer to what this host said.
    Reply,
    /// Nothing: it moves, and while losses are looked at they last.
    Loss,
    /// Nothing: it is over with what showed it.
    Nothing,
}

impl Card {
    /// What most causes say of themselves.
    pub(super) const fn new(rule: fn(&Case<'_>) -> Option<Ruling>) -> Self {
        Self {
            rule,
            certainty: Certainty::Observed,
            clock: Clock::Packets,
            stands: Stands::Sending,
            gravity: 0,
            is_loss: false,
            moves: false,
        }
    }
}
