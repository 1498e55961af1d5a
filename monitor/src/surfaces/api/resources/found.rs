//! `/api/v1/found`: how many findings of which kind came in the last hours. As with the metrics, anybody may ask.

use crate::surfaces::api::asked::LINES;
use crate::surfaces::api::body;
use crate::surfaces::api::resource::{Answer, Form, OverTcp, Resource};
use crate::surfaces::api::rows::Rows;
use crate::surfaces::api::served::Served;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use monitor_model::path_state::FoundInTime;
use monitor_model::told::Told;

pub(super) const RESOURCE: Resource = Resource {
    path: "/api/v1/found",
    summary: "How many findings of which kind came in the last six hours since the start, by five minutes",
    over_tcp: OverTcp::Always,
    lasts: false,
    handler: || get(found),
    query: None,
    body: None,
    answers: &[Answer {
        status: 200,
        means: "Each five minutes in which something was found are a line, the oldest first",
        kind: LINES,
        form: Form::Told(&[FoundInTime::SCHEMA]),
    }],
};

async fn found(State(served): State<Served>) -> Response {
    body::rows(Rows::new(served.api.source.found()))
}
