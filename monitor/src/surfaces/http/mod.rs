//! The API over TCP: landing page, metrics, alerts and health, and all of it where that is asked for. Whoever comes has a place at once, and what is slow gives way: see
//! `rooms.rs`. Every request passes the gate (`gate.rs`), whatever its route; TLS, and who may ask, is up to the web
//! configuration (`web/`).

mod certificate;
mod counters;
mod error;
mod gate;
mod handshake;
mod hosts;
mod listener;
mod rooms;
mod server;
mod web;

#[cfg(test)]
mod tests;

pub use counters::HttpCounters;
pub use error::HttpError;
pub use hosts::AllowedHosts;
pub use server::{HttpOptions, HttpServer};
pub use web::{WebConfig, WebError, WebProblem};
