//! Listening, and the life of each connection.

use super::certificate::Certificate;
use super::counters::HttpCounters;
use super::error::HttpError;
use super::gate::{Entrance, Gate};
use super::handshake::{Secured, shake_hands};
use super::hosts::AllowedHosts;
use super::listener::Listeners;
use super::rooms::Place;
use super::web::WebConfig;
use crate::surfaces::api::{Api, Ending, Offer, serve};
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet, yield_now};
use tokio::time::{sleep, timeout};

/// Time for answers under way when the daemon stops.
const LAST_ANSWERS: Duration = Duration::from_secs(1);

/// What is served, where and to whom.
pub struct HttpOptions {
    /// Where to listen, at least one; port 0 takes a free one.
    pub addresses: Vec<SocketAddr>,
    /// The further names that it answers to, besides addresses and this host's own.
    pub hosts: AllowedHosts,
    /// Where the metrics are; a path that nothing else has.
    pub telemetry_path: String,
    /// What TLS it speaks, and who may ask; `None` for plain HTTP and anybody.
    pub web: Option<WebConfig>,
    /// Whether anybody may ask for health, also where `web` asks for certificates or passwords.
    pub open_health: bool,
    /// Whether the whole API is served.
    pub api: bool,
    /// Whether all who come may be told addresses, whoever they are.
    pub known: bool,
}

impl HttpOptions {
    /// Plain HTTP for anybody on `address`.
    pub fn plain(address: SocketAddr, hosts: AllowedHosts) -> Self {
        Self {
            addresses: vec![address],
            hosts,
            telemetry_path: "/metrics".to_owned(),
            web: None,
            open_health: true,
            api: false,
            known: false,
        }
    }
}

/// A listening HTTP server.
pub struct HttpServer {
    listeners: Listeners,
    options: HttpOptions,
    counters: Arc<HttpCounters>,
}

impl HttpServer {
    /// Listens.
    ///
    /// # Errors
    /// Why an address and port cannot be had.
    pub fn bind(options: HttpOptions) -> Result<Self, HttpError> {
        Ok(Self {
            listeners: Listeners::bind(&options.addresses)?,
            options,
            counters: Arc::default(),
        })
    }

    /// The addresses it listens on, with the ports really taken.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.listeners.addresses()
    }

    /// Where the metrics are, for people.
    pub fn telemetry(&self) -> String {
        let scheme = if self.is_tls() { "https" } else { "http" };
        let path = &self.options.telemetry_path;
        let addresses = self.addresses();
        let all = addresses.iter();
        let all: Vec<String> = all.map(|one| format!("{scheme}://{one}{path}")).collect();
        all.join(" and ")
    }

    /// What it counts.
    pub fn counters(&self) -> Arc<HttpCounters> {
        Arc::clone(&self.counters)
    }

    /// Serves until `shutdown` is over. Where TLS is spoken, that is on a thread of its own: a handshake costs up to
    /// milliseconds, and nothing else of the daemon is to wait for those of strangers.
    pub fn start(
        self,
        api: Api,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> JoinHandle<()> {
        if !self.is_tls() {
            return tokio::spawn(self.serve(api, shutdown));
        }
        tokio::task::spawn_blocking(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            let served = runtime.and_then(|runtime| {
                let served = runtime.block_on(async {
                    let listeners = self.listeners.taken_over()?;
                    Self { listeners, ..self }.serve(api, shutdown).await;
                    Ok(())
                });
                // A file that hangs, or a password that takes long, holds up no end.
                runtime.shutdown_background();
                served
            });
            if let Err(error) = served {
                tracing::error!(
                    "HTTP: cannot serve on a thread of its own: {error}; restart to serve again"
                );
            }
        })
    }

    fn is_tls(&self) -> bool {
        self.options.web.as_ref().is_some_and(WebConfig::is_tls)
    }

    /// Serves until `shutdown` is over, then gives answers under way a second.
    pub async fn serve(self, api: Api, shutdown: impl Future<Output = ()>) {
        let HttpOptions {
            hosts,
            telemetry_path,
            web,
            open_health,
            api: whole,
            known,
            ..
        } = self.options;
        let (going, ended) = watch::channel(());
        let offer = Offer {
            telemetry_path,
            whole,
            known,
        };
        let routes = api.routes(offer, ended);
        let counters = Arc::clone(&self.counters);
        let gate = Gate::new(routes, hosts, counters, web, open_health);
        let mut listeners = self.listeners;
        let mut connections = JoinSet::new();
        let mut shutdown = pin!(shutdown);
        loop {
            tokio::select! {
                () = &mut shutdown => break,
                Some(_) = connections.join_next() => {}
                accepted = listeners.accept() => match accepted {
                    Ok((stream, peer)) => {
                        let place = self.counters.rooms.enter(peer.ip());
                        connections.spawn(answer(stream, place, gate.clone()));
                        // What it has sent is read before the next one comes, which may need its place.
                        yield_now().await;
                    }
                    Err(error) => {
                        tracing::warn!("HTTP: cannot accept a connection: {error}");
                        // Out of descriptors, most likely: trying at once would only spin.
                        sleep(Duration::from_millis(100)).await;
                    }
                },
            }
        }
        drop((listeners, going));
        let finish = async { while connections.join_next().await.is_some() {} };
        // What is not done by then is cut off with the set.
        let _ = timeout(LAST_ANSWERS, finish).await;
    }
}

/// Answers one request and closes: no idle connection can hold a place.
async fn answer(stream: TcpStream, place: Place, gate: Gate) {
    let place = Arc::new(place);
    tokio::select! {
        () = shake_and_serve(stream, Arc::clone(&place), gate) => {}
        why = place.cut() => tracing::debug!("HTTP: a client was cut: {}", why.name()),
    }
}

async fn shake_and_serve(stream: TcpStream, place: Arc<Place>, gate: Gate) {
    if !gate.is_tls() {
        return answer_by(stream, gate.of(place, Certificate::Idle)).await;
    }
    let secured = shake_hands(stream, &gate).await;
    if let Some(Secured {
        stream,
        certificate,
    }) = secured
    {
        answer_by(stream, gate.of(place, certificate)).await;
    }
}

async fn answer_by(stream: impl AsyncRead + AsyncWrite + Unpin, entrance: Entrance) {
    let place = entrance.place();
    // Until its request is there, the place has a bound on time.
    if serve(stream, entrance, None).await == Ending::Slow {
        place.takes_nothing();
    }
}
