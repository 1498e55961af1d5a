//! One request to an Alertmanager, and what it answered: within a time, without a proxy, without following it elsewhere,
//! and without reading more than a line's worth of what it says.

use super::error::Failure;
use crate::config::Alertmanager;
use crate::outgoing::{Tls, authorization};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, DATE, HOST, HeaderValue, USER_AGENT};
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// The most addresses of a name that are tried.
const MOST_ADDRESSES: usize = 8;

/// The most bytes of an answer's head.
const LONGEST_HEAD: usize = 32 << 10;

/// The most bytes that are read of what a refusal says.
const LONGEST_TEXT: usize = 512;

/// How the daemon calls itself.
const AGENT: &str = concat!("tcplull/", env!("CARGO_PKG_VERSION"));

/// What an Alertmanager said to a request.
#[derive(Debug)]
pub(super) enum Answer {
    /// It has taken all; with the time of its clock, where it tells.
    Taken(Option<SystemTime>),
    /// It has not taken one of them, or more.
    Refused {
        status: u16,
        /// What it says, as it came.
        text: String,
    },
}

/// Speaks to one Alertmanager.
#[derive(Debug)]
pub(super) struct Client {
    to: Alertmanager,
    tls: Arc<Mutex<Tls>>,
    open: Option<Open>,
}

/// What the files say, for one connection.
struct Known {
    tls: Option<Arc<rustls::ClientConfig>>,
    authorization: Option<HeaderValue>,
}

/// A connection that further requests may use, and who drives it.
#[derive(Debug)]
struct Open {
    sender: SendRequest<Full<Bytes>>,
    authorization: Option<HeaderValue>,
    driver: JoinHandle<()>,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl Client {
    pub(super) fn new(to: Alertmanager) -> Self {
        Self {
            to,
            tls: Arc::default(),
            open: None,
        }
    }

    /// Looks whether all that its files should hold is there.
    pub(super) fn check(&self) -> Result<(), Failure> {
        known(&self.to, &self.tls).map(|_| ())
    }

    /// Posts this list of alerts.
    pub(super) async fn post(&mut self, alerts: String) -> Result<Answer, Failure> {
        let within = self.to.timeout;
        let answer = timeout(within, self.post_without_bound(alerts)).await;
        let answer = answer.unwrap_or(Err(Failure::Timeout(within)));
        if !matches!(answer, Ok(Answer::Taken(_))) {
            self.close();
        }
        answer
    }

    /// Lets go of the connection: between two turns it would be silent for a minute.
    pub(super) fn close(&mut self) {
        self.open = None;
    }

    async fn post_without_bound(&mut self, alerts: String) -> Result<Answer, Failure> {
        let alerts = Bytes::from(alerts);
        // One that was kept may be closed by now.
        let kept = match &mut self.open {
            Some(open) => open.sender.ready().await.is_ok(),
            None => false,
        };
        let mut open = match self.open.take().filter(|_| kept) {
            Some(open) => open,
            None => self.connect().await?,
        };
        let request = self.request(alerts, open.authorization.clone())?;
        let response = open.sender.send_request(request).await;
        let response = response.map_err(|error| Failure::Answer(told(&error)))?;
        let empty = hyper::body::Body::is_end_stream(response.body());
        let answer = read(response).await?;
        if empty {
            self.open = Some(open);
        }
        Ok(answer)
    }

    fn request(
        &self,
        alerts: Bytes,
        authorization: Option<HeaderValue>,
    ) -> Result<Request<Full<Bytes>>, Failure> {
        let mut request = Request::post(self.to.url.path())
            .header(HOST, self.to.url.authority())
            .header(USER_AGENT, AGENT)
            .header(CONTENT_TYPE, "application/json");
        if let Some(value) = authorization {
            request = request.header(AUTHORIZATION, value);
        }
        request
            .body(Full::new(alerts))
            .map_err(|error| Failure::Answer(error.to_string()))
    }

    async fn connect(&self) -> Result<Open, Failure> {
        let (to, tls) = (self.to.clone(), Arc::clone(&self.tls));
        // A file may lie in a file system that hangs.
        let known = spawn_blocking(move || known(&to, &tls)).await;
        let known = known.map_err(|error| Failure::Connect(error.into()))??;
        let stream = self.stream().await?;
        stream.set_nodelay(true).map_err(Failure::Connect)?;
        match known.tls {
            None => open(stream, known.authorization).await,
            Some(config) => {
                let name = self.to.tls.server_name.as_deref();
                let name = ServerName::try_from(name.unwrap_or(self.to.url.host()).to_owned())
                    .map_err(|error| Failure::Tls(error.to_string()))?;
                let stream = TlsConnector::from(config).connect(name, stream).await;
                let stream = stream.map_err(|error| Failure::Tls(error.to_string()))?;
                open(stream, known.authorization).await
            }
        }
    }

    /// To the first of its addresses that takes the connection. One that does not answer takes half of the time that is
    /// left at the most.
    async fn stream(&self) -> Result<TcpStream, Failure> {
        let (host, port) = (self.to.url.host(), self.to.url.port());
        let addresses: Vec<SocketAddr> = match host.parse::<IpAddr>() {
            Ok(address) => vec![SocketAddr::new(address, port)],
            Err(_) => {
                let found = lookup_host((host, port)).await.map_err(Failure::Name)?;
                found.take(MOST_ADDRESSES).collect()
            }
        };
        let mut left = self.to.timeout;
        let mut last = Failure::Name(io::ErrorKind::NotFound.into());
        let count = addresses.len();
        for (number, address) in (1..).zip(addresses) {
            let share = if number == count { left } else { left / 2 };
            left = left.saturating_sub(share).max(Duration::from_millis(100));
            last = match timeout(share, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(error)) => Failure::Connect(error),
                Err(_) => Failure::Timeout(share),
            };
        }
        Err(last)
    }
}

