//! `/metrics`, for Prometheus.

use crate::surfaces::api::resource::{Answer, Form, OverTcp, Resource};
use crate::surfaces::api::served::Served;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

/// Where the metrics are, unless the configuration puts them elsewhere over TCP.
pub(in crate::surfaces::api) const METRICS: &str = "/metrics";

const KIND: &str = "text/plain; version=0.0.4";

pub(super) const RESOURCE: Resource = Resource {
    path: METRICS,
    summary: "The metrics, in Prometheus' text format; over TCP under web.telemetry_path",
    over_tcp: OverTcp::Always,
    lasts: false,
    handler: || get(metrics),
    query: None,
    body: None,
    answers: &[
        Answer {
            status: 200,
            means: "All metrics",
            kind: KIND,
            form: Form::Text,
        },
        Answer {
            status: 500,
            means: "Why there are none, in one line",
            kind: "text/plain; charset=utf-8",
            form: Form::Text,
        },
    ],
};

async fn metrics(State(served): State<Served>) -> Response {
    match served.api.source.metrics() {
        Ok(text) => ([(header::CONTENT_TYPE, KIND)], text).into_response(),
        Err(reason) => (StatusCode::INTERNAL_SERVER_ERROR, reason + "\n").into_response(),
    }
}
