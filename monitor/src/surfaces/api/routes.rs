//! The routes, as both ways to the API serve them.

use super::asked::{Known, refused};
use super::landing::landing;
use super::openapi::document;
use super::resources::{METRICS, RESOURCES};
use super::served::{Api, Offer, Served, VERSION_HEADER};
use crate::surfaces::page;
use axum::http::{HeaderName, HeaderValue, StatusCode, Uri};
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Router};
use std::sync::Arc;
use tokio::sync::watch;

impl Api {
    /// The routes of one server, until the sender of `ended` is gone: then streams end.
    pub fn routes(&self, offer: Offer, ended: watch::Receiver<()>) -> Router {
        let served = Served {
            api: self.clone(),
            offer: Arc::new(offer),
            document,
            ended,
        };
        let offer = Arc::clone(&served.offer);
        let mut routes = match offer.telemetry_path.as_str() {
            "/" => Router::new(),
            _ => Router::new().route("/", landing()).merge(page::routes()),
        };
        let all = RESOURCES.iter();
        for resource in all.filter(|one| offer.has(one.over_tcp)) {
            let path = match resource.path {
                METRICS => &offer.telemetry_path,
                path => path,
            };
            routes = routes.route(path, (resource.handler)());
        }
        let routes = routes
            .fallback(nothing)
            .with_state(served)
            .layer(map_response(with_version));
        match offer.known {
            true => routes.layer(Extension(Known)),
            false => routes,
        }
    }
}

/// What is told whoever asks for a resource that is not there.
pub const NOT_FOUND: &str = "not found: /api/v1/openapi.json has what is here, on the inspection socket and, with web.api, over TCP";

async fn nothing(uri: Uri) -> Response {
    if uri.path().starts_with("/api/") {
        return refused(StatusCode::NOT_FOUND, NOT_FOUND.to_owned());
    }
    (StatusCode::NOT_FOUND, "not found: / lists what is here\n").into_response()
}

async fn with_version(mut answer: Response) -> Response {
    let name = HeaderName::from_static(VERSION_HEADER);
    let version = HeaderValue::from_static(env!("CARGO_PKG_VERSION"));
    answer.headers_mut().insert(name, version);
    answer
}
