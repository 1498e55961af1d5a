//! What every request passes before its route is asked, also those of routes to come: to whom it is addressed, and the
//! room that its connection goes on to.

use super::counters::HttpCounters;
use super::hosts::{AllowedHosts, Refused};
use super::rooms::{Place, Room};
use axum::Router;
use axum::body::Body;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use hyper::Request;
use hyper::body::Incoming;
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How often a refused name is told in the log, at most.
const TOLD_EVERY: Duration = Duration::from_secs(60);

/// What the log shows of a refused name, in characters.
const LONGEST_TOLD: usize = 100;

/// The gate of one server.
#[derive(Clone, Debug)]
pub(super) struct Gate {
    routes: Router,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    hosts: AllowedHosts,
    counters: Arc<HttpCounters>,
    told: Mutex<Option<Instant>>,
}

/// The gate as one connection meets it.
#[derive(Debug)]
pub(super) struct Entrance {
    gate: Gate,
    place: Arc<Place>,
}

/// Where a request's connection goes on to.
fn room_of(path: &str) -> Room {
    match path {
        "/healthz" | "/readyz" => Room::Health,
        _ => Room::Pages,
    }
}

impl Gate {
    pub(super) fn new(routes: Router, hosts: AllowedHosts, counters: Arc<HttpCounters>) -> Self {
        let told = Mutex::default();
        let shared = Arc::new(Shared {
            hosts,
            counters,
            told,
        });
        Self { routes, shared }
    }

    /// For the connection that has this place.
    pub(super) fn of(self, place: Arc<Place>) -> Entrance {
        Entrance { gate: self, place }
    }
}

impl Service<Request<Incoming>> for Entrance {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        if let Err(refused) = self.gate.shared.hosts.check(&request) {
            let answer = self.gate.shared.refuse(&refused);
            return Box::pin(std::future::ready(Ok(answer)));
        }
        self.place.go_on(room_of(request.uri().path()));
        let routes = TowerToHyperService::new(self.gate.routes.clone());
        Box::pin(async move { routes.call(request).await })
    }
}

impl Shared {
    fn refuse(&self, refused: &Refused) -> Response<Body> {
        let code = match refused {
            Refused::Malformed => StatusCode::BAD_REQUEST,
            Refused::Foreign(name) => {
                self.counters.hosts_refused.fetch_add(1, Ordering::Relaxed);
                self.tell(name);
                StatusCode::MISDIRECTED_REQUEST
            }
        };
        (code, format!("{refused}\n")).into_response()
    }

    /// Says in the log how to allow a name: who scrapes sees only a number.
    fn tell(&self, name: &str) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.is_some_and(|told| told.elapsed() < TOLD_EVERY) {
            return;
        }
        *told = Some(Instant::now());
        let name: String = name.chars().take(LONGEST_TOLD).collect();
        tracing::warn!(
            "HTTP: refused a request for {name:?}, which this host is not known by: if it is one of its names, add it to \
             allowed_hosts in the configuration"
        );
    }
}
