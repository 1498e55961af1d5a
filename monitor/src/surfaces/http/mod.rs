//! Landing page, metrics and health over HTTP. Whoever comes has a place at once, and what is slow gives way: see
//! [`rooms`]. Every request passes the [`gate`], whatever its route.

mod error;
mod gate;
mod hosts;
mod pages;
mod rooms;

#[cfg(test)]
mod tests;

pub use error::HttpError;
use gate::Gate;
pub use hosts::AllowedHosts;
use hyper_util::rt::TokioIo;
pub use pages::HttpSource;
use pages::routes;
use rooms::{Place, Rooms};
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinSet, yield_now};
use tokio::time::{sleep, timeout};

/// The longest head of a request, in bytes.
const LONGEST_HEAD: usize = 16 * 1024;

/// Time for answers under way when the daemon stops.
const LAST_ANSWERS: Duration = Duration::from_secs(1);

/// What the server counts.
#[derive(Debug, Default)]
pub struct HttpCounters {
    rooms: Rooms,
    hosts_refused: AtomicU64,
}

impl HttpCounters {
    /// Connections cut, by the room that they were in and why.
    pub fn cut(&self) -> impl Iterator<Item = ([&'static str; 2], u64)> {
        self.rooms.cut()
    }

    /// Requests for a name that this host is not known by.
    pub fn hosts_refused(&self) -> u64 {
        self.hosts_refused.load(Ordering::Relaxed)
    }
}

/// A listening HTTP server.
#[derive(Debug)]
pub struct HttpServer {
    listener: TcpListener,
    address: SocketAddr,
    hosts: AllowedHosts,
    counters: Arc<HttpCounters>,
}

impl HttpServer {
    /// Listens on `address`; port 0 takes a free one. It answers to this host's names, to addresses, and to `hosts`.
    ///
    /// # Errors
    /// Why that address and port cannot be had.
    pub async fn bind(address: SocketAddr, hosts: AllowedHosts) -> Result<Self, HttpError> {
        let failed = |source: io::Error| match source.kind() {
            io::ErrorKind::AddrInUse => HttpError::InUse { address },
            io::ErrorKind::AddrNotAvailable => HttpError::NoSuchAddress { address },
            io::ErrorKind::PermissionDenied => HttpError::Privileged { address },
            _ => HttpError::Other { address, source },
        };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Self {
            listener,
            address,
            hosts,
            counters: Arc::default(),
        })
    }

    /// The address it listens on, with the port really taken.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it counts.
    pub fn counters(&self) -> Arc<HttpCounters> {
        Arc::clone(&self.counters)
    }

    /// Serves until `shutdown` is over, then gives answers under way a second.
    pub async fn serve(self, source: Arc<dyn HttpSource>, shutdown: impl Future<Output = ()>) {
        let gate = Gate::new(routes(source), self.hosts, Arc::clone(&self.counters));
        let mut connections = JoinSet::new();
        let mut shutdown = pin!(shutdown);
        loop {
            tokio::select! {
                () = &mut shutdown => break,
                Some(_) = connections.join_next() => {}
                accepted = self.listener.accept() => match accepted {
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
        drop(self.listener);
        let finish = async { while connections.join_next().await.is_some() {} };
        // What is not done by then is cut off with the set.
        let _ = timeout(LAST_ANSWERS, finish).await;
    }
}

/// Answers one request and closes: no idle connection can hold a place.
async fn answer(stream: TcpStream, place: Place, gate: Gate) {
    let place = Arc::new(place);
    let connection = hyper::server::conn::http1::Builder::new()
        // The place has a bound on time.
        .header_read_timeout(None)
        .max_buf_size(LONGEST_HEAD)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), gate.of(Arc::clone(&place)));
    tokio::select! {
        served = connection => if let Err(error) = served {
            tracing::debug!("HTTP: {error}");
        },
        why = place.cut() => tracing::debug!("HTTP: a client was cut: {}", why.name()),
    }
}
