//! `/api/v1/heal/stop`: all sockets whose timers the daemon has set get back what they had, and no others are set until its next
//! start or reload.

use crate::surfaces::api::act;
use crate::surfaces::api::asked::{JSON, Peer, refused};
use crate::surfaces::api::resource::{Answer, Form, OverTcp, Resource, schema_of};
use crate::surfaces::api::served::Served;
use axum::Extension;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::post;
use monitor_model::agent::AgentEvent;
use monitor_model::api::{ApiError, HealStop};
use monitor_model::told::Told;
use std::sync::Arc;
use tokio::task::spawn_blocking;

/// The longest that is read, in bytes.
const LONGEST: usize = 1024;

pub(super) const RESOURCE: Resource = Resource {
    path: "/api/v1/heal/stop",
    summary: "All sockets whose timers the daemon has set get back what they had, and no others are set until its next start or reload: for root, or the daemon's own user",
    over_tcp: OverTcp::Never,
    lasts: false,
    handler: || post(stop).layer(DefaultBodyLimit::max(LONGEST)),
    query: None,
    body: Some(schema_of::<HealStop>),
    answers: &[
        Answer {
            status: 200,
            means: "It is done, and noted as this event",
            kind: JSON,
            form: Form::Told(&[AgentEvent::SCHEMA]),
        },
        Answer {
            status: 400,
            means: "What was told is not that",
            kind: JSON,
            form: Form::Told(&[ApiError::SCHEMA]),
        },
        Answer {
            status: 403,
            means: "Who tells it is neither root nor the daemon's own user",
            kind: JSON,
            form: Form::Told(&[ApiError::SCHEMA]),
        },
    ],
};

async fn stop(
    State(served): State<Served>,
    peer: Option<Extension<Peer>>,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let Some(peer) = act::trusted(peer) else {
        let reason = "heal is stopped where root or the daemon's own user says so";
        return refused(StatusCode::FORBIDDEN, reason.to_owned());
    };
    if let Err(reason) = act::read::<HealStop>(body) {
        return refused(StatusCode::BAD_REQUEST, reason);
    }
    let source = Arc::clone(&served.api.source);
    match spawn_blocking(move || source.stop_healing(peer)).await {
        Ok(event) => act::noted(event),
        Err(error) => refused(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
    }
}
