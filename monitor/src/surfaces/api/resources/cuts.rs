//! `/api/v1/cuts`: what `tcplull cut` has done, so that log and history have it. The daemon itself ends nothing.

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
use monitor_model::api::{ApiError, Cut};
use monitor_model::format::told_line;
use monitor_model::told::Told;
use nix::unistd::geteuid;

/// The longest that is read, in bytes.
const LONGEST: usize = 16 * 1024;

pub(super) const RESOURCE: Resource = Resource {
    path: "/api/v1/cuts",
    summary: "What `tcplull cut` has done is told here, by root or the daemon's own user, and kept in log and history",
    over_tcp: OverTcp::Never,
    lasts: false,
    handler: || post(cut).layer(DefaultBodyLimit::max(LONGEST)),
    query: None,
    body: Some(schema_of::<Cut>),
    answers: &[
        Answer {
            status: 200,
            means: "It is noted, as this event",
            kind: JSON,
            form: Form::Told(&[AgentEvent::SCHEMA]),
        },
        Answer {
            status: 400,
            means: "What was told is no such note",
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

async fn cut(
    State(served): State<Served>,
    peer: Option<Extension<Peer>>,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let trusted = |peer: &Peer| peer.uid == 0 || peer.uid == geteuid().as_raw();
    let Some(Extension(peer)) = peer.filter(|peer| trusted(peer)) else {
        let reason = "what was cut is noted where root or the daemon's own user tells it";
        return refused(StatusCode::FORBIDDEN, reason.to_owned());
    };
    let read = body.map_err(|error| error.to_string());
    let cut = match read.and_then(|body| note(&body)) {
        Ok(cut) => cut,
        Err(reason) => return refused(StatusCode::BAD_REQUEST, reason),
    };
    let Some(event) = served.api.source.note_cut(peer, cut) else {
        let reason = "the clock cannot be read".to_owned();
        return refused(StatusCode::INTERNAL_SERVER_ERROR, reason);
    };
    match told_line(&event) {
        Ok(text) => ([(header::CONTENT_TYPE, JSON)], text + "\n").into_response(),
        Err(error) => refused(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
    }
}

/// What was told, or why it is no such note.
fn note(body: &[u8]) -> Result<Cut, String> {
    let cut: Cut = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    let mut names = cut.ids.iter().chain(&cut.alert);
    let within = cut.ids.len() <= Cut::MOST && names.all(|name| name.len() <= Cut::MOST);
    match within {
        true => Ok(cut),
        false => Err(format!("more than {} ids, or bytes of a name", Cut::MOST)),
    }
}