fn known(to: &Alertmanager, tls: &Mutex<Tls>) -> Result<Known, Failure> {
    let mut tls = tls.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(Known {
        tls: match to.url.https() {
            true => Some(tls.current(&to.tls)?),
            false => None,
        },
        authorization: to.login.as_ref().map(authorization).transpose()?,
    })
}

async fn open(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    authorization: Option<HeaderValue>,
) -> Result<Open, Failure> {
    let (sender, connection) = http1::Builder::new()
        .max_buf_size(LONGEST_HEAD)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|error| Failure::Answer(told(&error)))?;
    let driver = tokio::spawn(async move {
        // What it fails with is told to who sends.
        let _ = connection.await;
    });
    Ok(Open {
        sender,
        authorization,
        driver,
    })
}

/// What the answer says, its text up to a bound, and that only where it is a refusal.
async fn read(response: Response<Incoming>) -> Result<Answer, Failure> {
    let status = response.status();
    let header = |name| {
        response
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
    };
    if status.is_success() {
        if header(CONTENT_TYPE).is_some_and(|kind| kind.starts_with("text/html")) {
            return Err(Failure::Page);
        }
        let time = header(DATE).and_then(|text| httpdate::parse_http_date(text).ok());
        return Ok(Answer::Taken(time));
    }
    let mut body = response.into_body();
    let mut text = Vec::new();
    while text.len() < LONGEST_TEXT
        && let Some(Ok(frame)) = body.frame().await
    {
        if let Ok(data) = frame.into_data() {
            let room = LONGEST_TEXT - text.len();
            text.extend_from_slice(data.get(..room).unwrap_or(&data));
        }
    }
    let text = String::from_utf8_lossy(&text).trim().to_owned();
    let status_code = status.as_u16();
    Err(match status {
        StatusCode::BAD_REQUEST
        | StatusCode::PAYLOAD_TOO_LARGE
        | StatusCode::UNPROCESSABLE_ENTITY => {
            return Ok(Answer::Refused {
                status: status_code,
                text,
            });
        }
        _ if status.is_redirection() => Failure::Status {
            status: status_code,
            text: "it leads elsewhere, which is not followed; write the URL that it leads to"
                .to_owned(),
        },
        _ => Failure::Status {
            status: status_code,
            text,
        },
    })
}

/// An error of the protocol with its cause.
fn told(error: &hyper::Error) -> String {
    match std::error::Error::source(error) {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}
