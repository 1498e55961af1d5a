//! The way to a daemon: its socket, or TCP and TLS.

use super::error::ClientError;
use super::host::{Host, Server};
use super::inside::Inside;
use crate::outgoing::{Tls, authorization};
use hyper::header::HeaderValue;
use rustls::pki_types::ServerName;
use std::io;
use std::path::Path;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// The most addresses of a name that are tried.
const MOST_ADDRESSES: usize = 8;

/// How long an address may take to take the connection.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);

/// A connection, and who is at its other end as far as that is known.
pub(super) struct Connected {
    pub(super) stream: Box<dyn Stream>,
    pub(super) who: String,
    /// What a request says whom it is for.
    pub(super) authority: String,
    /// The path below which the API lies.
    pub(super) below: String,
    /// What says who asks.
    pub(super) authorization: Option<HeaderValue>,
}

pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Connects to a daemon.
///
/// # Errors
/// Nobody there, or no way to it.
pub(super) async fn connect(host: &Host) -> Result<Connected, ClientError> {
    match host {
        Host::Socket(path) => to_socket(path).await,
        Host::Server(server) => to_server(host, server).await,
        Host::Inside(inside) => Ok(to_inside(inside)),
    }
}

fn to_inside(inside: &Inside) -> Connected {
    Connected {
        stream: Box::new(inside.connect()),
        who: inside.to_string(),
        authority: "localhost".to_owned(),
        below: String::new(),
        authorization: None,
    }
}

/// Whether nobody listens on a socket; what else is wrong with it, asking tells.
pub(super) async fn is_vacant(path: &Path) -> bool {
    let asked = to_socket(path).await;
    matches!(asked, Err(ClientError::NobodyAnswers { .. }))
}

async fn to_socket(path: &Path) -> Result<Connected, ClientError> {
    let stream = UnixStream::connect(path).await.map_err(|source| {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => {
                ClientError::NobodyAnswers { path }
            }
            io::ErrorKind::PermissionDenied => ClientError::NotAllowed { path },
            _ => ClientError::Connect { path, source },
        }
    })?;
    let who = match stream.peer_cred().ok().and_then(|peer| peer.pid()) {
        Some(process) => format!("process {process}"),
        None => "the process on the socket".to_owned(),
    };
    Ok(Connected {
        stream: Box::new(stream),
        who,
        authority: "localhost".to_owned(),
        below: String::new(),
        authorization: None,
    })
}

async fn to_server(host: &Host, server: &Server) -> Result<Connected, ClientError> {
    let Server { url, tls, login } = server;
    let known = login.as_ref().map(authorization).transpose();
    let authorization = known.map_err(|error| ClientError::Files(error.into()))?;
    let config = match url.https() {
        true => Some(Tls::default().current(tls)?),
        false => None,
    };
    let stream = reach(url.host(), url.port()).await;
    let stream = stream.map_err(|source| ClientError::Unreachable {
        host: host.clone(),
        source,
    })?;
    let stream: Box<dyn Stream> = match config {
        None => Box::new(stream),
        Some(config) => {
            let failed = |reason: String| ClientError::Tls {
                host: host.clone(),
                reason,
            };
            let name = ServerName::try_from(url.host().to_owned());
            let name = name.map_err(|error| failed(error.to_string()))?;
            let stream = TlsConnector::from(config).connect(name, stream).await;
            Box::new(stream.map_err(|error| failed(error.to_string()))?)
        }
    };
    Ok(Connected {
        stream,
        who: host.to_string(),
        authority: url.authority(),
        below: url.below().to_owned(),
        authorization,
    })
}

/// To the first of its addresses that takes the connection.
async fn reach(host: &str, port: u16) -> io::Result<TcpStream> {
    let mut last = io::ErrorKind::NotFound.into();
    for address in lookup_host((host, port)).await?.take(MOST_ADDRESSES) {
        last = match timeout(CONNECT_WITHIN, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => error,
            Err(_) => io::ErrorKind::TimedOut.into(),
        };
    }
    Err(last)
}
