//! Plain connections between the bench's hosts, and what passes of them.

pub mod capture;
pub mod pair;
