//! Heal without its sockets: a [`Rule`] is what the configuration says of a path, and [`plan`] what that means for one socket.
//!
//! Nothing here has a clock, asks the kernel or sets anything: what a socket has comes in, and what it would be given comes
//! out. No timer is ever made longer by it, and no failure comes later.

mod plan;
mod rule;
mod timers;
mod words;

pub use plan::{Plan, Socket, Why, plan};
pub use rule::{OnStop, Problem, Rule, UserTimeout};
pub use timers::{Timers, keepalive_for, retries_end};
