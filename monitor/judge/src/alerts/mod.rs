//! What wakes somebody: findings, grouped, and the one lifecycle of every group. Ten thousand idle connections of one
//! pool are one alert with a count, and a page begins and ends by the rules of one table, `docs/operating.md`.
//!
//! [`lifecycle`](Alerts) takes verdicts and time in. A [`group`] has a clock and [`parts`], its connections that are
//! stuck or ended badly; [`ruled`] is what the rules of a path make of it, [`room`] what alerts may take, [`over`] those that are over, [`saved`] what outlives the
//! daemon.

mod confirming;
mod group;
mod joining;
mod key;
mod lifecycle;
mod limits;
mod member;
mod membership;
mod outage;
mod over;
mod parts;
mod restoring;
mod room;
mod ruled;
mod saved;
#[cfg(test)]
mod tests;

pub use lifecycle::Alerts;
pub use limits::{AlertStats, Limits};
pub use membership::Membership;
pub use saved::Saved;
