//! Landing page, metrics and health over HTTP.

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// Connections served at once; more wait in the listener's backlog.
const MOST_CONNECTIONS: usize = 64;

/// Time for a client to send its request's head.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// Time for a whole connection: one request and its answer.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(30);

/// The longest head of a request, in bytes.
const LONGEST_HEAD: usize = 16 * 1024;

/// Time for answers under way when the daemon stops.
const LAST_ANSWERS: Duration = Duration::from_secs(1);

/// What the pages show, asked for at each request.
pub trait HttpSource: Send + Sync + 'static {
    /// The metrics in Prometheus' text format.
    ///
    /// # Errors
    /// Why there are none, in one line.
    fn metrics(&self) -> Result<String, String>;

    /// Whether the daemon is attached and sweeping.
    ///
    /// # Errors
    /// Why it is not, in one line.
    fn ready(&self) -> Result<(), String>;
}

/// Why the pages cannot be served.
#[derive(Debug, Error)]
pub enum HttpError {
    /// The port is taken.
    #[error(
        "another program listens on {address}: stop it, or give this one --listen with another port"
    )]
    InUse {
        /// The address and port that were asked for.
        address: SocketAddr,
    },
    /// The address is none of this host's.
    #[error("no interface of this host has the address {}: give one that it has with --listen", address.ip())]
    NoSuchAddress {
        /// The address and port that were asked for.
        address: SocketAddr,
    },
    /// The port is kept for privileged programs.
    #[error("this user may not listen on port {}: give a port from 1024 on with --listen", address.port())]
    Privileged {
        /// The address and port that were asked for.
        address: SocketAddr,
    },
    /// Anything else.
    #[error("cannot listen on {address}: {source}; give another address with --listen")]
    Other {
        /// The address and port that were asked for.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
}

/// A listening HTTP server.
#[derive(Debug)]
pub struct HttpServer {
    listener: TcpListener,
    address: SocketAddr,
}

impl HttpServer {
    /// Listens on `address`; port 0 takes a free one.
    ///
    /// # Errors
    /// Why that address and port cannot be had.
    pub async fn bind(address: SocketAddr) -> Result<Self, HttpError> {
        let failed = |source: io::Error| match source.kind() {
            io::ErrorKind::AddrInUse => HttpError::InUse { address },
            io::ErrorKind::AddrNotAvailable => HttpError::NoSuchAddress { address },
            io::ErrorKind::PermissionDenied => HttpError::Privileged { address },
            _ => HttpError::Other { address, source },
        };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Self { listener, address })
    }

    /// The address it listens on, with the port really taken.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `shutdown` is over, then gives answers under way a second.
    pub async fn serve(self, source: Arc<dyn HttpSource>, shutdown: impl Future<Output = ()>) {
        let routes = routes(source);
        let permits = Arc::new(Semaphore::new(MOST_CONNECTIONS));
        let mut connections = JoinSet::new();
        tokio::pin!(shutdown);
        loop {
            let accept = async {
                let permit = Arc::clone(&permits).acquire_owned().await;
                (self.listener.accept().await, permit)
            };
            tokio::select! {
                () = &mut shutdown => break,
                Some(_) = connections.join_next() => {}
                (accepted, permit) = accept => match accepted {
                    Ok((stream, _)) => {
                        let routes = routes.clone();
                        connections.spawn(async move {
                            let _permit = permit;
                            answer(stream, routes).await;
                        });
                    }
                    Err(error) => {
                        tracing::warn!("HTTP: cannot accept a connection: {error}");
                        // Out of descriptors, most likely: trying at once would only spin.
                        sleep(Duration::from_millis(100)).await;
                    }
                },
            }
        }
        drop(self.listener);
        let finish = async { while connections.join_next().await.is_some() {} };
        // What is not done by then is cut off with the set.
        let _ = timeout(LAST_ANSWERS, finish).await;
    }
}

