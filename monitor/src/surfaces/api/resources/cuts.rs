//! `/api/v1/cuts`: what `tcplull cut` has done, so that log and history have it. The daemon itself ends nothing.

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
use monitor_model::api::{ApiError, Cut};
use monitor_model::told::Told;

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
    let Some(peer) = act::trusted(peer) else {
        let reason = "what was cut is noted where root or the daemon's own user tells it";
        return refused(StatusCode::FORBIDDEN, reason.to_owned());
    };
    match act::read(body).and_then(within) {
        Ok(cut) => act::noted(served.api.source.note_cut(peer, cut)),
        Err(reason) => refused(StatusCode::BAD_REQUEST, reason),
    }
}

/// The note, where it is within its bounds.
fn within(cut: Cut) -> Result<Cut, String> {
    let mut names = cut.ids.iter().chain(&cut.alert);
    let within = cut.ids.len() <= Cut::MOST && names.all(|name| name.len() <= Cut::MOST);
    match within {
        true => Ok(cut),
        false => Err(format!("more than {} ids, or bytes of a name", Cut::MOST)),
    }
}
