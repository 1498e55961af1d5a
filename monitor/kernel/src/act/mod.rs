//! What is done to sockets, on somebody's word: one door, and nothing here decides. Whoever calls has the rights of its own
//! process and no others.

mod end;
mod error;
mod sock_diag;

pub use end::{Ended, Target, end, may_end};
pub use error::ActError;
