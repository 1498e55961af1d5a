//! Listening, and the life of each connection.

use super::counters::HttpCounters;
use super::error::HttpError;
use super::gate::Gate;
use super::hosts::AllowedHosts;
use super::pages::{HttpSource, routes};
use super::rooms::Place;
use hyper_util::rt::TokioIo;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinSet, yield_now};
use tokio::time::{sleep, timeout};

/// The longest head of a request, in bytes.
pub(super) const LONGEST_HEAD: usize = 16 * 1024;

/// Time for answers under way when the daemon stops.
const LAST_ANSWERS: Duration = Duration::from_secs(1);

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