/// Answers one request and closes: no idle connection can hold a place.
async fn answer(stream: TcpStream, routes: Router) {
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(LONGEST_HEAD)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(routes));
    match timeout(CONNECTION_TIMEOUT, connection).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!("HTTP: {error}"),
        Err(_) => tracing::debug!("HTTP: a client took too long"),
    }
}

fn routes(source: Arc<dyn HttpSource>) -> Router {
    Router::new()
        .route("/", get(landing))
        .route("/metrics", get(metrics))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .fallback(|| async { (StatusCode::NOT_FOUND, "not found: / lists what is here\n") })
        .with_state(source)
}

async fn landing() -> Html<&'static str> {
    Html(concat!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>tcplull</title></head>\n",
        "<body>\n<h1>tcplull ",
        env!("CARGO_PKG_VERSION"),
        "</h1>\n",
        "<p>Watches this host's TCP connections and says when silence has outlived a middlebox's idle timeout.</p>\n",
        "<ul>\n",
        "<li><a href=\"/metrics\">/metrics</a>: for Prometheus</li>\n",
        "<li><a href=\"/healthz\">/healthz</a>: alive</li>\n",
        "<li><a href=\"/readyz\">/readyz</a>: attached to the kernel and sweeping</li>\n",
        "</ul>\n</body>\n</html>\n",
    ))
}

async fn metrics(State(source): State<Arc<dyn HttpSource>>) -> Response {
    match source.metrics() {
        Ok(text) => ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response(),
        Err(reason) => (StatusCode::INTERNAL_SERVER_ERROR, reason + "\n").into_response(),
    }
}

