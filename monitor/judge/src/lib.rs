//! The judge: facts in, findings out. It has no clock and does no I/O.
//!
//! A connection enters its table when a sweep shows it silent past its path's
//! threshold ([`tracked::silence`]), or when a fact tells that such a silence ended
//! ([`tracked::gap`]); what followed is judged by one rule for each outcome
//! ([`outcomes`]). Where something should move and does not without such a
//! silence, the snapshots of the sweep say why, by one rule for each cause ([`stalls`], [`waiting`]),
//! and how soon a connection is used to be answered ([`peers::habit`]). How others fare
//! beside it tells an expired entry from a dead peer ([`peers`]).
//! Facts may be lost, repeated or late: counters in the socket say what facts did
//! not.
//!
//! [`alerts`] groups what it says into what fires; [`recording`] is what it was told, as text that is judged again.

mod advice;
pub mod alerts;
mod blame;
mod bounds;
mod close_waits;
mod closed_window;
mod connection;
mod context;
mod counters;
mod dialogue;
mod ending;
mod evidence;
mod fact_view;
mod farewell;
mod forgery;
mod heard;
mod idle_state;
mod input;
mod judge;
mod keepalive;
mod known;
mod learn;
mod learned_risk;
mod local_tables;
mod lost;
mod misstated;
mod outcomes;
mod own_addresses;
mod paths;
mod peers;
pub mod recording;
mod report;
mod resent;
mod rules;
mod rules_in_force;
mod ruling;
mod serial;
mod sizes;
mod stall_times;
mod stalls;
mod telling_tables;
#[cfg(test)]
mod tests;
mod thresholds;
mod tracked;
mod unanswered;
mod vanished;
mod verdict;
mod waiting;
mod window_probe;

pub use advice::{ss_filter, ss_kill};
pub use bounds::{JudgeStats, Limits};
pub use connection::{addresses, connection, connection_in, role};
pub use dialogue::Dialogue;
pub use idle_state::idle_state;
pub use input::{Input, Observation};
pub use judge::Judge;
pub use known::{Known, KnownGap};
pub use learn::LearnedBefore;
pub use local_tables::{LocalBackend, LocalEntry, LocalTable, TableQuestion};
pub use paths::{JudgedPath, PeerRole};
pub use rules::{Ignore, PathRules, Rule, Rules};
pub use stall_times::{StallEnd, StallTimes};
pub use verdict::{End, Verdict, Verdicts};
