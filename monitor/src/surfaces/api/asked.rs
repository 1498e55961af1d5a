//! What a request asks for, and who asks.

use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use monitor_model::api::ApiError;
use monitor_model::format::told_line;
use serde::de::DeserializeOwned;

/// Lines of JSON.
pub(super) const LINES: &str = "application/x-ndjson";

/// One JSON document.
pub(super) const JSON: &str = "application/json";

/// In a request whose sender has shown who it is: it may be told whose connections are in trouble, and where to.
#[derive(Clone, Copy, Debug)]
pub struct Known;

/// In a request over the inspection socket: who asks, as the kernel says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// The user of its process.
    pub uid: u32,
    /// Who had logged in to become that user, where the kernel knows (`/proc/PID/loginuid`).
    pub login_uid: Option<u32>,
}

/// The parameters behind the question mark. One that is not known is refused: whoever asks for a part would take all for
/// it.
pub(super) struct Asked<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        match Query::from_request_parts(parts, state).await {
            Ok(Query(query)) => Ok(Self(query)),
            Err(rejection) => Err(bad_query(&rejection)),
        }
    }
}

fn bad_query(rejection: &QueryRejection) -> Response {
    let reason = format!(
        "{}; /api/v1/openapi.json has what may be asked for",
        rejection.body_text()
    );
    refused(StatusCode::BAD_REQUEST, reason)
}

/// Why there is no answer, as one line of JSON.
pub(super) fn refused(status: StatusCode, error: String) -> Response {
    let line = told_line(&ApiError::from(error)).unwrap_or_default();
    (status, [(header::CONTENT_TYPE, JSON)], line + "\n").into_response()
}

/// For who asks over TCP and has not shown who it is, where connections are told by their addresses.
pub(super) fn unknown() -> Response {
    let reason = "whose connections are in trouble, and where to, is for those who show who they are: give the users or \
        the client_ca of a web configuration (--web.config.file), and ask as one of them";
    refused(StatusCode::FORBIDDEN, reason.to_owned())
}

/// Whether lines are asked for, in place of one document.
pub(super) fn wants_lines(headers: &HeaderMap) -> bool {
    let accepts = headers.get_all(header::ACCEPT).iter();
    let mut kinds = accepts
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    kinds.any(|kind| {
        let kind = kind.split(';').next().unwrap_or_default();
        kind.trim().eq_ignore_ascii_case(LINES)
    })
}
