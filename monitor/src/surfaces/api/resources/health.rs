//! `/healthz` and `/readyz`, for supervisors.

use crate::surfaces::api::resource::{Answer, Form, OverTcp, Resource};
use crate::surfaces::api::served::Served;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

const TEXT: &str = "text/plain; charset=utf-8";

pub(super) const ALIVE: Resource = Resource {
    path: "/healthz",
    summary: "Whether the daemon lives",
    over_tcp: OverTcp::Always,
    lasts: false,
    handler: || get(async || "ok\n"),
    query: None,
    body: None,
    answers: &[Answer {
        status: 200,
        means: "It does",
        kind: TEXT,
        form: Form::Text,
    }],
};

pub(super) const READY: Resource = Resource {
    path: "/readyz",
    summary: "Whether the daemon is attached to the kernel and sweeps",
    over_tcp: OverTcp::Always,
    lasts: false,
    handler: || get(ready),
    query: None,
    body: None,
    answers: &[
        Answer {
            status: 200,
            means: "It is, and what else is to be said, in one line",
            kind: TEXT,
            form: Form::Text,
        },
        Answer {
            status: 503,
            means: "It is not, and why, in one line",
            kind: TEXT,
            form: Form::Text,
        },
    ],
};

/// Whether it is health that is asked for at this path.
pub fn is_health(path: &str) -> bool {
    [ALIVE.path, READY.path].contains(&path)
}

async fn ready(State(served): State<Served>) -> Response {
    match served.api.source.ready() {
        Ok(says) => (says + "\n").into_response(),
        Err(reason) => (StatusCode::SERVICE_UNAVAILABLE, reason + "\n").into_response(),
    }
}
