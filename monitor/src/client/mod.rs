//! Asking a running daemon by its API, line by line.

mod connect;
mod error;
mod host;
mod inside;
mod lines;

#[cfg(test)]
mod tests;

use crate::surfaces::api::{NOT_FOUND, VERSION_HEADER};
use connect::Connected;
use error::ANSWER_WITHIN;
pub use error::ClientError;
pub use host::{Host, Server};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::header::{ACCEPT, AUTHORIZATION, HOST, HeaderValue, USER_AGENT};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
pub use inside::Inside;
use lines::{Lines, Read};
use monitor_model::api::ApiError;
use monitor_model::finding::Lagged;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::de::DeserializeOwned;
use std::path::Path;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// The most bytes of an answer's head.
const LONGEST_HEAD: usize = 64 << 10;

/// Lines of JSON.
const LINES: &str = "application/x-ndjson";

/// How a command calls itself.
const AGENT: &str = concat!("tcplull/", env!("CARGO_PKG_VERSION"));

/// Whether nobody listens on a daemon's socket. Where somebody does, or who may not be asked, asking tells the rest.
pub async fn is_vacant(socket: &Path) -> bool {
    connect::is_vacant(socket).await
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Path and query: `/api/v1/alerts`.
    pub path: String,
    /// Whether the next line may take for ever.
    pub waits: bool,
    /// What is told there, as JSON; `None` where something is asked.
    pub tells: Option<String>,
}

impl Question {
    /// A list, which ends.
    pub fn list(path: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            waits: false,
            tells: None,
        }
    }

    /// Something that it is told, as JSON.
    pub fn telling(path: impl Into<String>, json: String) -> Self {
        Self {
            tells: Some(json),
            ..Self::list(path)
        }
    }

    /// A list of which a part is asked for, by these parameters; all of it, where there are none.
    pub fn part(path: &str, parameters: &[(&str, String)]) -> Self {
        let mut written = form_urlencoded::Serializer::new(String::new());
        written.extend_pairs(parameters);
        Self::list(match written.finish() {
            parameters if parameters.is_empty() => path.to_owned(),
            parameters => format!("{path}?{parameters}"),
        })
    }

    /// All that is known of the connection with this id; what the history has of it, too, where that is wanted.
    pub fn connection(id: &str, history: bool) -> Self {
        let id = utf8_percent_encode(id, NON_ALPHANUMERIC);
        Self::list(format!("/api/v1/connections/{id}?history={history}"))
    }

    /// What comes as it happens.
    pub fn stream(path: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            waits: true,
            tells: None,
        }
    }
}

/// A line of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A row: a JSON object, as it came, without the line's end.
    Row(String),
    /// So many findings were missed, because they came faster than they were read.
    Lagged(u64),
}

/// An answer of a running daemon, line by line.
#[derive(Debug)]
pub struct Client {
    lines: Lines<Incoming>,
    waits: bool,
    who: String,
    version: String,
    driver: JoinHandle<()>,
}

impl Drop for Client {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl Client {
    /// Asks a daemon. Once this is answered, a stream has begun.
    ///
    /// # Errors
    /// Nobody there, or no tcplull, or its reason for no answer.
    pub async fn ask(host: &Host, question: &Question) -> Result<Self, ClientError> {
        let connecting = timeout(ANSWER_WITHIN, connect::connect(host));
        let connected = connecting.await.map_err(|_| ClientError::Silent {
            who: host.to_string(),
        })??;
        let who = connected.who.clone();
        let asked = timeout(ANSWER_WITHIN, ask(connected, question));
        let asked = asked
            .await
            .map_err(|_| ClientError::Silent { who: who.clone() })?;
        let (response, driver) = asked.map_err(|error| failed(&error, &who))?;
        let status = response.status();
        let version = response.headers().get(VERSION_HEADER);
        let version = version
            .and_then(|version| version.to_str().ok())
            .map(str::to_owned);
        let mut client = Self {
            lines: Lines::new(response.into_body()),
            waits: question.waits,
            who,
            version: version.clone().unwrap_or_default(),
            driver,
        };
        if status == StatusCode::OK && version.is_some() {
            return Ok(client);
        }
        let said = timeout(ANSWER_WITHIN, client.lines.next()).await;
        let said = match said {
            Ok(Ok(Read::Line(line))) => {
                serde_json::from_str::<ApiError>(&line).map_or(line, |said| said.error)
            }
            _ => String::new(),
        };
        Err(match version {
            _ if status == StatusCode::UNAUTHORIZED => ClientError::Unknown { host: host.clone() },
            // What is not there of a resource that is has a reason of its own.
            Some(version)
                if status == StatusCode::NOT_FOUND && (said.is_empty() || said == NOT_FOUND) =>
            {
                ClientError::Lacks {
                    remedy: remedy(&version),
                    version,
                    path: question.path.clone(),
                }
            }
            None if !is_ours(status) => ClientError::NoTcplull {
                who: client.who.clone(),
                status: status.as_u16(),
            },
            _ if status == StatusCode::BAD_REQUEST => ClientError::NotAskedSo(said),
            Some(_) if status == StatusCode::NOT_FOUND => ClientError::NotThere(said),
            _ if said.is_empty() => ClientError::Refused(format!("HTTP status {status}").into()),
            _ => ClientError::Refused(said.into()),
        })
    }

