//! The side that answers.

use super::error::InspectError;
use super::socket::{Place, SocketFile, take_place};
use crate::config::SocketGroup;
use crate::surfaces::api::{Api, ApiCounters, Ending, Offer, Peer, error_answer, serve};
use axum::{Extension, Router};
use hyper_util::service::TowerToHyperService;
use std::fs;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// Clients served at once.
const MOST_CLIENTS: usize = 64;

/// Clients at once that are turned away as politely as can be.
const MOST_REFUSALS: usize = 64;

/// Time for a client to send its request.
const REQUEST_WITHIN: Duration = Duration::from_secs(10);

/// Time for a client that is turned away to send what nobody reads.
const REFUSED_WITHIN: Duration = Duration::from_secs(1);

/// Time for answers under way when the daemon stops.
const LAST_ANSWERS: Duration = Duration::from_secs(1);

/// The daemon's side of live inspection. Its socket goes with it.
#[derive(Debug)]
pub struct InspectServer {
    listener: UnixListener,
    // After the listener: while it listens, the place is ours.
    _file: SocketFile,
}

impl InspectServer {
    /// Listens on `path`, for this user alone (mode 0600), or also for a group (0660); its directory is made with 0755
    /// where it is missing. Call it inside a Tokio runtime.
    ///
    /// # Errors
    /// Another daemon on the same path, a group that is not there, and whatever keeps the socket from being made.
    pub fn bind(path: &Path, group: Option<&SocketGroup>) -> Result<Self, InspectError> {
        let Place { listener, file } = take_place(path)?;
        if let Some(group) = group {
            file.open_to(group)?;
        }
        let listener = UnixListener::from_std(listener.into());
        Ok(Self {
            listener: listener.map_err(|error| InspectError::other(path, error))?,
            _file: file,
        })
    }

    /// Serves until `shutdown` is over; then every client's stream ends.
    pub async fn serve(self, api: Api, shutdown: impl Future<Output = ()>) {
        let (going, ended) = watch::channel(());
        let offer = Offer {
            telemetry_path: "/metrics".to_owned(),
            whole: true,
            // Whoever may open the socket may know all.
            known: true,
        };
        let routes = api.routes(offer, ended);
        let counters = api.counters();
        let mut clients = JoinSet::new();
        let mut refusals = JoinSet::new();
        let mut shutdown = pin!(shutdown);
        loop {
            tokio::select! {
                () = &mut shutdown => break,
                Some(_) = clients.join_next() => {}
                Some(_) = refusals.join_next() => {}
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, _)) if clients.len() >= MOST_CLIENTS => {
                        counters.refused.fetch_add(1, Ordering::Relaxed);
                        if refusals.len() < MOST_REFUSALS {
                            refusals.spawn(refuse(stream));
                        }
                    }
                    Ok((stream, _)) => {
                        let here = Here::new(Arc::clone(counters));
                        clients.spawn(answer(stream, routes.clone(), here));
                    }
                    Err(error) => {
                        tracing::warn!("inspection: cannot accept a client: {error}");
                        // Out of descriptors, most likely: trying at once would only spin.
                        sleep(Duration::from_millis(100)).await;
                    }
                },
            }
        }
        drop(going);
        let finish = async { while clients.join_next().await.is_some() {} };
        // What is not done by then is cut off with the set.
        let _ = timeout(LAST_ANSWERS, finish).await;
    }
}

/// Says why. First what the client sends is read, as far as it has come: closed before, it would lose the answer.
async fn refuse(mut stream: UnixStream) {
    let reason = format!("{MOST_CLIENTS} clients are served already: end one of them");
    let answer = error_answer("503 Service Unavailable", reason);
    let _ = timeout(REFUSED_WITHIN, stream.read(&mut [0; 4096])).await;
    // A fresh socket's buffer takes it, and a client that went needs no reason.
    let _ = timeout(REFUSED_WITHIN, stream.write_all(answer.as_bytes())).await;
}

async fn answer(stream: UnixStream, routes: Router, here: Here) {
    let routes = match peer(&stream) {
        Some(peer) => routes.layer(Extension(peer)),
        None => routes,
    };
    let service = TowerToHyperService::new(routes);
    if serve(stream, service, Some(REQUEST_WITHIN)).await == Ending::Slow {
        here.counters.cut.fetch_add(1, Ordering::Relaxed);
    }
}

/// Who is at the other end, as the kernel says.
fn peer(stream: &UnixStream) -> Option<Peer> {
    let peer = stream.peer_cred().ok()?;
    let login = peer
        .pid()
        .and_then(|pid| fs::read_to_string(format!("/proc/{pid}/loginuid")).ok());
    let login = login.and_then(|text| text.trim().parse().ok());
    Some(Peer {
        uid: peer.uid(),
        // The kernel's word for nobody.
        login_uid: login.filter(|uid| *uid != u32::MAX),
    })
}

/// A client, as long as it is there.
struct Here {
    counters: Arc<ApiCounters>,
}

impl Here {
    fn new(counters: Arc<ApiCounters>) -> Self {
        counters.clients.fetch_add(1, Ordering::Relaxed);
        Self { counters }
    }
}

impl Drop for Here {
    fn drop(&mut self) {
        self.counters.clients.fetch_sub(1, Ordering::Relaxed);
    }
}
