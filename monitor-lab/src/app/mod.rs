//! The applications on the hosts: real processes, so that `tcplull` finds real
//! owners, each holding one TCP connection or many and doing as it is told.
//!
//! The testbed runs its own binary again for each ([`process`]) and holds it by
//! a [`handle`]; they exchange one JSON object a line ([`order`]).

mod connection;
mod crowd;
pub mod handle;
mod options;
pub mod order;
pub mod process;
mod reports;

pub use order::{Instruction, Order, Report};
