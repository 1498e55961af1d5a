//! `tcplull` under test: the one handle on a running daemon, for the laboratory's
//! scenarios, the benchmarks and the tests of the command alike.
//!
//! A [`Place`] holds the files and addresses of a daemon, [`Daemon::start`] starts one
//! there, and a [`Daemon`] is asked as its users ask it. All of it fails with
//! [`crate::LabError`].

mod daemon;
pub mod http;
mod place;
mod port;
pub mod prometheus;
pub mod run;
pub mod wait;
mod watch;

pub use daemon::Daemon;
pub use place::{Place, remove_pins};
pub use port::Port;
pub use watch::Watch;
