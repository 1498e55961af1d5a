//! `/api/v1/check`: what works on this machine, and why not.

use crate::surfaces::api::asked::{JSON, LINES, refused};
use crate::surfaces::api::body;
use crate::surfaces::api::resource::{Answer, Form, OverTcp, Resource};
use crate::surfaces::api::rows::Rows;
use crate::surfaces::api::served::Served;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use monitor_model::api::ApiError;
use monitor_model::listing::CheckRow;
use monitor_model::told::Told;
use std::sync::Arc;
use tokio::task::spawn_blocking;

pub(super) const RESOURCE: Resource = Resource {
    path: "/api/v1/check",
    summary: "What works on this machine for this daemon, how, and why not, as tcplull check says it",
    over_tcp: OverTcp::WhereAsked,
    lasts: false,
    handler: || get(check),
    query: None,
    body: None,
    answers: &[
        Answer {
            status: 200,
            means: "Each thing that the daemon needs is a line",
            kind: LINES,
            form: Form::Told(&[CheckRow::SCHEMA]),
        },
        Answer {
            status: 503,
            means: "That cannot be told now",
            kind: JSON,
            form: Form::Told(&[ApiError::SCHEMA]),
        },
    ],
};

async fn check(State(served): State<Served>) -> Response {
    let source = Arc::clone(&served.api.source);
    let found = spawn_blocking(move || source.check()).await;
    let found = found.unwrap_or_else(|error| Err(format!("the check broke off: {error}")));
    match found {
        Ok(rows) => body::rows(Rows::new(rows)),
        Err(reason) => refused(StatusCode::SERVICE_UNAVAILABLE, reason),
    }
}
