//! What resources that act, or are told of acts, have in common: who may, what is read, and what is answered.

use super::asked::{JSON, Peer, refused};
use axum::Extension;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use monitor_model::agent::AgentEvent;
use monitor_model::format::told_line;
use nix::unistd::geteuid;
use serde::de::DeserializeOwned;

/// Who asks, where that is root or the daemon's own user.
pub(super) fn trusted(peer: Option<Extension<Peer>>) -> Option<Peer> {
    let Extension(peer) = peer?;
    let trusted = peer.uid == 0 || peer.uid == geteuid().as_raw();
    trusted.then_some(peer)
}

/// What is told, or why it is no such thing.
pub(super) fn read<T: DeserializeOwned>(body: Result<Bytes, BytesRejection>) -> Result<T, String> {
    let body = body.map_err(|error| error.to_string())?;
    serde_json::from_slice(&body).map_err(|error| error.to_string())
}

/// The event that was noted; `None` where the clock cannot be read.
pub(super) fn noted(event: Option<AgentEvent>) -> Response {
    let line = event.ok_or_else(|| "the clock cannot be read".to_owned());
    let line = line.and_then(|event| told_line(&event).map_err(|error| error.to_string()));
    match line {
        Ok(line) => ([(header::CONTENT_TYPE, JSON)], line + "\n").into_response(),
        Err(reason) => refused(StatusCode::INTERNAL_SERVER_ERROR, reason),
    }
}
