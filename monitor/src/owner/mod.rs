//! Who holds a connection: process, unit, container, pod.

mod bounded;
mod cgroup_id;
mod controller;
mod named;
mod names;
mod pods;
mod resolve;
mod runtimes;

pub use resolve::{OwnerCounters, Owners};