    /// The daemon's version.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The next line; `None` at the end of a list, and when the daemon stops.
    ///
    /// # Errors
    /// A broken connection, none or a strange answer, or the daemon's reason for none.
    pub async fn next(&mut self) -> Result<Option<Answer>, ClientError> {
        // Most lines of a long list lie there: no clock is asked for these.
        let line = match self.lines.at_hand()? {
            Some(line) => line,
            None => match self.read().await? {
                Read::Line(line) => line,
                Read::End => return Ok(None),
            },
        };
        if let Some(error) = of_form(&line) {
            return Err(ClientError::Refused(error));
        }
        Ok(Some(match of_form(&line) {
            Some(Lagged { lagged }) => Answer::Lagged(lagged),
            None => Answer::Row(line),
        }))
    }

    /// The next line, which has not come yet.
    async fn read(&mut self) -> Result<Read, ClientError> {
        let next = self.lines.next();
        if self.waits {
            return next.await;
        }
        let read = timeout(ANSWER_WITHIN, next).await;
        read.unwrap_or_else(|_| {
            Err(ClientError::Silent {
                who: self.who.clone(),
            })
        })
    }
}

/// What a line says, if it is of this form: that stands first in each.
fn of_form<T: monitor_model::told::Told + DeserializeOwned>(line: &str) -> Option<T> {
    let form = line.strip_prefix("{\"schema\":\"")?;
    let is_of_form = form.strip_prefix(T::SCHEMA)?.starts_with('"');
    is_of_form
        .then(|| serde_json::from_str(line).ok())
        .flatten()
}

/// Sends the request; the answer's head, and what drives the connection.
async fn ask(
    to: Connected,
    question: &Question,
) -> Result<(Response<Incoming>, JoinHandle<()>), hyper::Error> {
    let (mut sender, connection) = http1::Builder::new()
        .max_buf_size(LONGEST_HEAD)
        .handshake(TokioIo::new(to.stream))
        .await?;
    let driver = tokio::spawn(async move {
        // What it fails with is told to who asks.
        let _ = connection.await;
    });
    let body = question.tells.clone().unwrap_or_default();
    let mut request = Request::new(Full::new(Bytes::from(body)));
    let uri = format!("{}{}", to.below, question.path);
    *request.uri_mut() = uri.parse().unwrap_or_default();
    if question.tells.is_some() {
        *request.method_mut() = Method::POST;
    }
    let headers = request.headers_mut();
    if let Ok(authority) = HeaderValue::try_from(to.authority) {
        headers.insert(HOST, authority);
    }
    headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
    headers.insert(ACCEPT, HeaderValue::from_static(LINES));
    if let Some(value) = to.authorization {
        headers.insert(AUTHORIZATION, value);
    }
    Ok((sender.send_request(request).await?, driver))
}

fn failed(error: &hyper::Error, who: &str) -> ClientError {
    let who = who.to_owned();
    if let Some(reason) = alert(error) {
        return ClientError::NotTrusted { who, reason };
    }
    if error.is_parse() {
        return ClientError::NoHttp { who };
    }
    if error.is_incomplete_message() {
        return ClientError::Cut;
    }
    ClientError::Broken(told(error))
}

/// By which alert the other end ended TLS, if it did. With TLS 1.3 it sees a certificate when this end takes TLS for made.
fn alert(error: &hyper::Error) -> Option<String> {
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        let inner = error.downcast_ref().and_then(std::io::Error::get_ref);
        if let Some(rustls::Error::AlertReceived(alert)) =
            inner.and_then(|inner| inner.downcast_ref())
        {
            return Some(format!("{alert:?}"));
        }
        cause = error.source();
    }
    None
}

/// An error of the protocol with its cause.
fn told(error: &hyper::Error) -> String {
    match std::error::Error::source(error) {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}

/// What a daemon says before its routes are asked has no version: too many clients, who may not ask.
fn is_ours(status: StatusCode) -> bool {
    matches!(status.as_u16(), 401 | 403 | 421 | 429 | 500 | 503)
}

fn remedy(version: &str) -> &'static str {
    match version == env!("CARGO_PKG_VERSION") {
        true => "over TCP it serves that where web.api = true is set",
        false => "it is of another version than this command, or over TCP lacks web.api = true",
    }
}
