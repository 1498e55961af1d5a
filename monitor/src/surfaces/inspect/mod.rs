//! Live inspection of a running daemon over a Unix socket.
//!
//! A client sends one request line, `{"command":"watch"}`, and reads one JSON
//! object a line: findings for `watch` until it goes, or the rows of a list, such as
//! `ls`, which end with the stream. A line
//! `{"lagged":3}` says that a slow watcher missed so many findings, a line
//! `{"error":"…"}` why there is no (further) answer.

mod client;
mod error;
mod feed;
mod lock;
mod protocol;
mod rows;
mod server;
mod socket;

#[cfg(test)]
mod tests;

pub use client::{Answer, ClientError, InspectClient};
pub use error::InspectError;
pub use feed::Feed;
pub use protocol::{LONGEST_REQUEST, WATCH};
pub use rows::Rows;
pub use server::{InspectCounters, InspectServer, Lists};
pub use socket::{Place, take_place};
