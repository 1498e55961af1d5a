//! Who holds a connection: process, unit, container, pod.

mod bounded;
mod cgroup_id;
mod names;
mod pods;
mod resolve;

pub use resolve::{OwnerCounters, Owners};