async fn ready(State(source): State<Arc<dyn HttpSource>>) -> Response {
    match source.ready() {
        Ok(()) => "ready\n".into_response(),
        Err(reason) => (StatusCode::SERVICE_UNAVAILABLE, reason + "\n").into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, Ordering};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::sync::oneshot;
    use tokio::task::JoinHandle;

    #[derive(Default)]
    struct Daemon {
        sweeping: AtomicBool,
    }

    impl HttpSource for Daemon {
        fn metrics(&self) -> Result<String, String> {
            Ok("# metrics\n".to_owned())
        }

        fn ready(&self) -> Result<(), String> {
            if self.sweeping.load(Ordering::Relaxed) {
                Ok(())
            } else {
                Err("no sweep has completed yet".to_owned())
            }
        }
    }

    struct Running {
        address: SocketAddr,
        stop: oneshot::Sender<()>,
        server: JoinHandle<()>,
    }

    async fn start(daemon: Arc<Daemon>) -> Running {
        let server = HttpServer::bind("127.0.0.1:0".parse().unwrap())
            .await
            .unwrap();
        let address = server.address();
        let (stop, stopped) = oneshot::channel::<()>();
        let server = tokio::spawn(server.serve(daemon, async {
            let _ = stopped.await;
        }));
        Running {
            address,
            stop,
            server,
        }
    }

    /// The whole answer to `request`, head and body.
    async fn ask(address: SocketAddr, request: &str) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    async fn get(address: SocketAddr, path: &str) -> String {
        ask(
            address,
            &format!("GET {path} HTTP/1.1\r\nHost: here\r\n\r\n"),
        )
        .await
    }

    #[tokio::test]
    async fn every_page_answers() {
        let running = start(Arc::default()).await;
        let landing = get(running.address, "/").await;
        assert!(landing.starts_with("HTTP/1.1 200"), "{landing}");
        for part in ["/metrics", "/healthz", "/readyz", env!("CARGO_PKG_VERSION")] {
            assert!(landing.contains(part), "{landing}");
        }
        let metrics = get(running.address, "/metrics").await;
        assert!(metrics.starts_with("HTTP/1.1 200"), "{metrics}");
        assert!(
            metrics.contains("content-type: text/plain; version=0.0.4"),
            "{metrics}"
        );
        assert!(metrics.ends_with("\r\n\r\n# metrics\n"), "{metrics}");
        let health = get(running.address, "/healthz").await;
        assert!(
            health.starts_with("HTTP/1.1 200") && health.ends_with("ok\n"),
            "{health}"
        );
        let missing = get(running.address, "/nothing").await;
        assert!(missing.starts_with("HTTP/1.1 404"), "{missing}");
        let posted = ask(
            running.address,
            "POST /metrics HTTP/1.1\r\nHost: here\r\nContent-Length: 0\r\n\r\n",
        )
        .await;
        assert!(posted.starts_with("HTTP/1.1 405"), "{posted}");
    }

    #[tokio::test]
    async fn ready_only_while_sweeping_and_otherwise_with_the_reason() {
        let daemon = Arc::new(Daemon::default());
        let running = start(Arc::clone(&daemon)).await;
        let not_ready = get(running.address, "/readyz").await;
        assert!(not_ready.starts_with("HTTP/1.1 503"), "{not_ready}");
        assert!(
            not_ready.ends_with("no sweep has completed yet\n"),
            "{not_ready}"
        );
        daemon.sweeping.store(true, Ordering::Relaxed);
        let ready = get(running.address, "/readyz").await;
        assert!(ready.starts_with("HTTP/1.1 200"), "{ready}");
    }

    #[tokio::test]
    async fn rubbish_and_endless_heads_are_turned_away_and_the_next_request_served() {
        let running = start(Arc::default()).await;
        let rubbish = ask(running.address, "\u{1}\u{2}\r\n\r\n").await;
        assert!(rubbish.starts_with("HTTP/1.1 400"), "{rubbish}");
        let mut stream = TcpStream::connect(running.address).await.unwrap();
        let long = format!("GET /{} HTTP/1.1\r\n", "a".repeat(2 * LONGEST_HEAD));
        // The server may have closed before it took all; that is what is wanted.
        let _ = stream.write_all(long.as_bytes()).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        assert!(!answer.starts_with(b"HTTP/1.1 200"));
        assert!(get(running.address, "/healthz").await.ends_with("ok\n"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_never_asks_is_dropped() {
        let running = start(Arc::default()).await;
        let mut silent = TcpStream::connect(running.address).await.unwrap();
        silent.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
        let mut answer = Vec::new();
        silent.read_to_end(&mut answer).await.unwrap();
        assert!(!answer.starts_with(b"HTTP/1.1 200"));
    }

    #[tokio::test(start_paused = true)]
    async fn more_clients_than_places_wait_for_their_turn() {
        let running = start(Arc::default()).await;
        let mut idle = Vec::new();
        for _ in 0..MOST_CONNECTIONS {
            idle.push(TcpStream::connect(running.address).await.unwrap());
        }
        // The clock stands still until nothing else can happen.
        let waits = timeout(HEAD_TIMEOUT / 2, get(running.address, "/healthz")).await;
        assert!(waits.is_err(), "no place is free: {waits:?}");
        idle.pop();
        assert!(get(running.address, "/healthz").await.ends_with("ok\n"));
    }

    #[tokio::test]
    async fn it_stops_when_told() {
        let running = start(Arc::default()).await;
        running.stop.send(()).unwrap();
        running.server.await.unwrap();
        assert!(TcpStream::connect(running.address).await.is_err());
    }

    #[tokio::test]
    async fn a_taken_port_is_named_with_the_remedy() {
        let first = HttpServer::bind("127.0.0.1:0".parse().unwrap())
            .await
            .unwrap();
        let message = HttpServer::bind(first.address())
            .await
            .unwrap_err()
            .to_string();
        assert!(message.contains(&first.address().to_string()), "{message}");
        assert!(message.contains("--listen"), "{message}");
        let foreign = HttpServer::bind("192.0.2.1:0".parse().unwrap())
            .await
            .unwrap_err();
        assert!(
            matches!(foreign, HttpError::NoSuchAddress { .. }),
            "{foreign}"
        );
    }
}
