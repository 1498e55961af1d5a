//! `/api/v1/connections/{id}`: one connection with all that is known of it, whether it is there or gone.

use crate::surfaces::api::asked::{Asked, JSON, Known, refused, unknown};
use crate::surfaces::api::query::DetailQuery;
use crate::surfaces::api::resource::{
    Answer, Form, NOT_ASKED_SO, NOT_KNOWN, OverTcp, Resource, schema_of,
};
use crate::surfaces::api::served::Served;
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use monitor_model::api::ApiError;
use monitor_model::detail::ConnectionDetail;
use monitor_model::format::told_line;
use monitor_model::told::Told;
use std::sync::Arc;
use tokio::task::spawn_blocking;

pub(super) const RESOURCE: Resource = Resource {
    path: "/api/v1/connections/{id}",
    summary: "One connection with all that is known of it, by its id, or by the socket cookie that its id begins with",
    over_tcp: OverTcp::WhereAsked,
    lasts: false,
    handler: || get(connection),
    query: Some(schema_of::<DetailQuery>),
    body: None,
    answers: &[
        Answer {
            status: 200,
            means: "The connection, as it is now, or as it was found last",
            kind: JSON,
            form: Form::Told(&[ConnectionDetail::SCHEMA]),
        },
        NOT_ASKED_SO,
        NOT_KNOWN,
        Answer {
            status: 404,
            means: "No connection with this id is there, and nothing is known of one",
            kind: JSON,
            form: Form::Told(&[ApiError::SCHEMA]),
        },
        Answer {
            status: 503,
            means: "It cannot be looked at now: nothing is attached, or the history cannot be read",
            kind: JSON,
            form: Form::Told(&[ApiError::SCHEMA]),
        },
    ],
};

async fn connection(
    State(served): State<Served>,
    known: Option<Extension<Known>>,
    Path(id): Path<String>,
    Asked(query): Asked<DetailQuery>,
) -> Response {
    if known.is_none() {
        return unknown();
    }
    let source = Arc::clone(&served.api.source);
    let wanted = id.clone();
    let found = spawn_blocking(move || source.connection(&wanted, &query)).await;
    let found = found.unwrap_or_else(|error| Err(format!("the look broke off: {error}")));
    match found.map(|found| found.map(|told| told_line(&told))) {
        Ok(Some(Ok(line))) => ([(header::CONTENT_TYPE, JSON)], line + "\n").into_response(),
        Ok(Some(Err(error))) => refused(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
        Ok(None) => refused(
            StatusCode::NOT_FOUND,
            format!("no connection {id} is there, and nothing is known of one"),
        ),
        Err(reason) => refused(StatusCode::SERVICE_UNAVAILABLE, reason),
    }
}
