//! `/api/v1/connections`: the connections of this host, from a sweep of their own.

use crate::surfaces::api::asked::{Asked, JSON, Known, LINES, refused, unknown};
use crate::surfaces::api::body;
use crate::surfaces::api::query::ConnectionQuery;
use crate::surfaces::api::resource::{
    Answer, Form, NOT_ASKED_SO, NOT_KNOWN, OverTcp, Resource, schema_of,
};
use crate::surfaces::api::served::Served;
use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use monitor_model::api::ApiError;
use monitor_model::listing::ConnectionRow;
use monitor_model::told::Told;
use std::sync::Arc;
use tokio::task::spawn_blocking;

pub(super) const RESOURCE: Resource = Resource {
    path: "/api/v1/connections",
    summary: "The connections of this host, by a sweep that is made for this answer",
    over_tcp: OverTcp::WhereAsked,
    lasts: true,
    handler: || get(connections),
    query: Some(schema_of::<ConnectionQuery>),
    body: None,
    answers: &[
        Answer {
            status: 200,
            means: "Each connection is a line; a line of the form tcplull.error/1 at the end says why there are no more",
            kind: LINES,
            form: Form::Told(&[<ConnectionRow>::SCHEMA, ApiError::SCHEMA]),
        },
        NOT_ASKED_SO,
        NOT_KNOWN,
        Answer {
            status: 503,
            means: "They cannot be had now: nothing is attached, or others have asked for much and not read it",
            kind: JSON,
            form: Form::Told(&[ApiError::SCHEMA]),
        },
    ],
};

async fn connections(
    State(served): State<Served>,
    known: Option<Extension<Known>>,
    Asked(query): Asked<ConnectionQuery>,
) -> Response {
    if known.is_none() {
        return unknown();
    }
    let source = Arc::clone(&served.api.source);
    let found = spawn_blocking(move || source.connections(&query)).await;
    let found = found.unwrap_or_else(|error| Err(format!("the sweep broke off: {error}")));
    match found {
        Ok(rows) => body::rows(rows),
        Err(reason) => refused(StatusCode::SERVICE_UNAVAILABLE, reason),
    }
}
