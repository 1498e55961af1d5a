//! The sockets of `tcplull probe`: connections that are silent, and the other side that answers them. What is tried, and what
//! what is seen comes to, is said by [`monitor_probe`].

mod answer;
mod error;
mod fates;
mod gap;
mod hops;
mod line;
mod listen;
mod mqtt;
mod postgres;
mod redis;
mod run;
mod socket;
mod talk;
mod target;
mod trouble;
mod web;

pub use error::ProbeError;
pub use fates::Bounds;
pub use listen::{Listener, Served};
pub use run::{Prober, Progress};
pub use target::{Target, TargetError};
