//! The files of the page, and how they are served: each is what the binary was built with, and a browser that has it asks
//! no more than whether it still is.

use axum::Router;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use ring::digest::{SHA256, digest};

/// What a browser lets the page do: nothing inline, nothing from elsewhere, in nobody's frame.
pub const POLICY: [(HeaderName, &str); 3] = [
    (
        CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (REFERRER_POLICY, "no-referrer"),
];

/// A file of the page.
pub(super) struct File {
    /// Where it is served.
    pub(super) path: &'static str,
    kind: &'static str,
    pub(super) text: &'static str,
}

macro_rules! files {
    ($($name:literal: $kind:ident),+ $(,)?) => {
        &[$(File {
            path: concat!("/page/", $name),
            kind: $kind,
            text: include_str!(concat!("files/", $name)),
        }),+]
    };
}

const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";
const PICTURE: &str = "image/svg+xml";

/// All of them.
pub(super) const FILES: &[File] = files! {
    "page.css": STYLE,
    "icon.svg": PICTURE,
    "main.js": SCRIPT,
    "api.js": SCRIPT,
    "dom.js": SCRIPT,
    "words.js": SCRIPT,
    "plots.js": SCRIPT,
    "overview.js": SCRIPT,
    "connections.js": SCRIPT,
    "connection.js": SCRIPT,
    "timeline.js": SCRIPT,
    "path.js": SCRIPT,
    "agent.js": SCRIPT,
    "uplot/uplot.js": SCRIPT,
    "uplot/uplot.css": STYLE,
    "uplot/LICENSE": TEXT,
};

/// The routes of all files.
pub fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    FILES.iter().fold(Router::new(), |routes, file| {
        let tag = tag(file.text);
        let answer = async move |headers: HeaderMap| file.answer(&tag, &headers);
        routes.route(file.path, get(answer))
    })
}

/// By which a browser knows whether it has this text.
fn tag(text: &str) -> String {
    let digest = digest(&SHA256, text.as_bytes());
    let start = digest.as_ref().iter().take(12);
    let digits: String = start.map(|byte| format!("{byte:02x}")).collect();
    format!("\"{digits}\"")
}

impl File {
    fn answer(&self, tag: &str, headers: &HeaderMap) -> Response {
        let known = headers.get_all(IF_NONE_MATCH).iter();
        let mut known = known.filter_map(|tags| tags.to_str().ok());
        let is_known = known.any(|tags| {
            let mut tags = tags.split(',').map(str::trim);
            tags.any(|known| known == "*" || known.trim_start_matches("W/") == tag)
        });
        // Asked for each time: after an upgrade nobody sees half of the page before.
        let kept = [(ETAG, tag), (CACHE_CONTROL, "no-cache")];
        match is_known {
            true => (StatusCode::NOT_MODIFIED, kept).into_response(),
            false => (kept, [(CONTENT_TYPE, self.kind)], POLICY, self.text).into_response(),
        }
    }
}
