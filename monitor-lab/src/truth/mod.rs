//! What is true in a story, declared before it is told, and what `tcplull`
//! said about it: two plain values that [`compare`] holds against each other.

pub mod alerts;
mod align;
pub mod compare;
mod conclusion;
mod declare;
mod details;
mod finding;
mod observed;
pub mod table;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_of_many;
#[cfg(test)]
mod tests_of_table;
#[cfg(test)]
mod tests_of_unsaid;
pub mod times;
mod words;

use crate::ends::End;
use crate::simulated_middlebox::Clock;
pub use align::{Aligned, Pair, align};
pub use conclusion::{Certainty, Conclusion, Severity};
pub use finding::{Alert, Finding, Keepalive, Listed};
pub use observed::{Holder, Observed, ObservedFinding, Reading};
use serde::Serialize;
use std::ops::Range;

/// The name of the one alert on connections whose peer or network is down.
pub const UNREACHABLE: &str = "unreachable";

/// The owner of that alert: it is about all who talk to that peer.
pub const ANYBODY: &str = "any";

/// The name of the ticket on trouble that mended before it paged.
pub const INTERRUPTED: &str = "interrupted";

/// A finding that must be said, exactly once about each of its connections.
#[derive(Clone, Debug, Serialize)]
pub struct Due {
    /// Whose connection.
    pub end: End,
    /// Which of the story's connections, in the order in which they were made.
    pub connections: Range<usize>,
    /// What must be concluded.
    pub conclusion: Conclusion,
    /// Whom it must wake.
    pub severity: Severity,
    /// How sure it must be.
    pub certainty: Certainty,
    /// The least and the greatest right length of the silence, in seconds; of a
    /// stall, of the time in which nothing has moved.
    pub gap_seconds: [f64; 2],
    /// Whether a send or a turn of events provokes it: only then does it tell anything
    /// how soon it comes.
    pub provoked: bool,
    /// How far it must reach, where that is beyond its connection.
    pub scope: Option<&'static str>,
    /// Words that its advice must hold.
    pub advice: Option<&'static str>,
    /// Words that its summary must hold.
    pub summary: Option<&'static str>,
    /// Words that its advice must not begin with.
    pub advice_not_first: Option<&'static str>,
    /// Words that its summary must not hold.
    pub unsaid: Option<&'static str>,
    /// Facts that its evidence must hold, and what they must show.
    pub evidence: Vec<(&'static str, Shows)>,
}

/// What a fact in the evidence must show.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Shows {
    /// A number: its least and its greatest right value.
    Between([f64; 2]),
    /// Nothing: it must not be there.
    Absent,
    /// This word, or `true` or `false`. A fact that is there several times must show it once.
    Word(&'static str),
}

/// An alert that must be firing.
#[derive(Clone, Debug, Serialize)]
pub struct AlertDue {
    /// Its name.
    pub name: &'static str,
    /// Whom it must wake.
    pub severity: Severity,
    /// Whose connections it is about.
    pub end: End,
    /// How many of them are in trouble; none where it mended.
    pub connections: u64,
}

/// A series that must have reached a value while the story runs.
#[derive(Clone, Debug, Serialize)]
pub struct MetricDue {
    /// Its name.
    pub name: &'static str,
    /// Labels that it must carry, among others perhaps.
    pub labels: Vec<(&'static str, &'static str)>,
    /// Its least right value.
    pub at_least: f64,
}

/// How `tcplull ls` must list a connection.
#[derive(Clone, Debug, Serialize)]
pub struct ListingDue {
    /// Whose connection.
    pub end: End,
    /// Payload must have been idle for longer than this, in seconds.
    pub payload_idle_over: f64,
    /// Packets must have been idle for less than this, in seconds.
    pub packet_idle_under: f64,
    /// The socket's keepalive: seconds before the first probe and between
    /// probes. `None` if it has none.
    pub keepalive: Option<[u32; 2]>,
}

/// The finding whose time since the send that provoked it is reported. It fails
/// nothing: how soon a busy machine speaks is no truth about the product; which
/// timeouts it rests on is.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Verdict {
    /// Whose connection.
    pub end: End,
    /// The conclusion that is the verdict.
    pub conclusion: Conclusion,
}

/// All that is true in one story.
#[derive(Clone, Debug, Serialize)]
pub struct Truth {
    /// The path that covers both ends.
    pub path: &'static str,
    /// Its stated timeout, in seconds.
    pub timeout_seconds: u32,
    /// Whether that path does not cover the connections: then no path does.
    pub pathless: bool,
    /// What counts as silence on it: every finding about a silence must go by this.
    pub clock: Clock,
    /// How many connections the story has, at least.
    pub connections: usize,
    /// What must be said, in this order at each end of each connection.
    pub due: Vec<Due>,
    /// What may be said besides, once for each time that it stands here. It must wake nobody.
    pub allowed: Vec<(End, Conclusion)>,
    /// Whether nobody may be woken, ever: no finding may be a page, none a ticket
    /// that is not due, and no alert may be left at the end.
    pub quiet: bool,
    /// The end that stands for a host without `tcplull`: what is said about it is
    /// not looked at.
    pub unwatched: Option<End>,
    /// The verdict, if the story has one.
    pub verdict: Option<Verdict>,
    /// The alerts that fire, and no others, once the silence has crossed the timeout.
    pub alerts_in_silence: Vec<AlertDue>,
    /// The alerts that fire, and no others, at the end.
    pub alerts: Vec<AlertDue>,
    /// What `/metrics` shows while the story runs.
    pub metrics: Vec<MetricDue>,
    /// What `tcplull ls` shows in the silence.
    pub listing: Vec<ListingDue>,
}
