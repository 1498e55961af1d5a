//! Alerts are pushed to every Alertmanager that is configured, by its API v2.
//!
//! The daemon gives what fires and what is over ([`notice`]) whenever that changes, and now and then. For each Alertmanager
//! a [`schedule`] says what is due: it knows neither clock nor network. The [`sender`] asks it, and posts by the [`client`],
//! all on one thread, where one that is slow holds up none of the others. An alert that is sent fires for a lease; who
//! stops sending it, because the daemon is gone, lets it end.

mod client;
mod error;
mod notice;
mod notifier;
mod numbers;
mod schedule;
mod sender;
#[cfg(test)]
mod tests;

pub use error::StartError;
pub use notifier::Notifier;
