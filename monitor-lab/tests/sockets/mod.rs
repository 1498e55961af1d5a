//! Plain connections between the testbed's hosts, and what passes of them.

pub mod capture;
pub mod pair;
