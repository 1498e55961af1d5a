//! The API: what the daemon answers, by HTTP, over the inspection socket and over TCP. Each resource is a file in
//! `resources/`, registered in the list there; both ways serve that one list (`routes.rs`), and `/api/v1/openapi.json` is
//! made from it and from the types (`openapi.rs`).
//!
//! Lists and streams are NDJSON: one JSON object a line, each of which says its form in `schema`. A line of the form
//! `tcplull.lagged/1` says that a slow reader missed findings, one of the form `tcplull.error/1` why no more come.

mod act;
mod asked;
mod body;
mod counters;
mod feed;
mod landing;
mod openapi;
mod query;
mod resource;
mod resources;
mod routes;
mod rows;
mod served;
mod serving;
mod source;
#[cfg(test)]
pub(crate) mod testing;

pub use asked::{Known, Peer};
pub use counters::ApiCounters;
pub use feed::Feed;
pub use openapi::document;
pub use query::{
    AlertQuery, ConnectionQuery, DetailQuery, FindingQuery, HistoryKind, HistoryQuery,
};
pub use resources::{is_health, lasts};
pub use routes::NOT_FOUND;
pub use rows::Rows;
pub use served::{Api, Offer, VERSION_HEADER};
pub use serving::{Ending, LONGEST_HEAD, error_answer, serve};
pub use source::ApiSource;
