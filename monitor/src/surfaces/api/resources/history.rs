//! `/api/v1/history`: what the daemon has told, in the order in which it did, for those who may not read its files.

use crate::surfaces::api::asked::{Asked, JSON, Known, LINES, refused, unknown};
use crate::surfaces::api::body;
use crate::surfaces::api::query::HistoryQuery;
use crate::surfaces::api::resource::{
    Answer, Form, NOT_ASKED_SO, NOT_KNOWN, OverTcp, Resource, schema_of,
};
use crate::surfaces::api::served::Served;
use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use monitor_model::agent::AgentEvent;
use monitor_model::alert::AlertChange;
use monitor_model::api::ApiError;
use monitor_model::finding::Finding;
use monitor_model::gaps::GapSummary;
use monitor_model::told::Told;
use std::sync::Arc;
use tokio::task::spawn_blocking;

pub(super) const RESOURCE: Resource = Resource {
    path: "/api/v1/history",
    summary: "What was told before, as the history on disk has it: findings, changes of alerts, lengths of gaps, events of the daemon",
    over_tcp: OverTcp::WhereAsked,
    lasts: true,
    handler: || get(history),
    query: Some(schema_of::<HistoryQuery>),
    body: None,
    answers: &[
        Answer {
            status: 200,
            means: "Each record is a line, the oldest first; a line of the form tcplull.error/1 at the end says why there are no more",
            kind: LINES,
            form: Form::Told(&[
                Finding::SCHEMA,
                AlertChange::SCHEMA,
                GapSummary::SCHEMA,
                AgentEvent::SCHEMA,
                ApiError::SCHEMA,
            ]),
        },
        NOT_ASKED_SO,
        NOT_KNOWN,
        Answer {
            status: 503,
            means: "None is kept, or it cannot be read",
            kind: JSON,
            form: Form::Told(&[ApiError::SCHEMA]),
        },
    ],
};

async fn history(
    State(served): State<Served>,
    known: Option<Extension<Known>>,
    Asked(query): Asked<HistoryQuery>,
) -> Response {
    if known.is_none() {
        return unknown();
    }
    let source = Arc::clone(&served.api.source);
    let found = spawn_blocking(move || source.history(&query)).await;
    let found =
        found.unwrap_or_else(|error| Err(format!("reading the history broke off: {error}")));
    match found {
        Ok(rows) => body::rows(rows),
        Err(reason) => refused(StatusCode::SERVICE_UNAVAILABLE, reason),
    }
}
