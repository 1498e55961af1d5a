//! The probe without its sockets: [`Planner`] says which silence is to be tried next, [`read`] what was seen of one comes to,
//! [`conclude`] what all of them come to, and [`text`] how people read it. [`wire`] is what both sides of a probe say to each
//! other.
//!
//! Nothing here has a clock: lengths of time come in with what was seen.

mod advice;
mod bracket;
mod conclude;
mod order;
mod planner;
mod reading;
mod text;
pub mod wire;

pub use bracket::Bracket;
pub use conclude::{Facts, conclude};
pub use order::{Kind, Options, Order, Told};
pub use planner::Planner;
pub use reading::{End, Fresh, PeerEnd, PeerSaw, Reading, Seen, read};
pub use text::{progress, text};
