//! `/api/v1/paths`: each path with its timeout, what silences of its connections came to, and what was learned of its timeout by
//! that. Counts and times: as with the metrics, anybody may ask; to which prefix something was learned is for those who have
//! shown who they are.

use crate::surfaces::api::asked::{JSON, Known, LINES, refused};
use crate::surfaces::api::body;
use crate::surfaces::api::resource::{Answer, Form, OverTcp, Resource};
use crate::surfaces::api::rows::Rows;
use crate::surfaces::api::served::Served;
use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use monitor_model::api::ApiError;
use monitor_model::path_state::PathState;
use monitor_model::told::Told;

pub(super) const RESOURCE: Resource = Resource {
    path: "/api/v1/paths",
    summary: "Each path: its timeout, how long silences on it were, the longest that was survived, the shortest that failed, what was learned of its timeout by that, and what was found",
    over_tcp: OverTcp::Always,
    lasts: false,
    handler: || get(paths),
    query: None,
    body: None,
    answers: &[
        Answer {
            status: 200,
            means: "Each path is a line",
            kind: LINES,
            form: Form::Told(&[PathState::SCHEMA]),
        },
        Answer {
            status: 503,
            means: "They cannot be had now",
            kind: JSON,
            form: Form::Told(&[ApiError::SCHEMA]),
        },
    ],
};

async fn paths(State(served): State<Served>, known: Option<Extension<Known>>) -> Response {
    match served.api.source.paths() {
        Ok(mut paths) => {
            if known.is_none() {
                let learned = paths.iter_mut().flat_map(|path| &mut path.learned);
                learned.for_each(|learned| learned.prefix = None);
            }
            body::rows(Rows::new(paths))
        }
        Err(reason) => refused(StatusCode::SERVICE_UNAVAILABLE, reason),
    }
}
