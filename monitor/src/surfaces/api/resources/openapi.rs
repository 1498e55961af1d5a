//! `/api/v1/openapi.json`: what the API is, for programs.

use crate::surfaces::api::asked::{JSON, refused};
use crate::surfaces::api::resource::{Answer, Form, OverTcp, Resource};
use crate::surfaces::api::served::Served;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use monitor_model::format::json_line;
use serde_json::json;

pub(super) const RESOURCE: Resource = Resource {
    path: "/api/v1/openapi.json",
    summary: "This document",
    over_tcp: OverTcp::WhereAsked,
    lasts: false,
    handler: || get(openapi),
    query: None,
    body: None,
    answers: &[Answer {
        status: 200,
        means: "OpenAPI 3.1",
        kind: JSON,
        form: Form::Document(
            "openapi",
            || json!({ "type": "object", "required": ["openapi", "paths"] }),
        ),
    }],
};

async fn openapi(State(served): State<Served>) -> Response {
    match json_line(&(served.document)()) {
        Ok(text) => ([(header::CONTENT_TYPE, JSON)], text + "\n").into_response(),
        Err(error) => refused(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
    }
}
