//! What is done to sockets, on somebody's word: one door, and nothing here decides. Whoever calls has the rights of its own
//! process and no others.

mod end;
mod error;
mod sock_diag;
pub(crate) mod timers;

pub use end::{Ended, Target, end, may_end};
pub use error::ActError;
pub use timers::{Timers, retries};
