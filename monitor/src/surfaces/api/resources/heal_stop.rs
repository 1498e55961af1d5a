//! `/api/v1/heal/stop`: all sockets whose timers the daemon has set get back what they had, and no others are set until its next
//! start or reload.

use crate::surfaces::api::asked::{JSON, Peer, refused};
use crate::surfaces::api::resource::{Answer, Form, OverTcp, Resource, schema_of};
use crate::surfaces::api::served::Served;
use axum::Extension;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use monitor_model::agent::AgentEvent;
use monitor_model::api::{ApiError, HealStop};
use monitor_model::format::told_line;
use monitor_model::told::Told;
use nix::unistd::geteuid;
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
    let trusted = |peer: &Peer| peer.uid == 0 || peer.uid == geteuid().as_raw();
    let Some(Extension(peer)) = peer.filter(|peer| trusted(peer)) else {
        let reason = "heal is stopped where root or the daemon's own user says so";
        return refused(StatusCode::FORBIDDEN, reason.to_owned());
    };
    let read = body.map_err(|error| error.to_string());
    let read = read.and_then(|body| {
        serde_json::from_slice::<HealStop>(&body).map_err(|error| error.to_string())
    });
    if let Err(reason) = read {
        return refused(StatusCode::BAD_REQUEST, reason);
    }
    let source = Arc::clone(&served.api.source);
    let failed = |reason: String| refused(StatusCode::INTERNAL_SERVER_ERROR, reason);
    match spawn_blocking(move || source.stop_healing(peer)).await {
        Ok(Some(event)) => match told_line(&event) {
            Ok(text) => ([(header::CONTENT_TYPE, JSON)], text + "\n").into_response(),
            Err(error) => failed(error.to_string()),
        },
        Ok(None) => failed("the clock cannot be read".to_owned()),
        Err(error) => failed(error.to_string()),
    }
}
