//! What is served under which path. A further route is a line in [`routes`]; whom it is answered, and how many at once,
//! the [gate](super::gate) sees to.

use super::alerts::alerts;
use super::source::Source;
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;

/// All routes, with the metrics under this path; under `/` they take the place of the landing page.
pub(super) fn routes(source: Source, telemetry_path: &str) -> Router {
    let routes = match telemetry_path {
        "/" => Router::new(),
        path => {
            let page = landing(path);
            Router::new().route("/", get(move || async move { page }))
        }
    };
    routes
        .route(telemetry_path, get(metrics))
        .route("/api/v1/alerts", get(alerts))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .fallback(|| async { (StatusCode::NOT_FOUND, "not found: / lists what is here\n") })
        .with_state(source)
}

fn landing(telemetry_path: &str) -> Html<String> {
    let version = env!("CARGO_PKG_VERSION");
    Html(format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>tcplull</title></head>\n\
         <body>\n<h1>tcplull {version}</h1>\n\
         <p>Watches this host's TCP connections and says when silence has outlived a middlebox's idle timeout.</p>\n\
         <ul>\n\
         <li><a href=\"{telemetry_path}\">{telemetry_path}</a>: for Prometheus</li>\n\
         <li><a href=\"/api/v1/alerts\">/api/v1/alerts</a>: alerts that wait and fire, as Prometheus has its own</li>\n\
         <li><a href=\"/healthz\">/healthz</a>: alive</li>\n\
         <li><a href=\"/readyz\">/readyz</a>: attached to the kernel and sweeping</li>\n\
         </ul>\n</body>\n</html>\n"
    ))
}

async fn metrics(State(source): State<Source>) -> Response {
    match source.metrics() {
        Ok(text) => ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response(),
        Err(reason) => (StatusCode::INTERNAL_SERVER_ERROR, reason + "\n").into_response(),
    }
}

async fn ready(State(source): State<Source>) -> Response {
    match source.ready() {
        Ok(says) => (says + "\n").into_response(),
        Err(reason) => (StatusCode::SERVICE_UNAVAILABLE, reason + "\n").into_response(),
    }
}
