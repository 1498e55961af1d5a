//! What every request passes before its route is asked, also those of routes to come: to whom it is addressed, the room
//! that its connection goes on to, and what the web configuration asks of it.

use super::certificate::Certificate;
use super::counters::{HttpCounters, Refusal};
use super::hosts::{AllowedHosts, Refused};
use super::rooms::{Place, Room};
use super::web::{Settings, Tls, WebConfig};
use crate::surfaces::api::{Known, is_health, lasts};
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use hyper::Request;
use hyper::body::Incoming;
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use std::convert::Infallible;
use std::fmt::Display;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How often what was refused is told in the log, at most.
const TOLD_EVERY: Duration = Duration::from_secs(60);

/// What the log shows of a refused name, in characters.
const LONGEST_TOLD: usize = 100;

/// The gate of one server.
#[derive(Clone)]
pub(super) struct Gate {
    routes: Router,
    shared: Arc<Shared>,
}

struct Shared {
    hosts: AllowedHosts,
    counters: Arc<HttpCounters>,
    web: Option<WebConfig>,
    open_health: bool,
    told: Told,
    told_tls: Told,
}

/// The gate as one connection meets it.
pub(super) struct Entrance {
    gate: Gate,
    place: Arc<Place>,
    certificate: Certificate,
}

/// Where a request's connection goes on to.
fn room_of(path: &str) -> Room {
    match path {
        path if is_health(path) => Room::Health,
        path if lasts(path) => Room::Streams,
        _ => Room::Pages,
    }
}

impl Gate {
    /// Where health is open, who asks for it needs nothing of what the web configuration asks for.
    pub(super) fn new(
        routes: Router,
        hosts: AllowedHosts,
        counters: Arc<HttpCounters>,
        web: Option<WebConfig>,
        open_health: bool,
    ) -> Self {
        let shared = Shared {
            hosts,
            counters,
            web,
            open_health,
            told: Told::default(),
            told_tls: Told::default(),
        };
        Self {
            routes,
            shared: Arc::new(shared),
        }
    }

    /// For the connection that has this place.
    pub(super) fn of(self, place: Arc<Place>, certificate: Certificate) -> Entrance {
        Entrance {
            gate: self,
            place,
            certificate,
        }
    }

    /// Whether TLS is spoken here.
    pub(super) fn is_tls(&self) -> bool {
        self.shared.web.as_ref().is_some_and(WebConfig::is_tls)
    }

    /// How it is spoken now.
    pub(super) async fn tls(&self) -> Option<Tls> {
        self.shared.web.as_ref()?.now().await.tls
    }

    pub(super) fn refuse(&self, why: Refusal) {
        self.shared.counters.refuse(why);
    }

    /// Says in the log why a handshake failed.
    pub(super) fn tell_tls(&self, error: &dyn Display) {
        if self.shared.told_tls.is_due() {
            tracing::warn!("HTTP: a TLS handshake failed: {error}");
        }
    }
}

impl Entrance {
    /// The place of its connection.
    pub(super) fn place(&self) -> Arc<Place> {
        Arc::clone(&self.place)
    }
}

impl Service<Request<Incoming>> for Entrance {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        let shared = &self.gate.shared;
        if let Err(refused) = shared.hosts.check(&request) {
            let answer = shared.refuse(&refused);
            return Box::pin(std::future::ready(Ok(answer)));
        }
        let path = request.uri().path();
        self.place.go_on(room_of(path));
        let is_open = shared.open_health && is_health(path);
        let certificate = self.certificate;
        let gate = self.gate.clone();
        let routes = TowerToHyperService::new(self.gate.routes.clone());
        Box::pin(async move {
            let Some(web) = &gate.shared.web else {
                return routes.call(request).await;
            };
            let settings = web.now().await.settings;
            let mut answer = match &settings {
                _ if is_open => routes.call(request).await?,
                None => gate.shared.turn_away(Refusal::Config),
                Some(settings) => {
                    let authorization = request.headers().get(header::AUTHORIZATION);
                    let admits = web.admits(settings, authorization, certificate);
                    match admits.await {
                        Ok(known) => {
                            if let Some(known) = known {
                                request.extensions_mut().insert(known);
                            }
                            routes.call(request).await?
                        }
                        Err(refusal) => gate.shared.turn_away(refusal),
                    }
                }
            };
            if let Some(settings) = &settings {
                let headers = answer.headers_mut();
                for (name, value) in &settings.headers {
                    headers.insert(name, value.clone());
                }
            }
            Ok(answer)
        })
    }
}

impl WebConfig {
    /// Whether a request is answered, and whether its sender has shown who it is.
    async fn admits(
        &self,
        settings: &Settings,
        authorization: Option<&HeaderValue>,
        certificate: Certificate,
    ) -> Result<Option<Known>, Refusal> {
        if !self.has_room() {
            return Err(Refusal::Rate);
        }
        if certificate == Certificate::Missing {
            return Err(Refusal::Certificate);
        }
        let users = &settings.users;
        if users.is_empty() {
            return Ok((certificate == Certificate::Proves).then_some(Known));
        }
        match self.doorkeeper.admits(users, authorization).await {
            true => Ok(Some(Known)),
            false => Err(Refusal::Auth),
        }
    }
}

impl Shared {
    fn refuse(&self, refused: &Refused) -> Response<Body> {
        let code = match refused {
            Refused::Malformed => {
                self.counters.refuse(Refusal::Malformed);
                StatusCode::BAD_REQUEST
            }
            Refused::Foreign(name) => {
                self.counters.refuse(Refusal::Host);
                self.tell(name);
                StatusCode::MISDIRECTED_REQUEST
            }
        };
        (code, format!("{refused}\n")).into_response()
    }

    /// By the web configuration.
    fn turn_away(&self, refusal: Refusal) -> Response<Body> {
        self.counters.refuse(refusal);
        match refusal {
            Refusal::Rate => (StatusCode::TOO_MANY_REQUESTS, "too many requests\n").into_response(),
            Refusal::Certificate => {
                let text =
                    "this page takes a client certificate: give one that client_ca has signed\n";
                (StatusCode::FORBIDDEN, text).into_response()
            }
            Refusal::Auth => {
                let basic = [(header::WWW_AUTHENTICATE, "Basic")];
                (StatusCode::UNAUTHORIZED, basic, "unauthorized\n").into_response()
            }
            Refusal::Config | Refusal::Tls | Refusal::Malformed | Refusal::Host => {
                let text = "the web configuration is bad: the log of tcplull says why\n";
                (StatusCode::INTERNAL_SERVER_ERROR, text).into_response()
            }
        }
    }

    /// Says in the log how to allow a name: who scrapes sees only a number.
    fn tell(&self, name: &str) {
        if !self.told.is_due() {
            return;
        }
        let name: String = name.chars().take(LONGEST_TOLD).collect();
        tracing::warn!(
            "HTTP: refused a request for {name:?}, which this host is not known by: if it is one of its names, add it to \
             allowed_hosts in the configuration"
        );
    }
}

/// When something was told last.
#[derive(Debug, Default)]
struct Told(Mutex<Option<Instant>>);

impl Told {
    /// Whether it is time to tell again; who asks does.
    fn is_due(&self) -> bool {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let due = told.is_none_or(|told| told.elapsed() >= TOLD_EVERY);
        if due {
            *told = Some(Instant::now());
        }
        due
    }
}
