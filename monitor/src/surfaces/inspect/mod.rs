//! Live inspection of a running daemon: the whole [API](crate::surfaces::api) over a Unix socket, for whom its file lets in.

mod error;
mod lock;
mod server;
mod socket;

#[cfg(test)]
mod tests;

pub use error::InspectError;
pub use server::InspectServer;
pub use socket::{Place, take_place};
