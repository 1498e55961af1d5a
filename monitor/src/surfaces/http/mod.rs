//! Landing page, metrics and health over HTTP. Whoever comes has a place at once, and what is slow gives way: see
//! `rooms.rs`. Every request passes the gate (`gate.rs`), whatever its route.

mod counters;
mod error;
mod gate;
mod hosts;
mod pages;
mod rooms;
mod server;

#[cfg(test)]
mod tests;

pub use counters::HttpCounters;
pub use error::HttpError;
pub use hosts::AllowedHosts;
pub use pages::HttpSource;
pub use server::HttpServer;
