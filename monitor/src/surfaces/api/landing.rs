//! `/`: the page, with what it shows at first.

use super::asked::Known;
use super::query::AlertQuery;
use super::resources::{METRICS, RESOURCES, shown_to};
use super::served::{Offer, Served};
use crate::surfaces::page::{Front, Link, POLICY, front};
use axum::Extension;
use axum::extract::State;
use axum::http::header::CACHE_CONTROL;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use tokio::task::spawn_blocking;

/// The page of a server.
pub(super) fn landing() -> MethodRouter<Served> {
    get(page)
}

async fn page(State(served): State<Served>, known: Option<Extension<Known>>) -> Response {
    let known = known.is_some();
    let whole = served.offer.whole;
    let links = links(&served.offer);
    let metrics = served.offer.telemetry_path.clone();
    let source = served.api.source;
    // The kernel's tables are read for it.
    let made = spawn_blocking(move || {
        let alerts = source.alerts(&AlertQuery::default()).into_iter();
        front(&Front {
            agent: source.agent(),
            alerts: alerts.map(|alert| shown_to(alert, known)).collect(),
            paths: source.paths(),
            still: source.still(),
            links,
            metrics,
            known,
            whole,
        })
    });
    let page = made.await.unwrap_or_default();
    (POLICY, [(CACHE_CONTROL, "no-store")], Html(page)).into_response()
}

/// What else there is for who can read only.
fn links(offer: &Offer) -> Vec<Link> {
    let all = RESOURCES.iter();
    let here = all.filter(|one| one.body.is_none() && offer.has(one.over_tcp));
    here.map(|one| Link {
        path: match one.path {
            METRICS => offer.telemetry_path.clone(),
            path => path.to_owned(),
        },
        about: one.summary,
    })
    .collect()
}
