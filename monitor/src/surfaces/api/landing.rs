//! The landing page: what is here, for people.

use super::resources::{METRICS, RESOURCES};
use super::served::{Offer, Served};
use axum::response::Html;
use axum::routing::{MethodRouter, get};

/// The page of a server that offers this.
pub(super) fn landing(offer: &Offer) -> MethodRouter<Served> {
    let page = Html(page(offer));
    get(async move || page)
}

fn page(offer: &Offer) -> String {
    let version = env!("CARGO_PKG_VERSION");
    let all = RESOURCES.iter();
    let here = all.filter(|one| one.body.is_none() && offer.has(one.over_tcp));
    let items: String = here
        .map(|one| {
            let path = match one.path {
                METRICS => &offer.telemetry_path,
                path => path,
            };
            let summary = one.summary;
            format!("<li><a href=\"{path}\">{path}</a>: {summary}</li>\n")
        })
        .collect();
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>tcplull</title></head>\n\
         <body>\n<h1>tcplull {version}</h1>\n\
         <p>Watches this host's TCP connections and says when silence has outlived a middlebox's idle timeout.</p>\n\
         <ul>\n{items}</ul>\n</body>\n</html>\n"
    )
}
