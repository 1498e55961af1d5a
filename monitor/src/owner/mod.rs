//! Who holds a connection: process, unit, container, pod.

mod bounded;
mod cgroup_id;
mod names;
mod resolve;

pub use resolve::{OwnerCounters, Owners};
