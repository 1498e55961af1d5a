//! `/api/v1/agent`: the daemon itself.

use crate::surfaces::api::asked::{JSON, refused};
use crate::surfaces::api::resource::{Answer, Form, OverTcp, Resource};
use crate::surfaces::api::served::Served;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use monitor_model::api::AgentState;
use monitor_model::format::told_line;
use monitor_model::told::Told;

pub(super) const RESOURCE: Resource = Resource {
    path: "/api/v1/agent",
    summary: "The daemon itself: version, kernel, how it watches, whether it does its work, and what it counts",
    over_tcp: OverTcp::WhereAsked,
    lasts: false,
    handler: || get(agent),
    query: None,
    body: None,
    answers: &[Answer {
        status: 200,
        means: "The daemon as it is now",
        kind: JSON,
        form: Form::Told(&[AgentState::SCHEMA]),
    }],
};

async fn agent(State(served): State<Served>) -> Response {
    match told_line(&served.api.source.agent()) {
        Ok(text) => ([(header::CONTENT_TYPE, JSON)], text + "\n").into_response(),
        Err(error) => refused(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
    }
}
